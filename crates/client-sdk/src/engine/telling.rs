//! What contacts are told by themselves, where that was turned on: how far one has come, and that one is writing.
//!
//! A receipt goes along with the next message, and after a random time by a message made for it. It covers everything up to
//! then, so there is never more than one for as many messages as came meanwhile. To the relay all of these are messages like any
//! other, in the smallest class.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand::{CryptoRng, Rng};
use rusqlite::Transaction;
use sealpost_crypto::MessageId;

use crate::contact::{ContactId, ContactState};
use crate::store::{StoreError, contacts, outbox, receipts};

/// How old a notice of typing may be: at its sender's, until it is sealed, and at its recipient's, with clocks that differ.
pub(super) const STALE: Duration = Duration::from_secs(30);
pub(super) const SKEW: Duration = Duration::from_secs(120);
/// How often such a notice is made at most.
pub(crate) const TYPING_EVERY: Duration = Duration::from_secs(10);

/// Something has come of a contact that is to be told, within this time and not at once.
pub(crate) fn note_news(
    tx: &Transaction<'_>,
    contact: ContactId,
    now: SystemTime,
    within: Duration,
    rng: &mut impl CryptoRng,
) -> Result<(), StoreError> {
    receipts::set_news(tx, contact, now + rng.random_range(within / 8..=within))
}

/// Makes messages for what no message has told in time. Nobody is told through a front door.
pub(super) fn tell(tx: &Transaction<'_>, now: SystemTime) -> Result<(), StoreError> {
    for contact in receipts::take_due(tx, now)? {
        let peer = contacts::peer(tx, contact)?;
        let is_reached = peer.state == ContactState::Accepted && peer.address.is_some();
        if is_reached && !outbox::has_unsealed(tx, contact)? {
            outbox::enqueue(tx, contact, MessageId::random(&mut rand::rng()), None)?;
        }
    }
    Ok(())
}

/// Makes a notice that one is writing, unless something waits for the contact already. Whether it did.
pub(crate) fn notice(tx: &Transaction<'_>, contact: ContactId, now: SystemTime) -> Result<bool, StoreError> {
    let peer = contacts::peer(tx, contact)?;
    let may = receipts::telling(tx, contact)?.typing && peer.state == ContactState::Accepted && peer.address.is_some();
    if !may || outbox::is_waiting_for(tx, contact)? || !contacts::may_notice(tx, contact, now, TYPING_EVERY)? {
        return Ok(false);
    }
    outbox::enqueue_typing(tx, contact, MessageId::random(&mut rand::rng()), seconds(now))?;
    Ok(true)
}

/// Whether a notice was made just now, as far as two clocks agree.
pub(super) fn is_fresh(at: u64, now: SystemTime) -> bool {
    seconds(now).abs_diff(at) <= SKEW.as_secs()
}

/// Seconds since 1970.
pub(super) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
