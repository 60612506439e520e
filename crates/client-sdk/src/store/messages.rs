//! Messages, as the app reads them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{OptionalExtension, Row, Transaction, params};
use sealpost_crypto::{MessageId, Text};

use super::StoreError;
use super::receipts::{DELIVERED, READ};
use crate::contact::ContactId;
use crate::message::{FailureReason, Message, MessageState, Position};

const COLUMNS: &str = "position, id, contact, state, time, text";
const QUEUED: i64 = 2;

/// Appends a message. Its position is greater than every other's.
pub(crate) fn append(
    tx: &Transaction<'_>,
    contact: ContactId,
    id: MessageId,
    state: MessageState,
    time: SystemTime,
    text: &Text,
    counter: Option<u64>,
) -> Result<Position, StoreError> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO messages (id, contact, state, time, text, counter) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    statement.execute(params![id.as_bytes(), contact.0, number(state), millis(time), text.expose(), counter])?;
    position(tx.last_insert_rowid())
}

pub(crate) fn set_state(tx: &Transaction<'_>, position: Position, state: MessageState) -> Result<(), StoreError> {
    let mut statement = tx.prepare_cached("UPDATE messages SET state = ?2 WHERE position = ?1")?;
    statement.execute(params![position.0, number(state)])?;
    Ok(())
}

/// Remembers under which counter a message of one's own goes.
pub(crate) fn set_counter(tx: &Transaction<'_>, position: Position, counter: u64) -> Result<(), StoreError> {
    let mut statement = tx.prepare_cached("UPDATE messages SET counter = ?2 WHERE position = ?1")?;
    statement.execute(params![position.0, counter])?;
    Ok(())
}

/// Whether a message of this id, of or to this contact, was shown before.
pub(crate) fn exists(tx: &Transaction<'_>, contact: ContactId, id: MessageId) -> Result<bool, StoreError> {
    let mut statement = tx.prepare_cached("SELECT 1 FROM messages WHERE contact = ?1 AND id = ?2")?;
    Ok(statement.query_row(params![contact.0, id.as_bytes()], |_| Ok(())).optional()?.is_some())
}

pub(crate) fn by_id(tx: &Transaction<'_>, id: MessageId) -> Result<Message, StoreError> {
    let mut statement = tx.prepare_cached(&format!("SELECT {COLUMNS} FROM messages WHERE id = ?1"))?;
    let mut rows = statement.query([id.as_bytes()])?;
    message(rows.next()?.ok_or(StoreError::NoRow)?)
}

/// Received messages behind `after`, oldest first.
pub(crate) fn received_after(tx: &Transaction<'_>, after: Position, limit: u32) -> Result<Vec<Message>, StoreError> {
    let mut statement = tx.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM messages WHERE position > ?1 AND state < {QUEUED} ORDER BY position LIMIT ?2"
    ))?;
    collect(statement.query(params![after.0, limit])?)
}

/// Positions and contacts of what was received behind `after`.
pub(crate) fn arrivals_after(tx: &Transaction<'_>, after: Position) -> Result<Vec<(Position, ContactId)>, StoreError> {
    let mut statement = tx.prepare_cached(&format!(
        "SELECT position, contact FROM messages WHERE position > ?1 AND state < {QUEUED} ORDER BY position"
    ))?;
    let rows = statement.query_map([after.0], |row| Ok((Position(row.get(0)?), ContactId(row.get(1)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The newest messages with a contact before `before`, oldest first.
pub(crate) fn history(
    tx: &Transaction<'_>,
    contact: ContactId,
    before: Option<Position>,
    limit: u32,
) -> Result<Vec<Message>, StoreError> {
    let before = before.map_or(i64::MAX, |position| i64::try_from(position.0).unwrap_or(i64::MAX));
    let mut statement = tx.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM messages WHERE contact = ?1 AND position < ?2 ORDER BY position DESC LIMIT ?3"
    ))?;
    let mut messages = collect(statement.query(params![contact.0, before, limit])?)?;
    messages.reverse();
    Ok(messages)
}

/// How many messages there are with a contact, and how many of them are queued.
pub(crate) fn count(tx: &Transaction<'_>, contact: ContactId) -> Result<(u64, u64), StoreError> {
    let sql = format!("SELECT count(*), count(*) FILTER (WHERE state = {QUEUED}) FROM messages WHERE contact = ?1");
    Ok(tx.query_row(&sql, [contact.0], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// The position of the newest message, of either direction.
pub(crate) fn newest(tx: &Transaction<'_>) -> Result<Position, StoreError> {
    position(tx.query_row("SELECT coalesce(max(position), 0) FROM messages", [], |row| row.get(0))?)
}

/// How far the reader of this name has come.
pub(crate) fn cursor(tx: &Transaction<'_>, name: &str) -> Result<Position, StoreError> {
    let found = tx.query_row("SELECT position FROM cursors WHERE name = ?1", [name], |row| row.get(0)).optional()?;
    position(found.unwrap_or_default())
}

/// Moves a reader's cursor; never back.
pub(crate) fn set_cursor(tx: &Transaction<'_>, name: &str, to: Position) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO cursors (name, position) VALUES (?1, ?2)
         ON CONFLICT DO UPDATE SET position = max(position, excluded.position)",
        params![name, to.0],
    )?;
    Ok(())
}

/// The direction's half of one of the counts of [`crate::Status`].
pub(crate) fn count_received(tx: &Transaction<'_>) -> Result<u64, StoreError> {
    let sql = format!("SELECT count(*) FROM messages WHERE state < {QUEUED}");
    Ok(tx.query_row(&sql, [], |row| row.get(0))?)
}

fn collect(mut rows: rusqlite::Rows<'_>) -> Result<Vec<Message>, StoreError> {
    let mut messages = Vec::new();
    while let Some(row) = rows.next()? {
        messages.push(message(row)?);
    }
    Ok(messages)
}

fn message(row: &Row<'_>) -> Result<Message, StoreError> {
    Ok(Message {
        position: position(row.get(0)?)?,
        id: MessageId::from_bytes(row.get(1)?),
        contact: ContactId(row.get(2)?),
        state: state(row.get(3)?)?,
        time: UNIX_EPOCH + Duration::from_millis(row.get(4)?),
        text: Text::new(row.get(5)?).map_err(|_| StoreError::Row)?,
    })
}

fn position(number: i64) -> Result<Position, StoreError> {
    u64::try_from(number).map(Position).map_err(|_| StoreError::Row)
}

/// Milliseconds since 1970; earlier times count as its first.
pub(super) fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

const FAILURES: [(i64, FailureReason); 6] = [
    (4, FailureReason::ContactGone),
    (5, FailureReason::CardMismatch),
    (6, FailureReason::Blocked),
    (7, FailureReason::Tripwire),
    (8, FailureReason::Refused),
    (9, FailureReason::Sealing),
];

fn number(state: MessageState) -> i64 {
    match state {
        MessageState::Received { late } => i64::from(late),
        MessageState::Queued => QUEUED,
        MessageState::Accepted => 3,
        MessageState::Delivered => DELIVERED,
        MessageState::Read => READ,
        MessageState::Failed(reason) => {
            FAILURES.iter().find(|(_, failure)| *failure == reason).map_or(i64::MAX, |(number, _)| *number)
        }
    }
}

fn state(number: i64) -> Result<MessageState, StoreError> {
    match number {
        0 => Ok(MessageState::Received { late: false }),
        1 => Ok(MessageState::Received { late: true }),
        QUEUED => Ok(MessageState::Queued),
        3 => Ok(MessageState::Accepted),
        DELIVERED => Ok(MessageState::Delivered),
        READ => Ok(MessageState::Read),
        _ => {
            let failure = FAILURES.iter().find(|(candidate, _)| *candidate == number);
            failure.map(|(_, reason)| MessageState::Failed(*reason)).ok_or(StoreError::Row)
        }
    }
}
