//! How numbers are named in here: by a hash under a key of this profile's own.
//!
//! ```text
//! hash = BLAKE3(key, number)                   keyed; the number in its one spelling, "+" and digits
//! ```
//!
//! Whoever has the open database has the key too, and can try all numbers. What the hash gives is that no number lies about,
//! and that two profiles have nothing to compare.

use rand::CryptoRng;
use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{OptionalExtension, Transaction};
use sealpost_identity::PhoneNumber;
use sealpost_wire::Secret;
use sealpost_wire::directory::Epoch;

use super::StoreError;

/// The key of a profile's number hashes. Wiped when dropped.
pub(crate) struct NumberKey(Secret<32>);

/// Names a number within one profile.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NumberHash([u8; 32]);

impl NumberKey {
    pub(crate) fn hash(&self, number: &PhoneNumber) -> NumberHash {
        NumberHash(*blake3::keyed_hash(self.0.expose(), number.expose_e164().as_bytes()).as_bytes())
    }

    /// A seed for what is to stay the same for an epoch, and for this profile alone. No number begins as what is hashed here.
    pub(crate) fn seed_of(&self, epoch: Epoch) -> [u8; 32] {
        *blake3::keyed_hash(self.0.expose(), &[b"epoch".as_slice(), &epoch.0.to_be_bytes()].concat()).as_bytes()
    }
}

/// The key; none before discovery was consented to for the first time.
pub(crate) fn key(tx: &Transaction<'_>) -> Result<Option<NumberKey>, StoreError> {
    let key: Option<[u8; 32]> = tx.query_row("SELECT key FROM number_key", [], |row| row.get(0)).optional()?;
    Ok(key.map(|key| NumberKey(Secret::new(key))))
}

/// The key, made now if there is none.
pub(crate) fn ensure_key(tx: &Transaction<'_>, rng: &mut impl CryptoRng) -> Result<NumberKey, StoreError> {
    let fresh = Secret::<32>::random(rng);
    tx.execute("INSERT INTO number_key (one, key) VALUES (1, ?1) ON CONFLICT DO NOTHING", [fresh.expose()])?;
    key(tx)?.ok_or(StoreError::Row)
}

/// Erases the key, and with it what every hash means.
pub(crate) fn erase_key(tx: &Transaction<'_>) -> Result<(), StoreError> {
    tx.execute("DELETE FROM number_key", [])?;
    Ok(())
}

impl ToSql for NumberHash {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

impl FromSql for NumberHash {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        FromSql::column_result(value).map(Self)
    }
}

impl std::fmt::Debug for NumberKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NumberKey(..)")
    }
}

impl std::fmt::Debug for NumberHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NumberHash(..)")
    }
}
