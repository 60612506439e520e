//! Fresh mailboxes for conversations, from spares.
//!
//! ```text
//! spare:  made ─▶ opened at a random time ─▶ collected like any other ─▶ given to a conversation, when one needs it
//!                                                                             │
//!                          named with the next message, or by a message made for it ◀┘
//! ```
//!
//! So nothing that a relay sees happens when a conversation gets another mailbox, and opening one is tied to no message.
//! Where no spare is left, a message does not wait for one: a mailbox is made, and opened at once.

use std::time::{Duration, SystemTime};

use rand::{CryptoRng, Rng};
use rusqlite::Transaction;
use sealpost_crypto::stocking::RENEWAL_DAYS;
use sealpost_crypto::{MessageId, OuterKey};
use sealpost_wire::time::Day;
use sealpost_wire::{CollectKey, DepositKey};

use crate::contact::{ContactId, ContactState};
use crate::store::mailboxes::Purpose;
use crate::store::{StoreError, contacts, mailboxes, outbox, relays};

/// How many spares there are beside those that are needed soon.
const SPARES: usize = 3;
/// For how many days ahead spares are opened, and for how long a conversation waits for one.
const AHEAD_DAYS: u32 = 2;
/// For how many days a contact is told again.
const REMIND_DAYS: u32 = 90;
/// How many times the mean a random wait may be.
const LONGEST_PACE: f64 = 6.0;
/// Over how long a time closing requests of replaced mailboxes are spread.
const CLOSING_SPREAD: Duration = Duration::from_secs(86_400);

/// How rotation is spread over time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// The mean of the time until a spare is opened.
    pub(super) spare: Duration,
    /// Within which time a message names a fresh mailbox.
    pub(super) announce: Duration,
}

/// Makes as many spares as are needed soon. Each is opened at a time of its own.
pub(super) fn make_spares(
    tx: &Transaction<'_>,
    now: SystemTime,
    pace: Pace,
    rng: &mut impl CryptoRng,
) -> Result<(), StoreError> {
    let home = relays::home(tx)?;
    let soon = days_before(Day::of(now).plus(AHEAD_DAYS), RENEWAL_DAYS);
    let wanted = SPARES + mailboxes::due_for_rotation(tx, soon)?.len();
    for _ in mailboxes::count_spares(tx, home)?..wanted {
        let purpose = Purpose::Spare { outer: OuterKey::random(rng) };
        let row = mailboxes::add(tx, home, &DepositKey::random(rng), &CollectKey::random(rng), &purpose)?;
        mailboxes::open_at(tx, row, now + random_wait(pace.spare, rng))?;
    }
    Ok(())
}

/// Gives another mailbox to each conversation that has used its own for long enough, and has its contact told in time.
pub(super) fn rotate(
    tx: &Transaction<'_>,
    now: SystemTime,
    pace: Pace,
    rng: &mut impl CryptoRng,
) -> Result<(), StoreError> {
    let today = Day::of(now);
    for (contact, since) in mailboxes::due_for_rotation(tx, days_before(today, RENEWAL_DAYS))? {
        let given = match give_spare(tx, contact, today)? {
            None if since > days_before(today, RENEWAL_DAYS + AHEAD_DAYS) => continue,
            None => Some(add_mailbox(tx, contact, today)?),
            given => given,
        };
        if let Some(row) = given {
            mailboxes::announce_at(tx, row, now + rng.random_range(Duration::ZERO..=pace.announce))?;
        }
    }
    Ok(())
}

/// Marks replaced mailboxes to be closed, a time to live after the next one was first used.
pub(super) fn close_replaced(
    tx: &Transaction<'_>,
    now: SystemTime,
    lifetime_days: u32,
    rng: &mut impl CryptoRng,
) -> Result<(), StoreError> {
    for row in mailboxes::superseded(tx, days_before(Day::of(now), lifetime_days))? {
        mailboxes::close_at(tx, row, now + rng.random_range(Duration::ZERO..=CLOSING_SPREAD))?;
    }
    Ok(())
}

/// Has contacts told again, week after week for a lease's time, who have not been heard of since one's card changed: they may
/// have been away for longer than a relay keeps what tells them.
pub(super) fn remind(
    tx: &Transaction<'_>,
    now: SystemTime,
    pace: Pace,
    rng: &mut impl CryptoRng,
) -> Result<(), StoreError> {
    let today = Day::of(now);
    let (told, first) = (days_before(today, RENEWAL_DAYS), days_before(today, REMIND_DAYS));
    for (contact, row) in contacts::to_remind(tx, told, first)? {
        contacts::set_reminded(tx, contact, today)?;
        mailboxes::announce_at(tx, row, now + rng.random_range(Duration::ZERO..=pace.announce))?;
    }
    Ok(())
}

/// Makes messages for mailboxes that no message has named in time.
pub(super) fn announce(tx: &Transaction<'_>, now: SystemTime) -> Result<(), StoreError> {
    for (row, contact) in mailboxes::to_announce(tx, now)? {
        mailboxes::set_named(tx, row)?;
        let is_accepted = contacts::peer(tx, contact)?.state == ContactState::Accepted;
        // What is sealed already names an older one.
        if is_accepted && !outbox::has_unsealed(tx, contact)? {
            outbox::enqueue(tx, contact, MessageId::random(&mut rand::rng()), None)?;
        }
    }
    Ok(())
}

/// Makes sure that a conversation has a mailbox that is not closing; whether the relay has opened it already.
pub(super) fn ensure_mailbox(tx: &Transaction<'_>, contact: ContactId, today: Day) -> Result<bool, StoreError> {
    match mailboxes::newest_of(tx, contact)? {
        Some(newest) if !newest.closing => Ok(newest.opened.is_some()),
        _ if give_spare(tx, contact, today)?.is_some() => Ok(true),
        _ => add_mailbox(tx, contact, today).map(|_row| false),
    }
}

fn give_spare(tx: &Transaction<'_>, contact: ContactId, today: Day) -> Result<Option<i64>, StoreError> {
    let Some(row) = mailboxes::spare(tx, relays::home(tx)?)? else { return Ok(None) };
    mailboxes::give(tx, row, contact, contacts::next_home(tx, contact)?, today)?;
    Ok(Some(row))
}

/// Makes a mailbox for a conversation, to be opened at once.
pub(crate) fn add_mailbox(tx: &Transaction<'_>, contact: ContactId, today: Day) -> Result<i64, StoreError> {
    let mut rng = rand::rng();
    let purpose = Purpose::Spare { outer: OuterKey::random(&mut rng) };
    let (deposit, collect) = (DepositKey::random(&mut rng), CollectKey::random(&mut rng));
    let row = mailboxes::add(tx, relays::home(tx)?, &deposit, &collect, &purpose)?;
    mailboxes::give(tx, row, contact, contacts::next_home(tx, contact)?, today)?;
    Ok(row)
}

/// After a tenth, an exponential wait, so that the next one says nothing of the last, with an end.
fn random_wait(mean: Duration, rng: &mut impl CryptoRng) -> Duration {
    let uniform: f64 = rng.random_range(f64::EPSILON..1.0);
    mean / 10 + mean.mul_f64((-uniform.ln()).min(LONGEST_PACE))
}

const fn days_before(day: Day, days: u32) -> Day {
    Day(day.0.saturating_sub(days))
}
