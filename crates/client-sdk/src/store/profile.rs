//! The phase of a profile's life, its identity, its relay, its consent.

use rusqlite::{OptionalExtension, Transaction, params};
use sealpost_identity::consent::{ConsentRecord, Messaging};
use sealpost_identity::{Consent, IdentityKeyPair};
use sealpost_wire::time::Day;
use sealpost_wire::{RelayRef, Secret};

use super::StoreError;
use super::relays;
use super::value::Cbor;
use crate::net::Way;
use crate::policy::CollectPolicy;

/// Where a profile is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// There is no consent, so there is nothing.
    Fresh,
    /// There is one.
    OptedIn,
    /// It was revoked, and objects are left to close.
    Leaving,
}

/// Who one is, and where one's mailboxes are.
#[derive(Clone)]
pub(crate) struct Own {
    pub(crate) identity: IdentityKeyPair,
    pub(crate) relay: RelayRef,
}

/// That a consent to messaging was read back from the database. Made here alone.
#[derive(Debug)]
pub(crate) struct ConsentOnRecord(());

/// That the database is in its closing-only state. Made here alone.
#[derive(Debug)]
pub(crate) struct ClosingOnRecord(());

const OPTED_IN: i64 = 1;
const LEAVING: i64 = 2;

const TOGETHER: i64 = 0;
const APART: i64 = 1;

pub(crate) fn phase(tx: &Transaction<'_>) -> Result<Phase, StoreError> {
    let phase: Option<i64> = tx.query_row("SELECT phase FROM profile", [], |row| row.get(0)).optional()?;
    match phase {
        None => Ok(Phase::Fresh),
        Some(OPTED_IN) => Ok(Phase::OptedIn),
        Some(LEAVING) => Ok(Phase::Leaving),
        Some(_) => Err(StoreError::Row),
    }
}

/// Refuses what only an opted-in profile can do.
pub(crate) fn require_opted_in(tx: &Transaction<'_>) -> Result<(), StoreError> {
    if phase(tx)? == Phase::OptedIn { Ok(()) } else { Err(StoreError::Phase) }
}

pub(crate) fn opt_in(tx: &Transaction<'_>, consent: &Consent<Messaging>, own: &Own) -> Result<(), StoreError> {
    if phase(tx)? != Phase::Fresh {
        return Err(StoreError::Phase);
    }
    tx.execute(
        "INSERT INTO profile (one, phase, relay, consent, identity) VALUES (1, ?1, ?2, ?3, ?4)",
        params![OPTED_IN, Cbor(&own.relay), Cbor(&consent.record()), own.identity.secret().expose()],
    )?;
    relays::ensure(tx, &own.relay).map(|_number| ())
}

/// Erases identity and consent, and leaves the relay, with whom there is something to close.
pub(crate) fn leave(tx: &Transaction<'_>) -> Result<(), StoreError> {
    require_opted_in(tx)?;
    tx.execute("UPDATE profile SET phase = ?1, consent = NULL, identity = NULL", [LEAVING])?;
    Ok(())
}

pub(crate) fn own(tx: &Transaction<'_>) -> Result<Own, StoreError> {
    require_opted_in(tx)?;
    let secret = tx.query_row("SELECT identity FROM profile", [], |row| row.get(0))?;
    Ok(Own { identity: IdentityKeyPair::from_secret(Secret::new(secret)), relay: relay(tx)? })
}

/// From now on one's new objects are made there.
pub(crate) fn set_relay(tx: &Transaction<'_>, relay: &RelayRef) -> Result<(), StoreError> {
    require_opted_in(tx)?;
    tx.execute("UPDATE profile SET relay = ?1", [Cbor(relay)])?;
    Ok(())
}

/// Where one's new objects are made.
pub(crate) fn relay(tx: &Transaction<'_>) -> Result<RelayRef, StoreError> {
    Ok(tx.query_row("SELECT relay FROM profile", [], |row| row.get(0)).map(|Cbor(relay)| relay)?)
}

/// Which way requests take.
pub(crate) fn way(tx: &Transaction<'_>) -> Result<Way, StoreError> {
    let way = |row: &rusqlite::Row<'_>| {
        let proxy: Option<Cbor<RelayRef>> = row.get("proxy")?;
        Ok((proxy.map(|Cbor(proxy)| proxy), row.get("policy")?))
    };
    let (proxy, policy): (_, i64) = tx.query_row("SELECT proxy, policy FROM profile", [], way)?;
    let policy = match policy {
        TOGETHER => CollectPolicy::Together,
        APART => CollectPolicy::Apart,
        _ => return Err(StoreError::Row),
    };
    Ok(Way { proxy, policy })
}

/// Has requests take another way from now on.
pub(crate) fn set_way(tx: &Transaction<'_>, way: &Way) -> Result<(), StoreError> {
    let policy = match way.policy {
        CollectPolicy::Together => TOGETHER,
        CollectPolicy::Apart => APART,
    };
    tx.execute("UPDATE profile SET proxy = ?1, policy = ?2", params![way.proxy.as_ref().map(Cbor), policy])?;
    Ok(())
}

pub(crate) fn consent_on_record(tx: &Transaction<'_>) -> Result<ConsentOnRecord, StoreError> {
    consent(tx).map(|_| ConsentOnRecord(()))
}

/// The day of the consent.
pub(crate) fn consent_day(tx: &Transaction<'_>) -> Result<Day, StoreError> {
    consent(tx).map(|consent| consent.day())
}

fn consent(tx: &Transaction<'_>) -> Result<Consent<Messaging>, StoreError> {
    require_opted_in(tx)?;
    let Cbor(record): Cbor<ConsentRecord> = tx.query_row("SELECT consent FROM profile", [], |row| row.get(0))?;
    Consent::restore(&record).map_err(|_| StoreError::Row)
}

pub(crate) fn closing_on_record(tx: &Transaction<'_>) -> Result<ClosingOnRecord, StoreError> {
    if phase(tx)? == Phase::Leaving { Ok(ClosingOnRecord(())) } else { Err(StoreError::Phase) }
}
