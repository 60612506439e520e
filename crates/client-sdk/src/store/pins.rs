//! What was learned of relays: their signed manifests.

use rusqlite::{OptionalExtension, Transaction, params};
use sealpost_wire::RelayRef;
use sealpost_wire::manifest::{Manifest, SignedManifest};

use super::StoreError;
use super::value::Cbor;

pub(crate) fn load(tx: &Transaction<'_>, relay: &RelayRef) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "SELECT pin FROM pins WHERE relay = ?1";
    Ok(tx.query_row(sql, [Cbor(relay)], |row| row.get(0)).optional()?)
}

/// What a relay says of itself, as far as it is known and as its operator has signed it.
pub(crate) fn manifest(tx: &Transaction<'_>, relay: &RelayRef) -> Result<Option<Manifest>, StoreError> {
    let verify = |pin: Vec<u8>| SignedManifest::from_json(&pin)?.verify(&relay.host, &relay.operator);
    Ok(load(tx, relay)?.and_then(|pin| verify(pin).ok()).map(|verified| verified.manifest))
}

pub(crate) fn store(tx: &Transaction<'_>, relay: &RelayRef, pin: &[u8]) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO pins (relay, pin) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET pin = excluded.pin",
        params![Cbor(relay), pin],
    )?;
    Ok(())
}
