//! What is still to be deposited.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{OptionalExtension, Row, Transaction, params};
use sealpost_crypto::{Body, MessageId, Text};
use sealpost_wire::time::Day;
use sealpost_wire::{Address, Envelope, EnvelopeId};

use super::value::{Cbor, InDays};
use super::{StoreError, messages};
use crate::contact::ContactId;
use crate::message::{FailureReason, MessageState, Position};

/// A row's place in the order of sending.
pub(crate) type Place = i64;

/// A message to be sealed, or sealed and to be deposited.
pub(crate) struct Waiting {
    pub(crate) place: Place,
    pub(crate) message: MessageId,
    /// The message that the app sees; control messages have none.
    pub(crate) position: Option<Position>,
    /// Given when it was sealed first, and kept.
    pub(crate) counter: Option<u64>,
    pub(crate) body: Body,
    pub(crate) sealed: Option<SealedRow>,
}

/// What was sealed: deposited in exactly these bytes under exactly this id until it is accepted.
pub(crate) struct SealedRow {
    pub(crate) id: EnvelopeId,
    pub(crate) envelope: Envelope,
    pub(crate) target: Address,
    /// The last day on which a first message may still go out: its item's.
    pub(crate) expires: Option<Day>,
}

pub(crate) fn enqueue(
    tx: &Transaction<'_>,
    contact: ContactId,
    message: MessageId,
    position: Option<Position>,
) -> Result<(), StoreError> {
    let mut statement = tx.prepare_cached("INSERT INTO outbox (contact, message, position) VALUES (?1, ?2, ?3)")?;
    statement.execute(params![contact.0, message.as_bytes(), position.map(|position| position.0)])?;
    Ok(())
}

/// A notice of typing, of this second since 1970.
pub(crate) fn enqueue_typing(
    tx: &Transaction<'_>,
    contact: ContactId,
    message: MessageId,
    at: u64,
) -> Result<(), StoreError> {
    let mut statement = tx.prepare_cached("INSERT INTO outbox (contact, message, typing_at) VALUES (?1, ?2, ?3)")?;
    statement.execute(params![contact.0, message.as_bytes(), at])?;
    Ok(())
}

/// Forgets notices of before this second that were not sealed.
pub(crate) fn drop_notices(tx: &Transaction<'_>, contact: ContactId, before: u64) -> Result<(), StoreError> {
    let sql = "DELETE FROM outbox WHERE contact = ?1 AND typing_at < ?2 AND counter IS NULL";
    tx.prepare_cached(sql)?.execute(params![contact.0, before])?;
    Ok(())
}

/// Whether anything waits for this contact.
pub(crate) fn is_waiting_for(tx: &Transaction<'_>, contact: ContactId) -> Result<bool, StoreError> {
    let mut statement = tx.prepare_cached("SELECT 1 FROM outbox WHERE contact = ?1 LIMIT 1")?;
    Ok(statement.query_row([contact.0], |_| Ok(())).optional()?.is_some())
}

/// The contacts for whom something waits.
pub(crate) fn waiting_contacts(tx: &Transaction<'_>) -> Result<Vec<ContactId>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT DISTINCT contact FROM outbox")?;
    let rows = statement.query_map([], |row| row.get(0).map(ContactId))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether something waits for this contact that is not sealed yet.
pub(crate) fn has_unsealed(tx: &Transaction<'_>, contact: ContactId) -> Result<bool, StoreError> {
    let mut statement = tx.prepare_cached("SELECT 1 FROM outbox WHERE contact = ?1 AND envelope IS NULL LIMIT 1")?;
    Ok(statement.query_row([contact.0], |_| Ok(())).optional()?.is_some())
}

pub(crate) fn count(tx: &Transaction<'_>) -> Result<u64, StoreError> {
    Ok(tx.query_row("SELECT count(*) FROM outbox", [], |row| row.get(0))?)
}

/// The first messages that wait for a contact, in order.
pub(crate) fn first(tx: &Transaction<'_>, contact: ContactId, limit: usize) -> Result<Vec<Waiting>, StoreError> {
    let mut statement = tx.prepare_cached(
        "SELECT outbox.place, outbox.message, outbox.position, outbox.counter, outbox.envelope_id, outbox.envelope,
                outbox.target, outbox.expires, outbox.typing_at, messages.text
         FROM outbox LEFT JOIN messages ON messages.position = outbox.position
         WHERE outbox.contact = ?1 ORDER BY outbox.place LIMIT ?2",
    )?;
    let mut rows = statement.query(params![contact.0, limit])?;
    let mut waiting = Vec::new();
    while let Some(row) = rows.next()? {
        waiting.push(read(row)?);
    }
    Ok(waiting)
}

fn read(row: &Row<'_>) -> Result<Waiting, StoreError> {
    let text: Option<String> = row.get("text")?;
    let text = text.map(Text::new).transpose().map_err(|_| StoreError::Row)?;
    let position: Option<u64> = row.get("position")?;
    let typing: Option<u64> = row.get("typing_at")?;
    Ok(Waiting {
        place: row.get("place")?,
        message: MessageId::from_bytes(row.get("message")?),
        position: position.map(Position),
        counter: row.get("counter")?,
        body: text.map(Body::Text).or(typing.map(Body::Typing)).unwrap_or(Body::Control),
        sealed: sealed(row)?,
    })
}

fn sealed(row: &Row<'_>) -> Result<Option<SealedRow>, StoreError> {
    let Some(id) = row.get("envelope_id")? else { return Ok(None) };
    let envelope: Vec<u8> = row.get("envelope")?;
    let Cbor(target) = row.get("target")?;
    let expires: Option<InDays> = row.get("expires")?;
    Ok(Some(SealedRow {
        id: EnvelopeId::from_bytes(id),
        envelope: Envelope::new(envelope.into()).ok_or(StoreError::Row)?,
        target,
        expires: expires.map(|InDays(day)| day),
    }))
}

pub(crate) fn set_sealed(
    tx: &Transaction<'_>,
    place: Place,
    counter: u64,
    sealed: &SealedRow,
) -> Result<(), StoreError> {
    let mut statement = tx.prepare_cached(
        "UPDATE outbox SET counter = ?2, envelope_id = ?3, envelope = ?4, target = ?5, expires = ?6 WHERE place = ?1",
    )?;
    statement.execute(params![
        place,
        counter,
        sealed.id.as_bytes(),
        sealed.envelope.as_bytes(),
        Cbor(&sealed.target),
        sealed.expires.map(InDays),
    ])?;
    Ok(())
}

/// When the message was written that has waited longest for a contact.
pub(crate) fn oldest(tx: &Transaction<'_>, contact: ContactId) -> Result<Option<SystemTime>, StoreError> {
    let sql = "SELECT min(messages.time) FROM outbox JOIN messages ON messages.position = outbox.position
               WHERE outbox.contact = ?1";
    let millis: Option<u64> = tx.query_row(sql, [contact.0], |row| row.get(0))?;
    Ok(millis.map(|millis| UNIX_EPOCH + Duration::from_millis(millis)))
}

/// Whether what was sealed for a contact is of an item whose last day is over.
pub(crate) fn has_expired(tx: &Transaction<'_>, contact: ContactId, today: Day) -> Result<bool, StoreError> {
    let mut statement = tx.prepare_cached("SELECT 1 FROM outbox WHERE contact = ?1 AND expires < ?2")?;
    Ok(statement.query_row(params![contact.0, InDays(today)], |_| Ok(())).optional()?.is_some())
}

/// Forgets the seals of all that waits for a contact, so that it is sealed anew. Counters stay.
pub(crate) fn unseal(tx: &Transaction<'_>, contact: ContactId) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE outbox SET envelope_id = NULL, envelope = NULL, target = NULL, expires = NULL WHERE contact = ?1",
        [contact.0],
    )?;
    Ok(())
}

/// Forgets a message that is done with. Whether it was still there: an outcome counts once.
fn remove(tx: &Transaction<'_>, place: Place) -> Result<bool, StoreError> {
    let mut statement = tx.prepare_cached("DELETE FROM outbox WHERE place = ?1")?;
    Ok(statement.execute([place])? > 0)
}

/// Ends a message: it leaves the outbox, and the app sees how. Returns its id if there was something to see.
pub(crate) fn finish(tx: &Transaction<'_>, waiting: &Waiting, state: MessageState) -> Result<bool, StoreError> {
    let was_there = remove(tx, waiting.place)?;
    match waiting.position {
        Some(position) if was_there => messages::set_state(tx, position, state).map(|()| true),
        _ => Ok(false),
    }
}

/// Ends all that waits for a contact. Returns the messages that the app will see fail.
pub(crate) fn give_up(
    tx: &Transaction<'_>,
    contact: ContactId,
    reason: FailureReason,
) -> Result<Vec<MessageId>, StoreError> {
    let mut failed = Vec::new();
    for waiting in first(tx, contact, usize::MAX >> 1)? {
        if finish(tx, &waiting, MessageState::Failed(reason))? {
            failed.push(waiting.message);
        }
    }
    Ok(failed)
}
