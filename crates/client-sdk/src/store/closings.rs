//! What is left to close, after the opt-out or a withdrawal, and what came of it.

use rusqlite::{Row, Transaction, params};
use sealpost_wire::directory::{BucketPrefix, Epoch, Tag};
use sealpost_wire::statement::{Closed, SignedDeletion};
use sealpost_wire::{CollectKey, EntryKey, MailboxId, RelayRef, ShelfId, StockKey};

use super::StoreError;
use super::entries::Place;
use super::relays;
use super::value::Cbor;

/// One object to close, with the key that closes it.
#[derive(Clone)]
pub(crate) enum Target {
    Mailbox(MailboxId, CollectKey),
    Shelf(ShelfId, StockKey),
    Entry(Epoch, Place, EntryKey),
}

/// One object to close, and what came of it.
pub(crate) struct Closing {
    pub(crate) row: i64,
    /// Where it is.
    pub(crate) relay: RelayRef,
    pub(crate) target: Target,
    /// The move that left it behind.
    pub(crate) left_by: Option<i64>,
    pub(crate) outcome: Option<Outcome>,
}

/// What came of closing an object.
#[derive(Clone)]
pub(crate) enum Outcome {
    /// The relay states that it was closed.
    Confirmed(SignedDeletion),
    /// The relay does not know it: it had lapsed, was closed before, or was never opened.
    Gone,
}

impl Target {
    /// What a statement about it says.
    pub(crate) const fn closed(&self) -> Closed {
        match self {
            Self::Mailbox(id, _) => Closed::Mailbox(*id),
            Self::Shelf(id, _) => Closed::Shelf(*id),
            Self::Entry(epoch, place, _) => Closed::Entry(*epoch, place.tag),
        }
    }
}

const MAILBOX: i64 = 0;
const SHELF: i64 = 1;
const ENTRY: i64 = 2;
const CONFIRMED: i64 = 0;
const GONE: i64 = 1;

/// Remembers that an object on `relay` is to be closed, for a move or because it was withdrawn; once.
pub(crate) fn add(
    tx: &Transaction<'_>,
    relay: &RelayRef,
    target: &Target,
    left_by: Option<i64>,
) -> Result<(), StoreError> {
    let (kind, object, key) = match target {
        Target::Mailbox(id, key) => (MAILBOX, id.as_bytes().to_vec(), key.expose()),
        Target::Shelf(id, key) => (SHELF, id.as_bytes().to_vec(), key.expose()),
        Target::Entry(epoch, place, key) => (ENTRY, entry_object(*epoch, place), key.expose()),
    };
    let relay = relays::ensure(tx, relay)?;
    tx.execute(
        "INSERT INTO closings (kind, object, key, relay, move) SELECT ?1, ?2, ?3, ?4, ?5
         WHERE NOT EXISTS (SELECT 1 FROM closings WHERE kind = ?1 AND object = ?2 AND outcome IS NULL)",
        params![kind, object, key, relay.0, left_by],
    )?;
    Ok(())
}

/// What is still to be closed.
pub(crate) fn pending(tx: &Transaction<'_>) -> Result<Vec<Closing>, StoreError> {
    Ok(all(tx)?.into_iter().filter(|closing| closing.outcome.is_none()).collect())
}

fn entry_object(epoch: Epoch, place: &Place) -> Vec<u8> {
    [epoch.0.to_be_bytes().as_slice(), &place.prefix.0.to_be_bytes(), place.tag.as_bytes()].concat()
}

fn entry_of(object: &[u8]) -> Option<(Epoch, Place)> {
    let (epoch, rest) = object.split_first_chunk()?;
    let (prefix, tag) = rest.split_first_chunk()?;
    let place = Place { prefix: BucketPrefix(u32::from_be_bytes(*prefix)), tag: Tag::from_bytes(tag.try_into().ok()?) };
    Some((Epoch(u32::from_be_bytes(*epoch)), place))
}

pub(crate) fn all(tx: &Transaction<'_>) -> Result<Vec<Closing>, StoreError> {
    let mut statement = tx.prepare(
        "SELECT closings.id, kind, object, key, outcome, statement, relays.relay, move
         FROM closings JOIN relays ON relays.id = closings.relay ORDER BY closings.id",
    )?;
    let mut rows = statement.query([])?;
    let mut closings = Vec::new();
    while let Some(row) = rows.next()? {
        let (Cbor(relay), left_by) = (row.get(6)?, row.get(7)?);
        closings.push(Closing { row: row.get(0)?, relay, target: target(row)?, left_by, outcome: outcome(row)? });
    }
    Ok(closings)
}

fn target(row: &Row<'_>) -> Result<Target, StoreError> {
    let (kind, object, key): (i64, Vec<u8>, [u8; 32]) = (row.get(1)?, row.get(2)?, row.get(3)?);
    let id = || object.as_slice().try_into().map_err(|_| StoreError::Row);
    match kind {
        MAILBOX => Ok(Target::Mailbox(MailboxId::from_bytes(id()?), CollectKey::new(key))),
        SHELF => Ok(Target::Shelf(ShelfId::from_bytes(id()?), StockKey::new(key))),
        ENTRY => {
            let (epoch, place) = entry_of(&object).ok_or(StoreError::Row)?;
            Ok(Target::Entry(epoch, place, EntryKey::new(key)))
        }
        _ => Err(StoreError::Row),
    }
}

fn outcome(row: &Row<'_>) -> Result<Option<Outcome>, StoreError> {
    let number: Option<i64> = row.get(4)?;
    match number {
        None => Ok(None),
        Some(CONFIRMED) => {
            let Cbor(statement) = row.get(5)?;
            Ok(Some(Outcome::Confirmed(statement)))
        }
        Some(GONE) => Ok(Some(Outcome::Gone)),
        Some(_) => Err(StoreError::Row),
    }
}

pub(crate) fn set_outcome(tx: &Transaction<'_>, row: i64, outcome: &Outcome) -> Result<(), StoreError> {
    let (number, statement) = match outcome {
        Outcome::Confirmed(statement) => (CONFIRMED, Some(Cbor(statement))),
        Outcome::Gone => (GONE, None),
    };
    tx.execute("UPDATE closings SET outcome = ?2, statement = ?3 WHERE id = ?1", params![row, number, statement])?;
    Ok(())
}

/// Erases everything that belongs to a person, with the rows that say what there was.
pub(crate) fn erase_all_else(tx: &Transaction<'_>) -> Result<(), StoreError> {
    Ok(tx.execute_batch(
        "DELETE FROM tickets; DELETE FROM invites; DELETE FROM shown_vouchers; DELETE FROM ticket_asks; DELETE FROM ticket_keys;
         DELETE FROM ticket_refills; DELETE FROM outbox; DELETE FROM held; DELETE FROM missing; DELETE FROM messages; DELETE FROM sessions; DELETE FROM mailboxes;
         DELETE FROM found; DELETE FROM publication; DELETE FROM entries; DELETE FROM vouchers; DELETE FROM epochs;
         DELETE FROM number_key; DELETE FROM consents; DELETE FROM contacts; DELETE FROM door_keys; DELETE FROM prekeys; DELETE FROM prekey_uses; DELETE FROM cards;
         DELETE FROM moves; DELETE FROM cursors; DELETE FROM seen; DELETE FROM unopened; DELETE FROM sqlite_sequence;",
    )?)
}
