//! What was learned of relays: their signed manifests.

use rusqlite::{OptionalExtension, Transaction, params};
use sealpost_wire::RelayRef;

use super::StoreError;
use super::value::Cbor;

pub(crate) fn load(tx: &Transaction<'_>, relay: &RelayRef) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "SELECT pin FROM pins WHERE relay = ?1";
    Ok(tx.query_row(sql, [Cbor(relay)], |row| row.get(0)).optional()?)
}

pub(crate) fn store(tx: &Transaction<'_>, relay: &RelayRef, pin: &[u8]) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO pins (relay, pin) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET pin = excluded.pin",
        params![Cbor(relay), pin],
    )?;
    Ok(())
}
