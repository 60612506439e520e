//! What has been received but not shown, and what is remembered so that nothing is shown twice.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{OptionalExtension, Transaction, params};
use sealpost_crypto::{Body, MessageId, Text};
use sealpost_wire::EnvelopeId;
use sealpost_wire::time::Day;

use super::StoreError;
use super::messages::millis;
use super::value::InDays;
use crate::contact::ContactId;

/// A message that waits for earlier ones.
pub(crate) struct Held {
    pub(crate) counter: u64,
    pub(crate) message: MessageId,
    pub(crate) time: SystemTime,
    pub(crate) body: Body,
}

/// Whether this envelope was opened, or given up, before.
pub(crate) fn was_seen(tx: &Transaction<'_>, envelope: &EnvelopeId) -> Result<bool, StoreError> {
    let mut statement = tx.prepare_cached("SELECT 1 FROM seen WHERE envelope = ?1")?;
    Ok(statement.query_row([envelope.as_bytes()], |_| Ok(())).optional()?.is_some())
}

pub(crate) fn set_seen(tx: &Transaction<'_>, envelope: &EnvelopeId, today: Day) -> Result<(), StoreError> {
    let mut statement = tx.prepare_cached("INSERT OR IGNORE INTO seen (envelope, day) VALUES (?1, ?2)")?;
    statement.execute(params![envelope.as_bytes(), InDays(today)])?;
    Ok(())
}

/// Remembers what could not be opened: its hash, and why.
pub(crate) fn set_unopened(tx: &Transaction<'_>, hash: &[u8; 32], reason: u8, today: Day) -> Result<(), StoreError> {
    tx.execute(
        "INSERT OR IGNORE INTO unopened (hash, reason, day) VALUES (?1, ?2, ?3)",
        params![hash, reason, InDays(today)],
    )?;
    Ok(())
}

pub(crate) fn count_unopened(tx: &Transaction<'_>) -> Result<u64, StoreError> {
    Ok(tx.query_row("SELECT count(*) FROM unopened", [], |row| row.get(0))?)
}

/// Holds a message until what is before it has come. Whether it was not held already.
pub(crate) fn hold(tx: &Transaction<'_>, contact: ContactId, held: &Held) -> Result<bool, StoreError> {
    let text = match &held.body {
        Body::Text(text) => Some(text.expose()),
        Body::Control | Body::Typing(_) => None,
    };
    let mut statement = tx.prepare_cached(
        "INSERT OR IGNORE INTO held (contact, counter, message, time, text) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let values = params![contact.0, held.counter, held.message.as_bytes(), millis(held.time), text];
    Ok(statement.execute(values)? > 0)
}

/// Takes out the held message of this counter, if there is one.
pub(crate) fn release(tx: &Transaction<'_>, contact: ContactId, counter: u64) -> Result<Option<Held>, StoreError> {
    let mut statement = tx.prepare_cached(
        "DELETE FROM held WHERE contact = ?1 AND counter = ?2 RETURNING counter, message, time, text",
    )?;
    let mut rows = statement.query(params![contact.0, counter])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let text: Option<String> = row.get(3)?;
    let text = text.map(Text::new).transpose().map_err(|_| StoreError::Row)?;
    let held = Held {
        counter: row.get(0)?,
        message: MessageId::from_bytes(row.get(1)?),
        time: UNIX_EPOCH + Duration::from_millis(row.get(2)?),
        body: text.map_or(Body::Control, Body::Text),
    };
    Ok(Some(held))
}

/// The lowest held counter of each contact that has any.
pub(crate) fn gaps(tx: &Transaction<'_>) -> Result<Vec<(ContactId, u64)>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT contact, min(counter) FROM held GROUP BY contact")?;
    let rows = statement.query_map([], |row| Ok((ContactId(row.get(0)?), row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Forgets what no relay can deliver any more.
pub(crate) fn forget_before(tx: &Transaction<'_>, day: Day) -> Result<(), StoreError> {
    tx.execute("DELETE FROM seen WHERE day < ?1", [InDays(day)])?;
    tx.execute("DELETE FROM unopened WHERE day < ?1", [InDays(day)])?;
    Ok(())
}
