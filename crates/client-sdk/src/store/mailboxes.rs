//! One's own mailboxes.

use rusqlite::{OptionalExtension, Row, Transaction, params};
use sealpost_crypto::{OuterKey, ReturnAddress};
use sealpost_wire::request::MailboxKind;
use sealpost_wire::time::Day;
use sealpost_wire::{Address, CollectKey, DepositKey, MailboxId, RelayRef};

use super::StoreError;
use super::value::InDays;
use crate::contact::ContactId;

/// A mailbox of one's own.
#[derive(Clone)]
pub(crate) struct OwnMailbox {
    pub(crate) row: i64,
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
    FrontDoor(i64),
    /// So manieth group of pairwise mailboxes.
    Pairwise(i64),
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
}

impl OwnMailbox {
    pub(crate) fn id(&self) -> MailboxId {
        MailboxId::of(&self.deposit, &self.collect.hash())
    }

    pub(crate) fn address(&self, relay: &RelayRef) -> Address {
        Address { relay: relay.clone(), deposit: self.deposit.clone(), collect: self.collect.hash() }
    }

    /// How a pairwise mailbox is named to the contact that it is for.
    pub(crate) fn return_address(&self, relay: &RelayRef) -> Option<ReturnAddress> {
        let Purpose::Pairwise { generation, outer, .. } = &self.purpose else { return None };
        Some(ReturnAddress { address: self.address(relay), generation: *generation, outer: outer.clone() })
    }

    pub(crate) const fn kind(&self) -> MailboxKind {
        match self.purpose {
            Purpose::FrontDoor { .. } => MailboxKind::FrontDoor,
            Purpose::Pairwise { .. } => MailboxKind::Pairwise,
        }
    }

    fn of(row: &Row<'_>) -> Result<Self, StoreError> {
        let card: Option<i64> = row.get("card")?;
        let day = |name: &str| row.get::<_, Option<InDays>>(name).map(|day| day.map(|InDays(day)| day));
        Ok(Self {
            row: row.get("id")?,
            deposit: DepositKey::new(row.get("deposit")?),
            collect: CollectKey::new(row.get("collect")?),
            purpose: card.map_or_else(|| pairwise(row), |card| Ok(Purpose::FrontDoor { card }))?,
            opened: day("opened")?,
            closing: row.get("closing")?,
        })
    }
}

fn pairwise(row: &Row<'_>) -> Result<Purpose, StoreError> {
    Ok(Purpose::Pairwise {
        contact: ContactId(row.get("contact")?),
        generation: row.get("generation")?,
        outer: OuterKey::new(row.get("outer_key")?),
    })
}

const COLUMNS: &str = "id, deposit, collect, card, contact, generation, outer_key, opened, closing";

/// Remembers a mailbox that is to be opened.
pub(crate) fn add(
    tx: &Transaction<'_>,
    deposit: &DepositKey,
    collect: &CollectKey,
    purpose: &Purpose,
) -> Result<(), StoreError> {
    let (card, contact, generation, outer) = match purpose {
        Purpose::FrontDoor { card } => (Some(*card), None, 0, None),
        Purpose::Pairwise { contact, generation, outer } => (None, Some(contact.0), *generation, Some(*outer.expose())),
    };
    let mailbox = MailboxId::of(deposit, &collect.hash());
    tx.execute(
        "INSERT INTO mailboxes (mailbox, deposit, collect, card, contact, generation, outer_key)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![mailbox.as_bytes(), deposit.expose(), collect.expose(), card, contact, generation, outer],
    )?;
    Ok(())
}

pub(crate) fn all(tx: &Transaction<'_>) -> Result<Vec<OwnMailbox>, StoreError> {
    several(tx, &format!("SELECT {COLUMNS} FROM mailboxes ORDER BY id"))
}

/// Front doors, and pairwise mailboxes that are to be opened or closed.
pub(crate) fn to_keep_up(tx: &Transaction<'_>) -> Result<Vec<OwnMailbox>, StoreError> {
    let sql = "card IS NOT NULL OR opened IS NULL OR closing = 1";
    several(tx, &format!("SELECT {COLUMNS} FROM mailboxes WHERE {sql} ORDER BY id"))
}

fn several(tx: &Transaction<'_>, sql: &str) -> Result<Vec<OwnMailbox>, StoreError> {
    let mut statement = tx.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut mailboxes = Vec::new();
    while let Some(row) = rows.next()? {
        mailboxes.push(OwnMailbox::of(row)?);
    }
    Ok(mailboxes)
}

pub(crate) fn by_row(tx: &Transaction<'_>, row: i64) -> Result<Option<OwnMailbox>, StoreError> {
    let mut statement = tx.prepare_cached(&format!("SELECT {COLUMNS} FROM mailboxes WHERE id = ?1"))?;
    let mut rows = statement.query([row])?;
    rows.next()?.map(OwnMailbox::of).transpose()
}

/// A mailbox that is collected.
pub(crate) struct Collected {
    pub(crate) row: i64,
    card: Option<i64>,
}

impl Collected {
    /// The connection that it is collected on: a front door on one of its own.
    pub(crate) fn group(&self) -> Group {
        self.card.map_or(Group::Pairwise(self.row / TOGETHER), Group::FrontDoor)
    }
}

pub(crate) fn collected(tx: &Transaction<'_>) -> Result<Vec<Collected>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT id, card FROM mailboxes WHERE opened IS NOT NULL AND closing = 0")?;
    let rows = statement.query_map([], |row| Ok(Collected { row: row.get(0)?, card: row.get(1)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The newest mailbox of a conversation.
pub(crate) fn newest_of(tx: &Transaction<'_>, contact: ContactId) -> Result<Option<OwnMailbox>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM mailboxes WHERE contact = ?1 ORDER BY generation DESC LIMIT 1");
    first(tx, &sql, contact.0)
}

/// The newest mailbox of a conversation that the relay has opened: the one to name to the contact.
pub(crate) fn newest_open_of(tx: &Transaction<'_>, contact: ContactId) -> Result<Option<OwnMailbox>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM mailboxes WHERE contact = ?1 AND opened IS NOT NULL AND closing = 0
         ORDER BY generation DESC LIMIT 1"
    );
    first(tx, &sql, contact.0)
}

/// The front door of a card.
pub(crate) fn front_door_of(tx: &Transaction<'_>, card: i64) -> Result<Option<OwnMailbox>, StoreError> {
    first(tx, &format!("SELECT {COLUMNS} FROM mailboxes WHERE card = ?1"), card)
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

/// The relay does not know it: it lapsed, and is to be opened again.
pub(crate) fn set_lapsed(tx: &Transaction<'_>, row: i64) -> Result<(), StoreError> {
    tx.execute("UPDATE mailboxes SET opened = NULL WHERE id = ?1", [row])?;
    Ok(())
}

pub(crate) fn set_used(tx: &Transaction<'_>, row: i64, today: Day) -> Result<(), StoreError> {
    let mut statement = tx.prepare_cached("UPDATE mailboxes SET used = ?2 WHERE id = ?1 AND used IS NULL")?;
    statement.execute(params![row, InDays(today)])?;
    Ok(())
}

/// From now on the mailboxes of a contact are not collected, and are to be closed.
pub(crate) fn close_all_of(tx: &Transaction<'_>, contact: ContactId) -> Result<(), StoreError> {
    tx.execute("UPDATE mailboxes SET closing = 1 WHERE contact = ?1", [contact.0])?;
    Ok(())
}

/// Marks older mailboxes of conversations whose next one was first used on `day` or before.
pub(crate) fn close_superseded(tx: &Transaction<'_>, day: Day) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE mailboxes SET closing = 1 WHERE contact IS NOT NULL AND closing = 0 AND EXISTS (
             SELECT 1 FROM mailboxes AS next WHERE next.contact = mailboxes.contact
             AND next.generation > mailboxes.generation AND next.used <= ?1)",
        [InDays(day)],
    )?;
    Ok(())
}

/// Forgets a mailbox that is closed.
pub(crate) fn remove(tx: &Transaction<'_>, row: i64) -> Result<(), StoreError> {
    tx.execute("DELETE FROM mailboxes WHERE id = ?1", [row])?;
    Ok(())
}

/// Conversations whose newest mailbox was opened on `day` or before and has been used since: they need a fresh one.
pub(crate) fn due_for_rotation(tx: &Transaction<'_>, day: Day) -> Result<Vec<ContactId>, StoreError> {
    let mut statement = tx.prepare_cached(
        "SELECT contact FROM mailboxes AS newest WHERE contact IS NOT NULL AND closing = 0
         AND opened <= ?1 AND used IS NOT NULL AND NOT EXISTS (
             SELECT 1 FROM mailboxes WHERE contact = newest.contact AND generation > newest.generation)",
    )?;
    let rows = statement.query_map([InDays(day)], |row| row.get(0).map(ContactId))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(crate) fn count_open(tx: &Transaction<'_>) -> Result<u64, StoreError> {
    let sql = "SELECT count(*) FROM mailboxes WHERE opened IS NOT NULL AND closing = 0";
    Ok(tx.query_row(sql, [], |row| row.get(0)).optional()?.unwrap_or_default())
}
