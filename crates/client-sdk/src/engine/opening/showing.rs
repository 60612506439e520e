//! From an opened message to a position: in order, and once.

use std::time::SystemTime;

use rusqlite::Transaction;
use sealpost_crypto::{Body, Content, MessageId};

use crate::contact::ContactId;
use crate::engine::order::{Place, place};
use crate::message::MessageState;
use crate::store::contacts::Peer;
use crate::store::inbox::Held;
use crate::store::{StoreError, contacts, inbox, messages};

/// Shows a message, or holds it until what is before it has come.
pub(super) fn show(tx: &Transaction<'_>, peer: &Peer, content: Content, now: SystemTime) -> Result<(), StoreError> {
    let held = Held { counter: content.counter, message: content.message, time: now, body: content.body };
    match place(peer.expected, held.counter) {
        Place::Early => inbox::hold(tx, peer.id, &held).map(|_was_new| ()),
        Place::Late => append(tx, peer.id, held.message, true, held.time, &held.body),
        Place::Next => {
            append(tx, peer.id, held.message, false, held.time, &held.body)?;
            drain(tx, peer.id, held.counter.saturating_add(1))
        }
    }
}

/// Shows what was held from `next` on, up to the next gap, and remembers what is expected then.
fn drain(tx: &Transaction<'_>, contact: ContactId, mut next: u64) -> Result<(), StoreError> {
    while let Some(held) = inbox::release(tx, contact, next)? {
        append(tx, contact, held.message, false, held.time, &held.body)?;
        next = next.saturating_add(1);
    }
    contacts::set_expected(tx, contact, next)
}

/// Stops waiting for what is missing before `lowest`, and shows what was held behind it. Returns how many are missing;
/// 0 when they have come in the meantime.
pub(in crate::engine) fn give_up_on_gap(
    tx: &Transaction<'_>,
    contact: ContactId,
    lowest: u64,
) -> Result<u64, StoreError> {
    let missing = lowest.saturating_sub(contacts::peer(tx, contact)?.expected);
    if missing > 0 {
        drain(tx, contact, lowest)?;
    }
    Ok(missing)
}

/// Appends a text that was not shown before; control messages have nothing to show.
fn append(
    tx: &Transaction<'_>,
    contact: ContactId,
    message: MessageId,
    late: bool,
    time: SystemTime,
    body: &Body,
) -> Result<(), StoreError> {
    match body {
        Body::Text(text) if !messages::exists(tx, contact, message)? => {
            messages::append(tx, contact, message, MessageState::Received { late }, time, text).map(|_position| ())
        }
        Body::Text(_) | Body::Control | Body::Typing(_) => Ok(()),
    }
}
