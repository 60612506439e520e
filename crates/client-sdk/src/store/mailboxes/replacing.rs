//! Mailboxes that take the place of others: spares, the weekly change, and what a move leaves behind.

use std::time::SystemTime;

use rusqlite::{OptionalExtension, Transaction, params};
use sealpost_wire::time::Day;

use super::super::messages::millis;
use super::super::relays::RelayId;
use super::super::value::InDays;
use super::{OwnMailbox, by_row, time};
use crate::contact::ContactId;
use crate::store::StoreError;

/// Older mailboxes of conversations whose next one was first used on `day` or before.
pub(crate) fn superseded(tx: &Transaction<'_>, day: Day) -> Result<Vec<i64>, StoreError> {
    let sql = "SELECT id FROM mailboxes WHERE contact IS NOT NULL AND closing = 0 AND retired IS NULL AND EXISTS (
                   SELECT 1 FROM mailboxes AS next WHERE next.contact = mailboxes.contact
                   AND next.generation > mailboxes.generation AND next.used <= ?1)";
    let mut statement = tx.prepare_cached(sql)?;
    let rows = statement.query_map([InDays(day)], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// From now on a mailbox is not collected; it is to be closed at this time or after.
pub(crate) fn close_at(tx: &Transaction<'_>, row: i64, due: SystemTime) -> Result<(), StoreError> {
    tx.execute("UPDATE mailboxes SET closing = 1, due = ?2 WHERE id = ?1", params![row, millis(due)])?;
    Ok(())
}

/// A mailbox is to be opened at this time or after.
pub(crate) fn open_at(tx: &Transaction<'_>, row: i64, due: SystemTime) -> Result<(), StoreError> {
    tx.execute("UPDATE mailboxes SET due = ?2 WHERE id = ?1", params![row, millis(due)])?;
    Ok(())
}

/// What a move has left behind and is not being closed yet, with the last day on which it was found empty.
pub(crate) fn left_by(tx: &Transaction<'_>, left_by: i64) -> Result<Vec<(OwnMailbox, Option<Day>)>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT id, drained FROM mailboxes WHERE retired = ?1 AND closing = 0")?;
    let rows = statement.query_map([left_by], |row| {
        let drained: Option<InDays> = row.get(1)?;
        Ok((row.get(0)?, drained.map(|InDays(day)| day)))
    })?;
    let rows: Vec<(i64, Option<Day>)> = rows.collect::<Result<_, _>>()?;
    rows.into_iter().map(|(row, drained)| Ok((by_row(tx, row)?.ok_or(StoreError::Row)?, drained))).collect()
}

/// A mailbox is being closed, and collected until it is.
pub(crate) fn set_closing_while_collected(tx: &Transaction<'_>, row: i64) -> Result<(), StoreError> {
    tx.execute("UPDATE mailboxes SET closing = 2 WHERE id = ?1", [row])?;
    Ok(())
}

/// Whether some conversation has no open mailbox yet where one has moved to.
pub(crate) fn is_one_missing(tx: &Transaction<'_>) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM mailboxes AS fresh JOIN contacts ON contacts.id = fresh.contact
               WHERE card_due > 0 AND opened IS NULL AND closing = 0 AND retired IS NULL AND NOT EXISTS (
                   SELECT 1 FROM mailboxes WHERE contact = fresh.contact
                   AND opened IS NOT NULL AND closing = 0 AND retired IS NULL) LIMIT 1";
    Ok(tx.query_row(sql, [], |_| Ok(())).optional()?.is_some())
}

/// Contacts for whom there is a mailbox that is in use.
pub(crate) fn conversations(tx: &Transaction<'_>) -> Result<Vec<ContactId>, StoreError> {
    let sql = "SELECT DISTINCT contact FROM mailboxes WHERE contact IS NOT NULL AND closing = 0 AND retired IS NULL";
    let mut statement = tx.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| row.get(0).map(ContactId))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Conversations that got their newest mailbox on `day` or before, and have used it since: they need a fresh one.
pub(crate) fn due_for_rotation(tx: &Transaction<'_>, day: Day) -> Result<Vec<(ContactId, Day)>, StoreError> {
    let mut statement = tx.prepare_cached(
        "SELECT contact, since FROM mailboxes AS newest WHERE contact IS NOT NULL AND closing = 0
         AND since <= ?1 AND used IS NOT NULL AND NOT EXISTS (
             SELECT 1 FROM mailboxes WHERE contact = newest.contact AND generation > newest.generation)",
    )?;
    let rows = statement.query_map([InDays(day)], |row| {
        let InDays(since) = row.get(1)?;
        Ok((ContactId(row.get(0)?), since))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Spares on a relay, opened or not.
pub(crate) fn count_spares(tx: &Transaction<'_>, relay: RelayId) -> Result<usize, StoreError> {
    let sql = "SELECT count(*) FROM mailboxes
               WHERE card IS NULL AND contact IS NULL AND closing = 0 AND retired IS NULL AND relay = ?1";
    Ok(tx.query_row(sql, [relay.0], |row| row.get(0))?)
}

/// Forgets spares of which the relay cannot have heard yet.
pub(crate) fn forget_spares_to_come(tx: &Transaction<'_>, now: SystemTime) -> Result<(), StoreError> {
    let sql = "DELETE FROM mailboxes WHERE card IS NULL AND contact IS NULL AND opened IS NULL AND due > ?1";
    tx.execute(sql, [millis(now)])?;
    Ok(())
}

/// Some spare that the relay has opened, whichever.
pub(crate) fn spare(tx: &Transaction<'_>, relay: RelayId) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT id FROM mailboxes WHERE card IS NULL AND contact IS NULL AND closing = 0 AND retired IS NULL
               AND opened IS NOT NULL AND relay = ?1 ORDER BY random() LIMIT 1";
    Ok(tx.query_row(sql, [relay.0], |row| row.get(0)).optional()?)
}

/// Gives a spare to a conversation.
pub(crate) fn give(
    tx: &Transaction<'_>,
    row: i64,
    contact: ContactId,
    generation: u32,
    today: Day,
) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE mailboxes SET contact = ?2, generation = ?3, since = ?4 WHERE id = ?1",
        params![row, contact.0, generation, InDays(today)],
    )?;
    Ok(())
}

/// The contact is to hear of this mailbox at this time, if no message names it before.
pub(crate) fn announce_at(tx: &Transaction<'_>, row: i64, at: SystemTime) -> Result<(), StoreError> {
    tx.execute("UPDATE mailboxes SET announces = ?2 WHERE id = ?1", params![row, millis(at)])?;
    Ok(())
}

/// A message names this mailbox.
pub(crate) fn set_named(tx: &Transaction<'_>, row: i64) -> Result<(), StoreError> {
    let mut statement = tx.prepare_cached("UPDATE mailboxes SET announces = NULL WHERE id = ?1")?;
    statement.execute([row])?;
    Ok(())
}

/// Open mailboxes that their contacts are to hear of by now, with whose they are.
pub(crate) fn to_announce(tx: &Transaction<'_>, now: SystemTime) -> Result<Vec<(i64, ContactId)>, StoreError> {
    let sql = "SELECT id, contact FROM mailboxes
               WHERE contact IS NOT NULL AND opened IS NOT NULL AND closing = 0 AND announces <= ?1";
    let mut statement = tx.prepare_cached(sql)?;
    let rows = statement.query_map([millis(now)], |row| Ok((row.get(0)?, ContactId(row.get(1)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// When the next contact is to hear of a mailbox that is open.
pub(crate) fn next_announcement(tx: &Transaction<'_>) -> Result<Option<SystemTime>, StoreError> {
    let sql = "SELECT min(announces) FROM mailboxes WHERE contact IS NOT NULL AND opened IS NOT NULL AND closing = 0";
    let millis: Option<u64> = tx.query_row(sql, [], |row| row.get(0))?;
    Ok(millis.map(time))
}
