//! Who was found by a number.

use rusqlite::{OptionalExtension, Row, Transaction, params};
use sealpost_identity::CardRef;
use sealpost_wire::time::Day;

use super::StoreError;
use super::numbers::NumberHash;
use super::value::{Cbor, InDays};
use crate::contact::ContactId;

/// Somebody who was found by a number, once and for as long as nobody says otherwise.
pub(crate) struct FoundRow {
    pub(crate) number: NumberHash,
    pub(crate) contact: ContactId,
    pub(crate) since: Day,
    /// The card of another identity to which the number leads by now.
    pub(crate) other: Option<CardRef>,
}

impl FoundRow {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        let InDays(since) = row.get("day")?;
        Ok(Self {
            number: row.get("number")?,
            contact: ContactId(row.get("contact")?),
            since,
            other: row.get::<_, Option<Cbor<CardRef>>>("other")?.map(|Cbor(card)| card),
        })
    }
}

pub(crate) fn all(tx: &Transaction<'_>) -> Result<Vec<FoundRow>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT number, contact, day, other FROM found ORDER BY contact")?;
    let rows = statement.query_map([], FoundRow::of)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(crate) fn by_number(tx: &Transaction<'_>, number: NumberHash) -> Result<Option<FoundRow>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT number, contact, day, other FROM found WHERE number = ?1")?;
    Ok(statement.query_row([number], FoundRow::of).optional()?)
}

pub(crate) fn add(tx: &Transaction<'_>, number: NumberHash, contact: ContactId, today: Day) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO found (number, contact, day) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET contact = excluded.contact, day = excluded.day, other = NULL",
        params![number, contact.0, InDays(today)],
    )?;
    Ok(())
}

/// Remembers that the number leads to somebody else, or that it does not any more.
pub(crate) fn set_other(tx: &Transaction<'_>, number: NumberHash, card: Option<&CardRef>) -> Result<(), StoreError> {
    tx.execute("UPDATE found SET other = ?2 WHERE number = ?1", params![number, card.map(Cbor)])?;
    Ok(())
}

pub(crate) fn forget(tx: &Transaction<'_>, number: NumberHash) -> Result<(), StoreError> {
    tx.execute("DELETE FROM found WHERE number = ?1", [number])?;
    Ok(())
}

pub(crate) fn erase_all(tx: &Transaction<'_>) -> Result<(), StoreError> {
    tx.execute("DELETE FROM found", [])?;
    Ok(())
}
