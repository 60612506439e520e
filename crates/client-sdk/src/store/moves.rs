//! Moves from one relay to another.

use rusqlite::{Transaction, params};
use sealpost_wire::RelayRef;
use sealpost_wire::time::Day;

use super::StoreError;
use super::relays::RelayId;
use super::value::{Cbor, InDays};

/// A move, begun at some time.
pub(crate) struct MoveRow {
    pub(crate) id: i64,
    pub(crate) source: RelayRef,
    pub(crate) target: RelayRef,
    pub(crate) began: Day,
    /// The first day on which what was left behind is closed.
    pub(crate) closes: Day,
    /// How many contacts were to be told.
    pub(crate) contacts: usize,
}

pub(crate) fn add(
    tx: &Transaction<'_>,
    source: RelayId,
    target: RelayId,
    began: Day,
    closes: Day,
) -> Result<i64, StoreError> {
    tx.execute(
        "INSERT INTO moves (source, target, began, closes, contacts) VALUES (?1, ?2, ?3, ?4, 0)",
        params![source.0, target.0, InDays(began), InDays(closes)],
    )?;
    Ok(tx.last_insert_rowid())
}

pub(crate) fn set_contacts(tx: &Transaction<'_>, id: i64, contacts: usize) -> Result<(), StoreError> {
    tx.execute("UPDATE moves SET contacts = ?2 WHERE id = ?1", params![id, contacts])?;
    Ok(())
}

/// What was left behind is kept for longer.
pub(crate) fn set_closes(tx: &Transaction<'_>, id: i64, closes: Day) -> Result<(), StoreError> {
    tx.execute("UPDATE moves SET closes = ?2 WHERE id = ?1", params![id, InDays(closes)])?;
    Ok(())
}

/// All moves, the oldest first.
pub(crate) fn all(tx: &Transaction<'_>) -> Result<Vec<MoveRow>, StoreError> {
    let mut statement = tx.prepare_cached(
        "SELECT moves.id, source.relay, target.relay, began, closes, contacts FROM moves
         JOIN relays AS source ON source.id = moves.source JOIN relays AS target ON target.id = moves.target
         ORDER BY moves.id",
    )?;
    let rows = statement.query_map([], |row| {
        let (Cbor(source), Cbor(target)) = (row.get(1)?, row.get(2)?);
        let (InDays(began), InDays(closes)) = (row.get(3)?, row.get(4)?);
        Ok(MoveRow { id: row.get(0)?, source, target, began, closes, contacts: row.get(5)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Takes all that is in use out of use: cards, mailboxes and spares.
pub(crate) fn retire_all(tx: &Transaction<'_>, id: i64) -> Result<(), StoreError> {
    tx.execute("UPDATE cards SET retired = ?1 WHERE retired IS NULL", [id])?;
    tx.execute("UPDATE mailboxes SET retired = ?1 WHERE retired IS NULL AND closing = 0", [id])?;
    Ok(())
}

/// How many objects a move has left behind that are not being closed yet.
pub(crate) fn count_left(tx: &Transaction<'_>, id: i64) -> Result<u64, StoreError> {
    let sql = "SELECT (SELECT count(*) FROM mailboxes WHERE retired = ?1 AND closing = 0)
                    + (SELECT count(*) FROM cards WHERE retired = ?1 AND closing = 0)";
    Ok(tx.query_row(sql, [id], |row| row.get(0))?)
}

/// How many contacts have not been told yet where one is now: their mailbox is not open, or what names it was not accepted.
pub(crate) fn count_untold(tx: &Transaction<'_>) -> Result<usize, StoreError> {
    let sql = "SELECT count(*) FROM contacts JOIN mailboxes ON contact = contacts.id AND mailboxes.generation = homes
               WHERE card_due > 0 AND reminded IS NULL AND closing = 0 AND (opened IS NULL OR announces IS NOT NULL
                   OR EXISTS (SELECT 1 FROM outbox WHERE outbox.contact = contacts.id))";
    Ok(tx.query_row(sql, [], |row| row.get(0))?)
}
