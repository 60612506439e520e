//! One's own mailboxes.

mod replacing;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{OptionalExtension, Row, Rows, Transaction, params};
use sealpost_crypto::{OuterKey, ReturnAddress};
use sealpost_wire::request::MailboxKind;
use sealpost_wire::time::Day;
use sealpost_wire::{Address, CollectKey, DepositKey, MailboxId, RelayRef};

pub(crate) use self::replacing::{
    announce_at, close_at, conversations, count_spares, due_for_rotation, forget_spares_to_come, give, is_one_missing,
    left_by, next_announcement, open_at, set_closing_while_collected, set_named, spare, superseded, to_announce,
};
use super::StoreError;
use super::messages::millis;
use super::relays::RelayId;
use super::value::{Cbor, InDays};
use crate::contact::ContactId;
use crate::policy::Held;

/// A mailbox of one's own.
#[derive(Clone)]
pub(crate) struct OwnMailbox {
    pub(crate) row: i64,
    /// Where it is.
    pub(crate) relay: RelayRef,
    pub(crate) deposit: DepositKey,
    pub(crate) collect: CollectKey,
    pub(crate) purpose: Purpose,
    /// The day on which the relay opened it.
    pub(crate) opened: Option<Day>,
    /// It is not collected any more, and is to be closed.
    pub(crate) closing: bool,
}

/// One connection's worth of mailboxes to collect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Group {
    /// The front door of a card, alone.
    FrontDoor(RelayId, i64),
    /// So manieth group of pairwise mailboxes on a relay.
    Pairwise(RelayId, i64),
}

impl Group {
    /// Where its mailboxes are.
    pub(crate) const fn relay(self) -> RelayId {
        match self {
            Self::FrontDoor(relay, _) | Self::Pairwise(relay, _) => relay,
        }
    }
}

/// How many pairwise mailboxes are collected on one connection: less than a relay lets one subscribe to.
const TOGETHER: i64 = 200;

/// What a mailbox is for.
#[derive(Clone)]
pub(crate) enum Purpose {
    /// First contact through one of one's cards.
    FrontDoor {
        /// The card's row.
        card: i64,
    },
    /// One conversation.
    Pairwise {
        /// With whom.
        contact: ContactId,
        /// The how-manieth mailbox of it.
        generation: u32,
        /// The key of the outer seal.
        outer: OuterKey,
    },
    /// A conversation that will need one.
    Spare {
        /// The key of the outer seal.
        outer: OuterKey,
    },
}

impl OwnMailbox {
    pub(crate) fn id(&self) -> MailboxId {
        MailboxId::of(&self.deposit, &self.collect.hash())
    }

    pub(crate) fn address(&self) -> Address {
        Address { relay: self.relay.clone(), deposit: self.deposit.clone(), collect: self.collect.hash() }
    }

    /// How a pairwise mailbox is named to the contact that it is for.
    pub(crate) fn return_address(&self) -> Option<ReturnAddress> {
        let Purpose::Pairwise { generation, outer, .. } = &self.purpose else { return None };
        Some(ReturnAddress { address: self.address(), generation: *generation, outer: outer.clone() })
    }

    pub(crate) const fn kind(&self) -> MailboxKind {
        match self.purpose {
            Purpose::FrontDoor { .. } => MailboxKind::FrontDoor,
            Purpose::Pairwise { .. } | Purpose::Spare { .. } => MailboxKind::Pairwise,
        }
    }

    fn of(row: &Row<'_>) -> Result<Self, StoreError> {
        let card: Option<i64> = row.get("card")?;
        let day = |name: &str| row.get::<_, Option<InDays>>(name).map(|day| day.map(|InDays(day)| day));
        Ok(Self {
            row: row.get("id")?,
            relay: row.get("reference").map(|Cbor(relay)| relay)?,
            deposit: DepositKey::new(row.get("deposit")?),
            collect: CollectKey::new(row.get("collect")?),
            purpose: card.map_or_else(|| pairwise(row), |card| Ok(Purpose::FrontDoor { card }))?,
            opened: day("opened")?,
            closing: row.get::<_, i64>("closing")? != 0,
        })
    }
}

fn pairwise(row: &Row<'_>) -> Result<Purpose, StoreError> {
    let outer = OuterKey::new(row.get("outer_key")?);
    let contact: Option<i64> = row.get("contact")?;
    let generation = row.get("generation")?;
    let of = |contact| Purpose::Pairwise { contact: ContactId(contact), generation, outer: outer.clone() };
    Ok(contact.map_or(Purpose::Spare { outer: outer.clone() }, of))
}

const SELECT: &str =
    "SELECT mailboxes.id, relays.relay AS reference, deposit, collect, card, contact, generation, outer_key,
    opened, closing FROM mailboxes JOIN relays ON relays.id = mailboxes.relay";

/// Remembers a mailbox that is to be opened.
pub(crate) fn add(
    tx: &Transaction<'_>,
    relay: RelayId,
    deposit: &DepositKey,
    collect: &CollectKey,
    purpose: &Purpose,
) -> Result<i64, StoreError> {
    let (card, contact, generation, outer) = match purpose {
        Purpose::FrontDoor { card } => (Some(*card), None, 0, None),
        Purpose::Pairwise { contact, generation, outer } => (None, Some(contact.0), *generation, Some(*outer.expose())),
        Purpose::Spare { outer } => (None, None, 0, Some(*outer.expose())),
    };
    let mailbox = MailboxId::of(deposit, &collect.hash());
    tx.execute(
        "INSERT INTO mailboxes (mailbox, deposit, collect, card, contact, generation, outer_key, relay)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![mailbox.as_bytes(), deposit.expose(), collect.expose(), card, contact, generation, outer, relay.0],
    )?;
    Ok(tx.last_insert_rowid())
}

/// Those that a relay may know: all but spares whose time to be opened has not come.
pub(crate) fn perhaps_known(tx: &Transaction<'_>, now: SystemTime) -> Result<Vec<OwnMailbox>, StoreError> {
    let mut statement =
        tx.prepare_cached(&format!("{SELECT} WHERE opened IS NOT NULL OR due <= ?1 ORDER BY mailboxes.id"))?;
    read_all(statement.query([millis(now)])?)
}

#[cfg(test)]
pub(crate) fn all(tx: &Transaction<'_>) -> Result<Vec<OwnMailbox>, StoreError> {
    several(tx, &format!("{SELECT} ORDER BY mailboxes.id"))
}

/// Front doors on a relay, and pairwise mailboxes there that are to be opened or closed now.
pub(crate) fn to_keep_up(tx: &Transaction<'_>, relay: RelayId, now: SystemTime) -> Result<Vec<OwnMailbox>, StoreError> {
    let sql =
        "mailboxes.relay = ?1 AND closing < 2 AND (card IS NOT NULL OR due <= ?2 AND (opened IS NULL OR closing = 1))";
    let mut statement = tx.prepare_cached(&format!("{SELECT} WHERE {sql} ORDER BY mailboxes.id"))?;
    read_all(statement.query(params![relay.0, millis(now)])?)
}

/// When the next mailbox on a relay is to be opened or closed.
pub(crate) fn next_due(
    tx: &Transaction<'_>,
    relay: RelayId,
    now: SystemTime,
) -> Result<Option<SystemTime>, StoreError> {
    let sql = "SELECT min(due) FROM mailboxes WHERE relay = ?1 AND due > ?2 AND closing < 2 AND (opened IS NULL OR closing = 1)";
    let millis: Option<u64> = tx.query_row(sql, params![relay.0, millis(now)], |row| row.get(0))?;
    Ok(millis.map(time))
}

pub(in crate::store) fn time(millis: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(millis)
}

#[cfg(test)]
fn several(tx: &Transaction<'_>, sql: &str) -> Result<Vec<OwnMailbox>, StoreError> {
    read_all(tx.prepare_cached(sql)?.query([])?)
}

fn read_all(mut rows: Rows<'_>) -> Result<Vec<OwnMailbox>, StoreError> {
    let mut mailboxes = Vec::new();
    while let Some(row) = rows.next()? {
        mailboxes.push(OwnMailbox::of(row)?);
    }
    Ok(mailboxes)
}

pub(crate) fn by_id(tx: &Transaction<'_>, id: &MailboxId) -> Result<Option<OwnMailbox>, StoreError> {
    let mut statement = tx.prepare_cached(&format!("{SELECT} WHERE mailbox = ?1"))?;
    let mut rows = statement.query([id.as_bytes()])?;
    rows.next()?.map(OwnMailbox::of).transpose()
}

pub(crate) fn by_row(tx: &Transaction<'_>, row: i64) -> Result<Option<OwnMailbox>, StoreError> {
    let mut statement = tx.prepare_cached(&format!("{SELECT} WHERE mailboxes.id = ?1"))?;
    let mut rows = statement.query([row])?;
    rows.next()?.map(OwnMailbox::of).transpose()
}

/// A mailbox that is collected.
pub(crate) struct Collected {
    pub(crate) row: i64,
    card: Option<i64>,
    pub(crate) relay: RelayId,
    /// Whose messages come there; those of a front door, or a spare, are nobody's.
    pub(crate) contact: Option<ContactId>,
    generation: u32,
    /// Whether the contact may know of it.
    named: bool,
}

impl Collected {
    /// Whether strangers can find it.
    pub(crate) const fn is_door(&self) -> bool {
        self.card.is_some()
    }

    /// As one of its conversation's.
    pub(crate) const fn held(&self) -> Held<i64> {
        Held { key: self.row, generation: self.generation, named: self.named }
    }

    /// The connection that it is collected on: a front door on one of its own.
    pub(crate) fn group(&self) -> Group {
        self.card.map_or(Group::Pairwise(self.relay, self.row / TOGETHER), |card| Group::FrontDoor(self.relay, card))
    }
}

pub(crate) fn collected(tx: &Transaction<'_>) -> Result<Vec<Collected>, StoreError> {
    let sql = "SELECT id, card, relay, contact, generation, announces IS NULL OR used IS NOT NULL
               FROM mailboxes WHERE opened IS NOT NULL AND closing <> 1";
    let mut statement = tx.prepare_cached(sql)?;
    let collected = |row: &Row<'_>| {
        let (relay, contact) = (RelayId(row.get(2)?), row.get::<_, Option<i64>>(3)?.map(ContactId));
        let (generation, named) = (row.get(4)?, row.get(5)?);
        Ok(Collected { row: row.get(0)?, card: row.get(1)?, relay, contact, generation, named })
    };
    let rows = statement.query_map([], collected)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The newest mailbox of a conversation.
pub(crate) fn newest_of(tx: &Transaction<'_>, contact: ContactId) -> Result<Option<OwnMailbox>, StoreError> {
    let sql = format!("{SELECT} WHERE contact = ?1 ORDER BY generation DESC LIMIT 1");
    first(tx, &sql, contact.0)
}

/// The newest mailbox of a conversation that the relay has opened: the one to name to the contact.
pub(crate) fn newest_open_of(tx: &Transaction<'_>, contact: ContactId) -> Result<Option<OwnMailbox>, StoreError> {
    let sql =
        format!("{SELECT} WHERE contact = ?1 AND opened IS NOT NULL AND closing = 0 ORDER BY generation DESC LIMIT 1");
    first(tx, &sql, contact.0)
}

/// The front door of a card.
pub(crate) fn front_door_of(tx: &Transaction<'_>, card: i64) -> Result<Option<OwnMailbox>, StoreError> {
    first(tx, &format!("{SELECT} WHERE card = ?1"), card)
}

fn first(tx: &Transaction<'_>, sql: &str, key: i64) -> Result<Option<OwnMailbox>, StoreError> {
    let mut statement = tx.prepare_cached(sql)?;
    let mut rows = statement.query([key])?;
    rows.next()?.map(OwnMailbox::of).transpose()
}

pub(crate) fn set_opened(tx: &Transaction<'_>, row: i64, today: Day) -> Result<(), StoreError> {
    tx.execute("UPDATE mailboxes SET opened = ?2 WHERE id = ?1 AND opened IS NULL", params![row, InDays(today)])?;
    Ok(())
}

/// The relay does not know it: it lapsed, and is to be opened again, unless that was asked for.
pub(crate) fn set_lapsed(tx: &Transaction<'_>, row: i64) -> Result<(), StoreError> {
    tx.execute("UPDATE mailboxes SET opened = NULL WHERE id = ?1 AND closing = 0", [row])?;
    Ok(())
}

pub(crate) fn set_used(tx: &Transaction<'_>, row: i64, today: Day) -> Result<(), StoreError> {
    let mut statement = tx.prepare_cached("UPDATE mailboxes SET used = ?2 WHERE id = ?1 AND used IS NULL")?;
    statement.execute(params![row, InDays(today)])?;
    Ok(())
}

/// All that lay there has been collected.
pub(crate) fn set_drained(tx: &Transaction<'_>, row: i64, today: Day) -> Result<(), StoreError> {
    let mut statement = tx.prepare_cached("UPDATE mailboxes SET drained = ?2 WHERE id = ?1")?;
    statement.execute(params![row, InDays(today)])?;
    Ok(())
}

/// From now on the mailboxes of a contact are not collected, and are to be closed.
pub(crate) fn close_all_of(tx: &Transaction<'_>, contact: ContactId) -> Result<(), StoreError> {
    tx.execute("UPDATE mailboxes SET closing = 1, due = 0 WHERE contact = ?1", [contact.0])?;
    Ok(())
}

/// Forgets a mailbox that is closed.
pub(crate) fn remove(tx: &Transaction<'_>, row: i64) -> Result<(), StoreError> {
    tx.execute("DELETE FROM mailboxes WHERE id = ?1", [row])?;
    Ok(())
}

pub(crate) fn count_open(tx: &Transaction<'_>) -> Result<u64, StoreError> {
    let sql = "SELECT count(*) FROM mailboxes WHERE opened IS NOT NULL AND closing = 0";
    Ok(tx.query_row(sql, [], |row| row.get(0)).optional()?.unwrap_or_default())
}
