//! The relays on which one has, or had, something. Each has a number here, so that rows can name it.

use rusqlite::{OptionalExtension, Transaction};
use sealpost_wire::RelayRef;

use super::StoreError;
use super::value::Cbor;

/// A relay's number in this profile. It is never given to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RelayId(pub(crate) i64);

/// The number of a relay, given now if it has none.
pub(crate) fn ensure(tx: &Transaction<'_>, relay: &RelayRef) -> Result<RelayId, StoreError> {
    tx.execute("INSERT INTO relays (relay) VALUES (?1) ON CONFLICT DO NOTHING", [Cbor(relay)])?;
    find(tx, relay)?.ok_or(StoreError::Row)
}

/// The number of a relay, if one has or had something there.
pub(crate) fn find(tx: &Transaction<'_>, relay: &RelayRef) -> Result<Option<RelayId>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT id FROM relays WHERE relay = ?1")?;
    Ok(statement.query_row([Cbor(relay)], |row| row.get(0).map(RelayId)).optional()?)
}

pub(crate) fn reference(tx: &Transaction<'_>, relay: RelayId) -> Result<RelayRef, StoreError> {
    let mut statement = tx.prepare_cached("SELECT relay FROM relays WHERE id = ?1")?;
    Ok(statement.query_row([relay.0], |row| row.get(0)).map(|Cbor(relay)| relay)?)
}

/// Where one's new objects are made.
pub(crate) fn home(tx: &Transaction<'_>) -> Result<RelayId, StoreError> {
    let sql = "SELECT relays.id FROM relays JOIN profile ON profile.relay = relays.relay";
    Ok(tx.query_row(sql, [], |row| row.get(0).map(RelayId))?)
}

/// Where one has something to keep in order: one's home above all, and what is being moved away from.
pub(crate) fn in_use(tx: &Transaction<'_>) -> Result<Vec<RelayId>, StoreError> {
    let sql = "SELECT relays.id FROM relays JOIN profile ON profile.relay = relays.relay
               UNION SELECT relay FROM mailboxes UNION SELECT relay FROM cards ORDER BY 1";
    let mut statement = tx.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| row.get(0).map(RelayId))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
