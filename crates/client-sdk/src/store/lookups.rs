//! What was computed for numbers in an epoch, so that it is computed once.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, Row, Transaction, params};
use sealpost_blind::PrfOutput;
use sealpost_blind::discovery::Stretched;
use sealpost_wire::Secret;
use sealpost_wire::directory::Epoch;
use sealpost_wire::time::Day;

use super::StoreError;
use super::numbers::NumberHash;
use super::value::InDays;

/// What everything in an epoch was computed under: a hash of the descriptor's salt, cost and keys.
pub(crate) type Basis = [u8; 32];

/// What was computed for one number in one epoch.
#[derive(Clone)]
pub(crate) struct Computed {
    /// The number after argon2id.
    pub(crate) stretched: Stretched,
    /// What each key service made of it, in their order.
    pub(crate) outputs: [Option<PrfOutput>; 2],
    /// The day on which its bucket was read last.
    pub(crate) read: Option<Day>,
}

impl Computed {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        let output = |name: &str| row.get::<_, Option<[u8; 64]>>(name).map(|output| output.map(PrfOutput::new));
        Ok(Self {
            stretched: Stretched::new(Secret::new(row.get("x")?)),
            outputs: [output("y1")?, output("y2")?],
            read: row.get::<_, Option<InDays>>("read")?.map(|InDays(day)| day),
        })
    }
}

/// Begins or goes on with an epoch. What was computed under another basis is worth nothing, and is erased.
pub(crate) fn enter(tx: &Transaction<'_>, epoch: Epoch, basis: &Basis) -> Result<(), StoreError> {
    if !is_under(tx, epoch, basis)? {
        tx.execute("DELETE FROM lookups WHERE epoch = ?1", [epoch.0])?;
        let sql = "INSERT INTO epochs (epoch, basis) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET basis = excluded.basis";
        tx.execute(sql, params![epoch.0, basis])?;
    }
    Ok(())
}

/// Whether what there is of an epoch was computed under this basis.
pub(crate) fn is_under(tx: &Transaction<'_>, epoch: Epoch, basis: &Basis) -> Result<bool, StoreError> {
    let sql = "SELECT basis FROM epochs WHERE epoch = ?1";
    let known: Option<Basis> = tx.query_row(sql, [epoch.0], |row| row.get(0)).optional()?;
    Ok(known.as_ref() == Some(basis))
}

/// Everything of an epoch.
pub(crate) fn all(tx: &Transaction<'_>, epoch: Epoch) -> Result<HashMap<NumberHash, Computed>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT number, x, y1, y2, read FROM lookups WHERE epoch = ?1")?;
    let rows = statement.query_map([epoch.0], |row| Ok((row.get("number")?, Computed::of(row)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What was computed for a number.
pub(crate) fn one(tx: &Transaction<'_>, epoch: Epoch, number: NumberHash) -> Result<Option<Computed>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT x, y1, y2, read FROM lookups WHERE epoch = ?1 AND number = ?2")?;
    Ok(statement.query_row(params![epoch.0, number], Computed::of).optional()?)
}

/// Keeps a hash; one that is there already stays.
pub(crate) fn set_hashed(
    tx: &Transaction<'_>,
    epoch: Epoch,
    number: NumberHash,
    stretched: &Stretched,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO lookups (epoch, number, x) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    tx.prepare_cached(sql)?.execute(params![epoch.0, number, stretched.secret().expose()])?;
    Ok(())
}

/// Keeps what a key service, the first (0) or the second, made of a number.
pub(crate) fn set_evaluated(
    tx: &Transaction<'_>,
    epoch: Epoch,
    number: NumberHash,
    service: usize,
    output: &PrfOutput,
) -> Result<(), StoreError> {
    let column = if service == 0 { "y1" } else { "y2" };
    let sql = format!("UPDATE lookups SET {column} = ?3 WHERE epoch = ?1 AND number = ?2");
    tx.prepare_cached(&sql)?.execute(params![epoch.0, number, output.expose()])?;
    Ok(())
}

pub(crate) fn set_read(tx: &Transaction<'_>, epoch: Epoch, number: NumberHash, today: Day) -> Result<(), StoreError> {
    let sql = "UPDATE lookups SET read = ?3 WHERE epoch = ?1 AND number = ?2";
    tx.prepare_cached(sql)?.execute(params![epoch.0, number, InDays(today)])?;
    Ok(())
}

/// Erases everything of epochs before `first` and after `last`.
pub(crate) fn erase_beyond(tx: &Transaction<'_>, first: Epoch, last: Epoch) -> Result<(), StoreError> {
    tx.execute("DELETE FROM epochs WHERE epoch NOT BETWEEN ?1 AND ?2", [first.0, last.0])?;
    Ok(())
}

pub(crate) fn erase_all(tx: &Transaction<'_>) -> Result<(), StoreError> {
    tx.execute("DELETE FROM epochs", [])?;
    Ok(())
}
