//! One's own cards: their shelves, the keys of their front doors, the private halves of what lies on them.

use rand::{CryptoRng, Rng};
use rusqlite::{OptionalExtension, Row, Transaction, params};
use sealpost_crypto::{DoorSecret, PrekeyId, PrivatePrekey, UsedPrekey};
use sealpost_identity::{CardRef, CardSeed, IdentityHash};
use sealpost_wire::time::Day;
use sealpost_wire::{RelayRef, Secret, StockKey};

use super::StoreError;
use super::relays::RelayId;
use super::value::{Cbor, InDays};

/// To whom a card of one's own is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CardKind {
    /// To contacts, inside the seal.
    Inner,
    /// To anyone, as a link or a QR code.
    Shown,
    /// To those who look for one's number.
    Directory,
}

/// A card of one's own, with what stocks its shelf.
#[derive(Clone)]
pub(crate) struct OwnCard {
    pub(crate) row: i64,
    /// Where its shelf and front door are.
    pub(crate) relay: RelayRef,
    pub(crate) kind: CardKind,
    pub(crate) seed: CardSeed,
    pub(crate) stock: StockKey,
    /// Whether the relay has opened the shelf.
    pub(crate) opened: bool,
    /// When all of its items were made anew.
    pub(crate) renewed: Option<Day>,
    /// How many one-time items lay there when that was last asked.
    pub(crate) counted: Option<u16>,
    /// Another card has taken its place; it is kept until what leads to it is over.
    pub(crate) retired: bool,
    /// Its shelf is being closed.
    pub(crate) closing: bool,
}

impl OwnCard {
    /// What others are given.
    pub(crate) fn card(&self, identity: IdentityHash) -> CardRef {
        CardRef { relay: self.relay.clone(), seed: self.seed.clone(), stock: self.stock.hash(), identity }
    }

    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            row: row.get("id")?,
            relay: row.get("reference").map(|Cbor(relay)| relay)?,
            kind: CardKind::of(row.get("published")?)?,
            seed: CardSeed::new(Secret::new(row.get("seed")?)),
            stock: StockKey::new(row.get("stock")?),
            opened: row.get("opened")?,
            renewed: row.get::<_, Option<InDays>>("renewed")?.map(|InDays(day)| day),
            counted: row.get("counted")?,
            retired: row.get::<_, Option<i64>>("retired")?.is_some(),
            closing: row.get("closing")?,
        })
    }
}

impl CardKind {
    const fn number(self) -> i64 {
        match self {
            Self::Inner => 0,
            Self::Shown => 1,
            Self::Directory => 2,
        }
    }

    const fn of(number: i64) -> rusqlite::Result<Self> {
        match number {
            0 => Ok(Self::Inner),
            1 => Ok(Self::Shown),
            2 => Ok(Self::Directory),
            _ => Err(rusqlite::Error::IntegralValueOutOfRange(0, number)),
        }
    }
}

/// Adds a card, in a row whose number no other card has or had: whoever still holds one that is gone by then does not take
/// another for it.
pub(crate) fn add(
    tx: &Transaction<'_>,
    relay: RelayId,
    kind: CardKind,
    seed: &CardSeed,
    stock: &StockKey,
    rng: &mut impl CryptoRng,
) -> Result<i64, StoreError> {
    tx.execute(
        "INSERT INTO cards (id, published, seed, stock, relay) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![rng.random_range(1..i64::MAX), kind.number(), seed.secret().expose(), stock.expose(), relay.0],
    )?;
    Ok(tx.last_insert_rowid())
}

pub(crate) fn all(tx: &Transaction<'_>) -> Result<Vec<OwnCard>, StoreError> {
    let sql = "SELECT cards.id, relays.relay AS reference, published, seed, stock, opened, renewed, counted, retired,
                      closing
               FROM cards JOIN relays ON relays.id = cards.relay ORDER BY cards.id";
    let mut statement = tx.prepare_cached(sql)?;
    let rows = statement.query_map([], OwnCard::of)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The card that is shown to anyone, or the one that is given inside the seal: there is always one of each.
pub(crate) fn one(tx: &Transaction<'_>, kind: CardKind) -> Result<OwnCard, StoreError> {
    all(tx)?.into_iter().find(|card| card.kind == kind && !card.retired).ok_or(StoreError::Row)
}

pub(crate) fn by_row(tx: &Transaction<'_>, row: i64) -> Result<Option<OwnCard>, StoreError> {
    Ok(all(tx)?.into_iter().find(|card| card.row == row))
}

/// The cards that a move has left behind, and that are not being closed yet.
pub(crate) fn left_by(tx: &Transaction<'_>, left_by: i64) -> Result<Vec<OwnCard>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT id FROM cards WHERE retired = ?1 AND closing = 0")?;
    let rows: Vec<i64> = statement.query_map([left_by], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(all(tx)?.into_iter().filter(|card| rows.contains(&card.row)).collect())
}

/// Nothing more is put on the shelf.
pub(crate) fn set_closing(tx: &Transaction<'_>, row: i64) -> Result<(), StoreError> {
    tx.execute("UPDATE cards SET closing = 1 WHERE id = ?1", [row])?;
    Ok(())
}

/// Forgets a card with its front door and its keys. What the relay holds of them is to be closed by who has them.
pub(crate) fn remove(tx: &Transaction<'_>, row: i64) -> Result<(), StoreError> {
    tx.execute("DELETE FROM cards WHERE id = ?1", [row])?;
    Ok(())
}

pub(crate) fn set_opened(tx: &Transaction<'_>, row: i64) -> Result<(), StoreError> {
    tx.execute("UPDATE cards SET opened = 1 WHERE id = ?1", [row])?;
    Ok(())
}

/// The relay does not know the shelf: it is to be opened, and stocked, again.
pub(crate) fn set_lapsed(tx: &Transaction<'_>, row: i64) -> Result<(), StoreError> {
    tx.execute("UPDATE cards SET opened = 0, renewed = NULL, counted = NULL WHERE id = ?1", [row])?;
    Ok(())
}

/// The shelf was filled with fresh items.
pub(crate) fn set_renewed(tx: &Transaction<'_>, row: i64, today: Day, items: u16) -> Result<(), StoreError> {
    tx.execute("UPDATE cards SET renewed = ?2, counted = ?3 WHERE id = ?1", params![row, InDays(today), items])?;
    Ok(())
}

pub(crate) fn set_counted(tx: &Transaction<'_>, row: i64, items: u16) -> Result<(), StoreError> {
    tx.execute("UPDATE cards SET counted = ?2 WHERE id = ?1", params![row, items])?;
    Ok(())
}

/// Adds a key to a front door. It opens until `kept_until`.
pub(crate) fn add_door_key(
    tx: &Transaction<'_>,
    card: i64,
    secret: &DoorSecret,
    made: Day,
    kept_until: Day,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO door_keys (card, secret, made, kept_until) VALUES (?1, ?2, ?3, ?4)",
        params![card, secret.expose(), InDays(made), InDays(kept_until)],
    )?;
    Ok(())
}

/// The keys of a front door, the newest first, and when the newest was made.
pub(crate) fn door_keys(tx: &Transaction<'_>, card: i64) -> Result<Vec<(DoorSecret, Day)>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT secret, made FROM door_keys WHERE card = ?1 ORDER BY id DESC")?;
    let rows = statement.query_map([card], |row| {
        let InDays(made) = row.get(1)?;
        Ok((DoorSecret::new(row.get(0)?), made))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(crate) fn add_prekey(tx: &Transaction<'_>, prekey: &PrivatePrekey, kept_until: Day) -> Result<(), StoreError> {
    let mut statement = tx.prepare_cached("INSERT INTO prekeys (id, record, kept_until) VALUES (?1, ?2, ?3)")?;
    statement.execute(params![prekey.id().as_u32(), *prekey.to_bytes(), InDays(kept_until)])?;
    Ok(())
}

pub(crate) fn prekey(tx: &Transaction<'_>, id: PrekeyId) -> Result<Option<PrivatePrekey>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT record FROM prekeys WHERE id = ?1")?;
    let record: Option<Vec<u8>> = statement.query_row([id.as_u32()], |row| row.get(0)).optional()?;
    record.map(|record| PrivatePrekey::from_bytes(&record)).transpose().map_err(|_| StoreError::Row)
}

pub(crate) fn prekey_ids(tx: &Transaction<'_>) -> Result<std::collections::HashSet<PrekeyId>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT id FROM prekeys")?;
    let rows = statement.query_map([], |row| row.get(0).map(PrekeyId::from_u32))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Erases a one-time prekey that was used, or remembers the use of a last one.
pub(crate) fn use_prekey(tx: &Transaction<'_>, used: &UsedPrekey) -> Result<(), StoreError> {
    match used {
        UsedPrekey::OneTime(id) => tx.execute("DELETE FROM prekeys WHERE id = ?1", [id.as_u32()])?,
        UsedPrekey::Last { id, base_key } => {
            tx.execute("INSERT INTO prekey_uses (prekey, base_key) VALUES (?1, ?2)", params![id.as_u32(), base_key])?
        }
    };
    Ok(())
}

pub(crate) fn was_used(tx: &Transaction<'_>, used: &UsedPrekey) -> Result<bool, StoreError> {
    let UsedPrekey::Last { id, base_key } = used else { return Ok(false) };
    let sql = "SELECT 1 FROM prekey_uses WHERE prekey = ?1 AND base_key = ?2";
    Ok(tx.query_row(sql, params![id.as_u32(), base_key], |_| Ok(())).optional()?.is_some())
}

/// Erases the private halves that nothing can come for any more.
pub(crate) fn erase_expired(tx: &Transaction<'_>, today: Day) -> Result<(), StoreError> {
    tx.execute("DELETE FROM prekeys WHERE kept_until < ?1", [InDays(today)])?;
    tx.execute("DELETE FROM prekey_uses WHERE prekey NOT IN (SELECT id FROM prekeys)", [])?;
    tx.execute("DELETE FROM door_keys WHERE kept_until < ?1", [InDays(today)])?;
    Ok(())
}
