//! Consents to more than messaging, whose consent is the profile's own.

use rusqlite::{OptionalExtension, Transaction, params};
use sealpost_identity::Consent;
use sealpost_identity::consent::{ConsentRecord, Discovery, Scope, ScopeName};

use super::value::Cbor;
use super::{StoreError, profile};
use crate::error::ErrorKind;

/// A consent to discovery that was read back from the database. Made here alone.
#[derive(Debug)]
pub(crate) struct DiscoveryOnRecord(Consent<Discovery>);

impl DiscoveryOnRecord {
    /// The consent itself.
    pub(crate) const fn consent(&self) -> &Consent<Discovery> {
        &self.0
    }
}

const fn number(scope: ScopeName) -> i64 {
    match scope {
        ScopeName::Messaging => 0,
        ScopeName::Discovery => 1,
        ScopeName::SmsFallback => 2,
    }
}

/// Records a consent; a later one takes the place of an earlier one.
pub(crate) fn give<S: Scope>(tx: &Transaction<'_>, consent: &Consent<S>) -> Result<(), StoreError> {
    profile::require_opted_in(tx)?;
    let sql = "INSERT INTO consents (scope, record) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET record = excluded.record";
    tx.execute(sql, params![number(S::NAME), Cbor(&consent.record())])?;
    Ok(())
}

/// The consent to a scope, if it was given and not revoked.
pub(crate) fn on_record<S: Scope>(tx: &Transaction<'_>) -> Result<Option<Consent<S>>, StoreError> {
    profile::require_opted_in(tx)?;
    let sql = "SELECT record FROM consents WHERE scope = ?1";
    let record: Option<Cbor<ConsentRecord>> = tx.query_row(sql, [number(S::NAME)], |row| row.get(0)).optional()?;
    record.map(|Cbor(record)| Consent::restore(&record)).transpose().map_err(|_| StoreError::Row)
}

/// The consent to a scope.
///
/// # Errors
/// [`ErrorKind::NoConsent`] when there is none.
pub(crate) fn require<S: Scope>(tx: &Transaction<'_>) -> Result<Consent<S>, StoreError> {
    on_record(tx)?.ok_or(StoreError::Refused(ErrorKind::NoConsent))
}

/// The consent to discovery, as what a permit is made of.
///
/// # Errors
/// As [`require`].
pub(crate) fn discovery(tx: &Transaction<'_>) -> Result<DiscoveryOnRecord, StoreError> {
    require(tx).map(DiscoveryOnRecord)
}

pub(crate) fn erase<S: Scope>(tx: &Transaction<'_>) -> Result<(), StoreError> {
    tx.execute("DELETE FROM consents WHERE scope = ?1", [number(S::NAME)])?;
    Ok(())
}
