//! Contacts: whom one knows, by which key, and how to reach them.

use std::time::{Duration, SystemTime};

use rusqlite::{OptionalExtension, Row, Transaction, params};
use sealpost_crypto::{FrontDoor, ReturnAddress, Session};
use sealpost_identity::{CardRef, IdentityHash, IdentityKey, PersonId};
use sealpost_wire::time::Day;

use super::StoreError;
use super::messages::millis;
use super::value::{Cbor, InDays};
use crate::contact::{Contact, ContactId, ContactState};

/// A contact, as sealing and opening need it.
pub(crate) struct Peer {
    pub(crate) id: ContactId,
    pub(crate) state: ContactState,
    /// The hash of their identity key, from their card or from the key itself.
    pub(crate) hash: IdentityHash,
    /// The whole key, once it was seen. Pinned: it never changes.
    pub(crate) identity: Option<IdentityKey>,
    /// The card that was added by hand.
    pub(crate) card: Option<CardRef>,
    /// The card that was found in the directory by their number.
    pub(crate) found_card: Option<CardRef>,
    /// The card that they gave inside the seal.
    pub(crate) inner_card: Option<CardRef>,
    /// The pairwise mailbox that they named last.
    pub(crate) address: Option<ReturnAddress>,
    /// The highest generation of an address that they named, in use or gone.
    pub(crate) generation: u32,
    /// Where first messages go, from the item that was taken last.
    pub(crate) door: Option<FrontDoor>,
    /// The last day of that item.
    pub(crate) door_until: Option<Day>,
    /// Whether anything of theirs was ever opened.
    pub(crate) answered: bool,
    /// The mailbox of this generation, used, shows that they have the newest card of one's own; 0 when they have it.
    pub(crate) card_due: u32,
    /// The counter of the last message that was sealed for them.
    pub(crate) sent: u64,
    /// The counter of the next message to show of them.
    pub(crate) expected: u64,
}

const PEER: &str =
    "id, state, hash, identity, card, found_card, inner_card, address, generation, door, door_until, answered,
                    card_due, sent, expected";

impl Peer {
    fn of(row: &Row<'_>) -> Result<Self, StoreError> {
        let identity: Option<[u8; IdentityKey::LENGTH]> = row.get("identity")?;
        let identity = identity.map(|bytes| IdentityKey::from_bytes(&bytes)).transpose();
        let unwrapped = |value: Option<Cbor<CardRef>>| value.map(|Cbor(card)| card);
        Ok(Self {
            id: ContactId(row.get("id")?),
            state: state(row.get("state")?)?,
            hash: IdentityHash::from_bytes(row.get("hash")?),
            identity: identity.map_err(|_| StoreError::Row)?,
            card: unwrapped(row.get("card")?),
            found_card: unwrapped(row.get("found_card")?),
            inner_card: unwrapped(row.get("inner_card")?),
            address: row.get::<_, Option<Cbor<ReturnAddress>>>("address")?.map(|Cbor(address)| address),
            generation: row.get("generation")?,
            door: row.get::<_, Option<Cbor<FrontDoor>>>("door")?.map(|Cbor(door)| door),
            door_until: row.get::<_, Option<InDays>>("door_until")?.map(|InDays(day)| day),
            answered: row.get("answered")?,
            card_due: row.get("card_due")?,
            sent: row.get("sent")?,
            expected: row.get("expected")?,
        })
    }

    /// The cards that lead to them, the one to try first first.
    pub(crate) fn cards(&self) -> impl Iterator<Item = &CardRef> {
        self.inner_card.iter().chain(&self.card).chain(&self.found_card)
    }
}

fn state(number: i64) -> Result<ContactState, StoreError> {
    match number {
        0 => Ok(ContactState::Unaccepted),
        1 => Ok(ContactState::Accepted),
        2 => Ok(ContactState::Blocked),
        _ => Err(StoreError::Row),
    }
}

const fn number(state: ContactState) -> i64 {
    match state {
        ContactState::Unaccepted => 0,
        ContactState::Accepted => 1,
        ContactState::Blocked => 2,
    }
}

pub(crate) fn peer(tx: &Transaction<'_>, id: ContactId) -> Result<Peer, StoreError> {
    let mut statement = tx.prepare_cached(&format!("SELECT {PEER} FROM contacts WHERE id = ?1"))?;
    let mut rows = statement.query([id.0])?;
    Peer::of(rows.next()?.ok_or(StoreError::NoRow)?)
}

pub(crate) fn peer_of_hash(tx: &Transaction<'_>, hash: &IdentityHash) -> Result<Option<Peer>, StoreError> {
    let mut statement = tx.prepare_cached(&format!("SELECT {PEER} FROM contacts WHERE hash = ?1"))?;
    let mut rows = statement.query([hash.as_bytes()])?;
    rows.next()?.map(Peer::of).transpose()
}

/// The whole key of a person, if it was seen.
pub(crate) fn pinned(tx: &Transaction<'_>, person: PersonId) -> Result<Option<IdentityKey>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT identity FROM contacts WHERE person = ?1")?;
    let key: Option<Option<[u8; IdentityKey::LENGTH]>> =
        statement.query_row([person.as_bytes()], |row| row.get(0)).optional()?;
    let key = key.flatten().map(|bytes| IdentityKey::from_bytes(&bytes)).transpose();
    key.map_err(|_| StoreError::Row)
}

pub(crate) fn add(
    tx: &Transaction<'_>,
    name: &str,
    state: ContactState,
    hash: &IdentityHash,
    card: Option<&CardRef>,
) -> Result<ContactId, StoreError> {
    tx.execute(
        "INSERT INTO contacts (name, state, hash, person, card) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![name, number(state), hash.as_bytes(), hash.person().as_bytes(), card.map(Cbor)],
    )?;
    Ok(ContactId(tx.last_insert_rowid()))
}

/// The number that the next contact will get, for a name of its own.
pub(crate) fn next_number(tx: &Transaction<'_>) -> Result<i64, StoreError> {
    Ok(tx.query_row("SELECT coalesce(max(id), 0) + 1 FROM contacts", [], |row| row.get(0))?)
}

pub(crate) fn name_is_taken(tx: &Transaction<'_>, name: &str, except: Option<ContactId>) -> Result<bool, StoreError> {
    let except = except.map_or(0, |id| id.0);
    let found = tx.query_row("SELECT 1 FROM contacts WHERE name = ?1 AND id <> ?2", params![name, except], |_| Ok(()));
    Ok(found.optional()?.is_some())
}

pub(crate) fn rename(tx: &Transaction<'_>, id: ContactId, name: &str) -> Result<(), StoreError> {
    one(tx.execute("UPDATE contacts SET name = ?2 WHERE id = ?1", params![id.0, name])?)
}

pub(crate) fn set_state(tx: &Transaction<'_>, id: ContactId, state: ContactState) -> Result<(), StoreError> {
    one(tx.execute("UPDATE contacts SET state = ?2 WHERE id = ?1", params![id.0, number(state)])?)
}

pub(crate) fn set_card(tx: &Transaction<'_>, id: ContactId, card: &CardRef) -> Result<(), StoreError> {
    one(tx.execute("UPDATE contacts SET card = ?2 WHERE id = ?1", params![id.0, Cbor(card)])?)
}

pub(crate) fn set_found_card(tx: &Transaction<'_>, id: ContactId, card: &CardRef) -> Result<(), StoreError> {
    one(tx.execute("UPDATE contacts SET found_card = ?2 WHERE id = ?1", params![id.0, Cbor(card)])?)
}

pub(crate) fn set_inner_card(tx: &Transaction<'_>, id: ContactId, card: &CardRef) -> Result<(), StoreError> {
    one(tx.execute("UPDATE contacts SET inner_card = ?2 WHERE id = ?1", params![id.0, Cbor(card)])?)
}

/// Pins a key, for good.
pub(crate) fn pin(tx: &Transaction<'_>, id: ContactId, key: &IdentityKey) -> Result<(), StoreError> {
    let pin = "UPDATE contacts SET identity = ?2 WHERE id = ?1 AND (identity IS NULL OR identity = ?2) AND hash = ?3";
    one(tx.execute(pin, params![id.0, key.as_bytes(), key.hash().as_bytes()])?)
}

/// Remembers the mailbox that they named.
pub(crate) fn set_address(tx: &Transaction<'_>, id: ContactId, address: &ReturnAddress) -> Result<(), StoreError> {
    one(tx.execute(
        "UPDATE contacts SET address = ?2, generation = ?3 WHERE id = ?1",
        params![id.0, Cbor(address), address.generation],
    )?)
}

/// Remembers that the mailbox that they named is gone. Older ones are still refused.
pub(crate) fn forget_address(tx: &Transaction<'_>, id: ContactId) -> Result<(), StoreError> {
    one(tx.execute("UPDATE contacts SET address = NULL WHERE id = ?1", [id.0])?)
}

/// Remembers the front door of the item that was taken last, or that it is of no use any more.
pub(crate) fn set_door(tx: &Transaction<'_>, id: ContactId, door: Option<(&FrontDoor, Day)>) -> Result<(), StoreError> {
    let (door, until) = door.unzip();
    one(tx.execute(
        "UPDATE contacts SET door = ?2, door_until = ?3 WHERE id = ?1",
        params![id.0, door.map(Cbor), until.map(InDays)],
    )?)
}

/// The generation of the next mailbox that is made for their answers; each is given once.
pub(crate) fn next_home(tx: &Transaction<'_>, id: ContactId) -> Result<u32, StoreError> {
    let sql = "UPDATE contacts SET homes = homes + 1 WHERE id = ?1 RETURNING homes";
    Ok(tx.query_row(sql, [id.0], |row| row.get(0))?)
}

pub(crate) fn set_answered(tx: &Transaction<'_>, id: ContactId) -> Result<(), StoreError> {
    one(tx.execute("UPDATE contacts SET answered = 1 WHERE id = ?1", [id.0])?)
}

pub(crate) fn set_card_due(tx: &Transaction<'_>, id: ContactId, generation: u32) -> Result<(), StoreError> {
    one(tx.execute("UPDATE contacts SET card_due = ?2 WHERE id = ?1", params![id.0, generation])?)
}

/// Contacts who have not answered since one's card changed, told last on `told` or before, and first on `first` or after; with
/// the row of the mailbox that they do not use.
pub(crate) fn to_remind(tx: &Transaction<'_>, told: Day, first: Day) -> Result<Vec<(ContactId, i64)>, StoreError> {
    let mut statement = tx.prepare_cached(
        "SELECT contacts.id, mailboxes.id FROM contacts
         JOIN mailboxes ON contact = contacts.id AND mailboxes.generation = homes
         WHERE card_due > 0 AND opened IS NOT NULL AND closing = 0 AND announces IS NULL
         AND coalesce(reminded, since) <= ?1 AND since >= ?2
         AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.contact = contacts.id)",
    )?;
    let rows =
        statement.query_map(params![InDays(told), InDays(first)], |row| Ok((ContactId(row.get(0)?), row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(crate) fn set_reminded(tx: &Transaction<'_>, id: ContactId, today: Day) -> Result<(), StoreError> {
    one(tx.execute("UPDATE contacts SET reminded = ?2 WHERE id = ?1", params![id.0, InDays(today)])?)
}

/// Whether the last notice of typing to them was made long enough ago; if so, one is made now.
pub(crate) fn may_notice(
    tx: &Transaction<'_>,
    id: ContactId,
    now: SystemTime,
    every: Duration,
) -> Result<bool, StoreError> {
    // A clock that was set back must not silence it for long.
    let sql = "UPDATE contacts SET typed = ?2 WHERE id = ?1 AND (typed <= ?3 OR typed > ?2)";
    Ok(tx.execute(sql, params![id.0, millis(now), millis(now - every)])? > 0)
}

/// One's own card has changed: everybody is to get the new one along with their next mailbox.
pub(crate) fn set_all_card_due(tx: &Transaction<'_>) -> Result<(), StoreError> {
    tx.execute("UPDATE contacts SET card_due = homes + 1, reminded = NULL", [])?;
    Ok(())
}

pub(crate) fn set_sent(tx: &Transaction<'_>, id: ContactId, counter: u64) -> Result<(), StoreError> {
    one(tx.execute("UPDATE contacts SET sent = ?2 WHERE id = ?1", params![id.0, counter])?)
}

pub(crate) fn set_expected(tx: &Transaction<'_>, id: ContactId, counter: u64) -> Result<(), StoreError> {
    one(tx.execute("UPDATE contacts SET expected = ?2 WHERE id = ?1", params![id.0, counter])?)
}

pub(crate) fn session(tx: &Transaction<'_>, person: PersonId) -> Result<Option<Session>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT record FROM sessions WHERE person = ?1")?;
    let record: Option<Vec<u8>> = statement.query_row([person.as_bytes()], |row| row.get(0)).optional()?;
    record.map(|record| Session::from_bytes(&record)).transpose().map_err(|_| StoreError::Row)
}

pub(crate) fn set_session(tx: &Transaction<'_>, person: PersonId, session: &Session) -> Result<(), StoreError> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO sessions (person, record) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET record = excluded.record",
    )?;
    statement.execute(params![person.as_bytes(), session.as_bytes()])?;
    Ok(())
}

const SHOWN: &str = "SELECT id, name, state, identity IS NOT NULL, receipts, typing FROM contacts";

/// All contacts, by name.
pub(crate) fn all(tx: &Transaction<'_>) -> Result<Vec<Contact>, StoreError> {
    let mut statement = tx.prepare_cached(&format!("{SHOWN} ORDER BY name"))?;
    let mut rows = statement.query([])?;
    let mut contacts = Vec::new();
    while let Some(row) = rows.next()? {
        contacts.push(shown(row)?);
    }
    Ok(contacts)
}

pub(crate) fn count(tx: &Transaction<'_>) -> Result<u64, StoreError> {
    Ok(tx.query_row("SELECT count(*) FROM contacts", [], |row| row.get(0))?)
}

pub(crate) fn one_shown(tx: &Transaction<'_>, id: ContactId) -> Result<Contact, StoreError> {
    let mut statement = tx.prepare_cached(&format!("{SHOWN} WHERE id = ?1"))?;
    let mut rows = statement.query([id.0])?;
    shown(rows.next()?.ok_or(StoreError::NoRow)?)
}

fn shown(row: &Row<'_>) -> Result<Contact, StoreError> {
    Ok(Contact {
        id: ContactId(row.get(0)?),
        name: row.get(1)?,
        state: state(row.get(2)?)?,
        key_known: row.get(3)?,
        receipts: row.get(4)?,
        typing: row.get(5)?,
    })
}

const fn one(changed: usize) -> Result<(), StoreError> {
    if changed == 1 { Ok(()) } else { Err(StoreError::NoRow) }
}
