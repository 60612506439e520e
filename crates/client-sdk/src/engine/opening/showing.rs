//! From an opened message to a position: in order, and once.

use std::time::{Duration, SystemTime};

use rusqlite::Transaction;
use sealpost_crypto::{Body, Content};

use crate::contact::{ContactId, ContactState};
use crate::engine::order::{Place, place};
use crate::engine::telling::{is_fresh, note_news};
use crate::event::Event;
use crate::message::MessageState;
use crate::store::contacts::Peer;
use crate::store::inbox::Held;
use crate::store::{StoreError, contacts, inbox, messages, receipts};

/// Shows a message, or holds it until what is before it has come. What the contact is told of that is told within this time.
pub(super) fn show(
    tx: &Transaction<'_>,
    peer: &Peer,
    content: Content,
    now: SystemTime,
    within: Duration,
) -> Result<Option<Event>, StoreError> {
    let event = heard(tx, peer, &content, now)?;
    let is_text = matches!(content.body, Body::Text(_));
    let held = Held { counter: content.counter, message: content.message, time: now, body: content.body };
    match place(peer.expected, held.counter) {
        Place::Early => inbox::hold(tx, peer.id, &held).map(|_was_new| ())?,
        Place::Late => {
            append(tx, peer.id, &held, true)?;
            receipts::set_found(tx, peer.id, held.counter)?;
        }
        Place::Next => {
            append(tx, peer.id, &held, false)?;
            drain(tx, peer.id, held.counter.saturating_add(1))?;
        }
    }
    if is_text && peer.state == ContactState::Accepted {
        note_news(tx, peer.id, now, within, &mut rand::rng())?;
    }
    Ok(event)
}

/// What a contact tells of one's own messages, and of being about to write. Of whoever is no contact it is not heard.
fn heard(tx: &Transaction<'_>, peer: &Peer, content: &Content, now: SystemTime) -> Result<Option<Event>, StoreError> {
    if peer.state != ContactState::Accepted {
        return Ok(None);
    }
    if let Some(receipt) = content.receipt.as_ref().filter(|receipt| receipt.received <= peer.sent)
        && receipts::apply(tx, peer.id, receipt)?
    {
        return Ok(Some(Event::Receipt(peer.id)));
    }
    let is_typing = matches!(content.body, Body::Typing(at) if is_fresh(at, now));
    Ok(is_typing.then_some(Event::Typing(peer.id)))
}

/// Shows what was held from `next` on, up to the next gap, and remembers what is expected then.
fn drain(tx: &Transaction<'_>, contact: ContactId, mut next: u64) -> Result<(), StoreError> {
    while let Some(held) = inbox::release(tx, contact, next)? {
        append(tx, contact, &held, false)?;
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
    let expected = contacts::peer(tx, contact)?.expected;
    let missing = lowest.saturating_sub(expected);
    if missing > 0 {
        receipts::set_missing(tx, contact, expected, lowest)?;
        drain(tx, contact, lowest)?;
    }
    Ok(missing)
}

/// Appends a text that was not shown before; all else has nothing to show.
fn append(tx: &Transaction<'_>, contact: ContactId, held: &Held, late: bool) -> Result<(), StoreError> {
    let Held { counter, message, time, body } = held;
    match body {
        Body::Text(text) if !messages::exists(tx, contact, *message)? => {
            let state = MessageState::Received { late };
            messages::append(tx, contact, *message, state, *time, text, Some(*counter)).map(|_position| ())
        }
        Body::Text(_) | Body::Control | Body::Typing(_) => Ok(()),
    }
}
