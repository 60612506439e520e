//! What each side is told of how far the other has come.

use std::time::SystemTime;

use rusqlite::{OptionalExtension, Transaction, params};
use sealpost_crypto::content::{MAX_MISSING, Receipt};
use sealpost_wire::codec::List;

use super::StoreError;
use super::mailboxes::time;
use super::messages::millis;
use crate::contact::ContactId;
use crate::message::Position;

/// What a contact is told by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Telling {
    /// What of theirs has arrived and was read.
    pub(crate) receipts: bool,
    /// That something is being written.
    pub(crate) typing: bool,
}

pub(crate) fn telling(tx: &Transaction<'_>, contact: ContactId) -> Result<Telling, StoreError> {
    let mut statement = tx.prepare_cached("SELECT receipts, typing FROM contacts WHERE id = ?1")?;
    let telling = |row: &rusqlite::Row<'_>| Ok(Telling { receipts: row.get(0)?, typing: row.get(1)? });
    statement.query_row([contact.0], telling).optional()?.ok_or(StoreError::NoRow)
}

/// Sets what a contact is told. What was to be told, and is not any more, is forgotten.
pub(crate) fn set_telling(tx: &Transaction<'_>, contact: ContactId, telling: Telling) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE contacts SET receipts = ?2, typing = ?3, receipt_news = receipt_news AND ?2,
             receipt_due = CASE WHEN ?2 THEN receipt_due END WHERE id = ?1",
        params![contact.0, telling.receipts, telling.typing],
    )?;
    Ok(())
}

/// There is something to tell, at this time at the latest.
pub(crate) fn set_news(tx: &Transaction<'_>, contact: ContactId, due: SystemTime) -> Result<(), StoreError> {
    let mut statement = tx.prepare_cached(
        "UPDATE contacts SET receipt_news = 1, receipt_due = coalesce(receipt_due, ?2) WHERE id = ?1 AND receipts = 1",
    )?;
    statement.execute(params![contact.0, millis(due)])?;
    Ok(())
}

/// Contacts for whom a message is to be made by now, if none goes anyway. Each is named once.
pub(crate) fn take_due(tx: &Transaction<'_>, now: SystemTime) -> Result<Vec<ContactId>, StoreError> {
    let sql = "UPDATE contacts SET receipt_due = NULL WHERE receipt_due <= ?1 RETURNING id";
    let mut statement = tx.prepare_cached(sql)?;
    let rows = statement.query_map([millis(now)], |row| row.get(0).map(ContactId))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// When the next message is to be made.
pub(crate) fn next_due(tx: &Transaction<'_>) -> Result<Option<SystemTime>, StoreError> {
    let millis: Option<u64> = tx.query_row("SELECT min(receipt_due) FROM contacts", [], |row| row.get(0))?;
    Ok(millis.map(time))
}

/// What is to be told to a contact, if there is something new.
pub(crate) fn news(tx: &Transaction<'_>, contact: ContactId) -> Result<Option<Receipt>, StoreError> {
    let sql = "SELECT expected - 1, read FROM contacts WHERE id = ?1 AND receipts = 1 AND receipt_news = 1";
    let mut statement = tx.prepare_cached(sql)?;
    let counters = statement.query_row([contact.0], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((received, read)): Option<(u64, u64)> = counters else { return Ok(None) };
    let missing = List::new(missing(tx, contact)?).unwrap_or_default();
    Ok(Some(Receipt { received, read: read.min(received), missing }))
}

/// It has been told.
pub(crate) fn set_told(tx: &Transaction<'_>, contact: ContactId) -> Result<(), StoreError> {
    let mut statement = tx.prepare_cached("UPDATE contacts SET receipt_news = 0, receipt_due = NULL WHERE id = ?1")?;
    statement.execute([contact.0])?;
    Ok(())
}

/// All of a contact's messages up to this place have been read. Whether that is news.
pub(crate) fn set_read(tx: &Transaction<'_>, contact: ContactId, up_to: Position) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "UPDATE contacts SET read = newest FROM (SELECT max(counter) AS newest FROM messages
             WHERE contact = ?1 AND state < 2 AND position <= ?2)
         WHERE id = ?1 AND newest > read",
        params![contact.0, up_to.0],
    )?;
    Ok(changed > 0)
}

/// Messages between these counters were given up. The newest are remembered.
pub(crate) fn set_missing(tx: &Transaction<'_>, contact: ContactId, from: u64, to: u64) -> Result<(), StoreError> {
    let room = u64::try_from(MAX_MISSING).unwrap_or(u64::MAX);
    for counter in from.max(to.saturating_sub(room))..to {
        tx.execute("INSERT OR IGNORE INTO missing (contact, counter) VALUES (?1, ?2)", params![contact.0, counter])?;
    }
    tx.execute(
        "DELETE FROM missing WHERE contact = ?1 AND counter NOT IN (
             SELECT counter FROM missing WHERE contact = ?1 ORDER BY counter DESC LIMIT ?2)",
        params![contact.0, MAX_MISSING],
    )?;
    Ok(())
}

/// It has come after all.
pub(crate) fn set_found(tx: &Transaction<'_>, contact: ContactId, counter: u64) -> Result<(), StoreError> {
    tx.execute("DELETE FROM missing WHERE contact = ?1 AND counter = ?2", params![contact.0, counter])?;
    Ok(())
}

fn missing(tx: &Transaction<'_>, contact: ContactId) -> Result<Vec<u64>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT counter FROM missing WHERE contact = ?1 ORDER BY counter")?;
    let rows = statement.query_map([contact.0], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Notes on one's own messages what a contact has told of them. Whether something has changed.
pub(crate) fn apply(tx: &Transaction<'_>, contact: ContactId, receipt: &Receipt) -> Result<bool, StoreError> {
    let mut changed = 0;
    for (up_to, to, from) in [(receipt.received, DELIVERED, "3"), (receipt.read, READ, "3, 20")] {
        let mut rows = tx.prepare_cached(&format!(
            "SELECT position, counter FROM messages WHERE contact = ?1 AND state IN ({from}) AND counter <= ?2"
        ))?;
        let found = rows.query_map(params![contact.0, up_to], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let found: Vec<(i64, u64)> = found.collect::<Result<_, _>>()?;
        for (position, _) in found.into_iter().filter(|(_, counter)| !receipt.missing.contains(counter)) {
            changed += tx.execute("UPDATE messages SET state = ?2 WHERE position = ?1", params![position, to])?;
        }
    }
    Ok(changed > 0)
}

/// How [`crate::MessageState::Delivered`] and [`crate::MessageState::Read`] are kept.
pub(super) const DELIVERED: i64 = 20;
pub(super) const READ: i64 = 21;
