//! One's own number in the directory: what is to be listed, by which key, and how it stands.

use rusqlite::{OptionalExtension, Row, Transaction, params};
use sealpost_wire::EntryKey;
use sealpost_wire::directory::{BucketPrefix, Epoch, SignedAttestation, SignedVoucher, Tag};
use sealpost_wire::operator::OperatorKey;
use sealpost_wire::time::Day;

use super::StoreError;
use super::numbers::NumberHash;
use super::value::{Cbor, InDays};

/// That a number is to be listed, and the row of the card that it leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Publication {
    pub(crate) number: NumberHash,
    pub(crate) card: i64,
}

/// One's own entry in one epoch, from when its key was made.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) epoch: Epoch,
    pub(crate) number: NumberHash,
    /// What replaces and withdraws it.
    pub(crate) key: EntryKey,
    /// The attester's word, and the day on which the number was proved.
    pub(crate) proof: Option<(SignedAttestation, Day)>,
    /// Where it may stand, from before it was published for the first time.
    pub(crate) place: Option<Place>,
    /// What the directory said last, and when.
    pub(crate) standing: Option<(Standing, Day)>,
    /// Something has changed since that the directory is to be told.
    pub(crate) changed: bool,
}

/// Where an entry stands in its epoch.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) prefix: BucketPrefix,
    pub(crate) tag: Tag,
}

/// What the directory says of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Listed,
    /// Listed until somebody else's may replace it on that day.
    Contested(Day),
    /// From that day on it may replace somebody else's.
    Waiting(Day),
    /// The bucket has no room.
    Full,
}

impl Standing {
    fn columns(self) -> (i64, Option<Day>) {
        match self {
            Self::Listed => (0, None),
            Self::Contested(day) => (1, Some(day)),
            Self::Waiting(day) => (2, Some(day)),
            Self::Full => (3, None),
        }
    }

    fn of(number: i64, day: Option<Day>) -> Result<Self, StoreError> {
        match (number, day) {
            (0, None) => Ok(Self::Listed),
            (1, Some(day)) => Ok(Self::Contested(day)),
            (2, Some(day)) => Ok(Self::Waiting(day)),
            (3, None) => Ok(Self::Full),
            _ => Err(StoreError::Row),
        }
    }
}

impl Entry {
    fn of(row: &Row<'_>) -> Result<Self, StoreError> {
        let day = |name: &str| row.get::<_, Option<InDays>>(name).map(|day| day.map(|InDays(day)| day));
        let attestation = row.get::<_, Option<Cbor<SignedAttestation>>>("attestation")?.map(|Cbor(word)| word);
        let (prefix, tag): (Option<u32>, Option<[u8; 16]>) = (row.get("prefix")?, row.get("tag")?);
        let standing: Option<i64> = row.get("standing")?;
        let until = day("until")?;
        let standing = standing.map(|number| Standing::of(number, until)).transpose()?;
        Ok(Self {
            epoch: Epoch(row.get("epoch")?),
            number: row.get("number")?,
            key: EntryKey::new(row.get("key")?),
            proof: attestation.zip(day("proved")?),
            place: prefix
                .zip(tag)
                .map(|(prefix, tag)| Place { prefix: BucketPrefix(prefix), tag: Tag::from_bytes(tag) }),
            standing: standing.zip(day("published")?),
            changed: row.get("changed")?,
        })
    }
}

pub(crate) fn publication(tx: &Transaction<'_>) -> Result<Option<Publication>, StoreError> {
    let read = |row: &Row<'_>| Ok(Publication { number: row.get(0)?, card: row.get(1)? });
    Ok(tx.query_row("SELECT number, card FROM publication", [], read).optional()?)
}

pub(crate) fn publish(tx: &Transaction<'_>, publication: &Publication) -> Result<(), StoreError> {
    let sql = "INSERT INTO publication (one, number, card) VALUES (1, ?1, ?2)";
    tx.execute(sql, params![publication.number, publication.card])?;
    Ok(())
}

pub(crate) fn unpublish(tx: &Transaction<'_>) -> Result<(), StoreError> {
    tx.execute("DELETE FROM publication", [])?;
    Ok(())
}

const COLUMNS: &str = "epoch, number, key, attestation, proved, prefix, tag, standing, until, published, changed";

/// The entries of all numbers and epochs.
pub(crate) fn all(tx: &Transaction<'_>) -> Result<Vec<Entry>, StoreError> {
    let mut statement = tx.prepare_cached(&format!("SELECT {COLUMNS} FROM entries ORDER BY epoch, number"))?;
    let mut rows = statement.query([])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(Entry::of(row)?);
    }
    Ok(entries)
}

/// The entries of a number, by epoch.
pub(crate) fn of_number(tx: &Transaction<'_>, number: NumberHash) -> Result<Vec<Entry>, StoreError> {
    Ok(all(tx)?.into_iter().filter(|entry| entry.number == number).collect())
}

/// The entry of a number in an epoch, with a key of its own, made now if there is none.
pub(crate) fn ensure(
    tx: &Transaction<'_>,
    epoch: Epoch,
    number: NumberHash,
    fresh: &EntryKey,
) -> Result<Entry, StoreError> {
    let sql = "INSERT INTO entries (epoch, number, key) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    tx.execute(sql, params![epoch.0, number, fresh.expose()])?;
    of_number(tx, number)?.into_iter().find(|entry| entry.epoch == epoch).ok_or(StoreError::Row)
}

/// Keeps the attester's word, or drops one that counts no more. The directory is to be told.
pub(crate) fn set_proof(
    tx: &Transaction<'_>,
    epoch: Epoch,
    number: NumberHash,
    proof: Option<(&SignedAttestation, Day)>,
) -> Result<(), StoreError> {
    let (attestation, proved) = (proof.map(|(word, _)| Cbor(word)), proof.map(|(_, day)| InDays(day)));
    tx.execute(
        "UPDATE entries SET attestation = ?3, proved = ?4, changed = 1 WHERE epoch = ?1 AND number = ?2",
        params![epoch.0, number, attestation, proved],
    )?;
    Ok(())
}

/// Remembers where an entry may stand from now on, before it is sent there.
pub(crate) fn set_place(
    tx: &Transaction<'_>,
    epoch: Epoch,
    number: NumberHash,
    place: &Place,
) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE entries SET prefix = ?3, tag = ?4 WHERE epoch = ?1 AND number = ?2",
        params![epoch.0, number, place.prefix.0, place.tag.as_bytes()],
    )?;
    Ok(())
}

pub(crate) fn set_standing(
    tx: &Transaction<'_>,
    epoch: Epoch,
    number: NumberHash,
    standing: Standing,
    today: Day,
) -> Result<(), StoreError> {
    let (standing, until) = standing.columns();
    tx.execute(
        "UPDATE entries SET standing = ?3, until = ?4, published = ?5, changed = 0 WHERE epoch = ?1 AND number = ?2",
        params![epoch.0, number, standing, until.map(InDays), InDays(today)],
    )?;
    Ok(())
}

/// The entry was withdrawn: its key goes with it.
pub(crate) fn remove(tx: &Transaction<'_>, epoch: Epoch, number: NumberHash) -> Result<(), StoreError> {
    tx.execute("DELETE FROM entries WHERE epoch = ?1 AND number = ?2", params![epoch.0, number])?;
    Ok(())
}

/// Keeps the right to have a key service evaluate, in the place of a former one.
pub(crate) fn set_voucher(
    tx: &Transaction<'_>,
    epoch: Epoch,
    service: &OperatorKey,
    voucher: &SignedVoucher,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO vouchers (epoch, service, voucher) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET voucher = excluded.voucher",
        params![epoch.0, service.as_bytes(), Cbor(voucher)],
    )?;
    Ok(())
}

/// The right to have a key service evaluate in an epoch.
pub(crate) fn voucher(
    tx: &Transaction<'_>,
    epoch: Epoch,
    service: &OperatorKey,
) -> Result<Option<SignedVoucher>, StoreError> {
    let sql = "SELECT voucher FROM vouchers WHERE epoch = ?1 AND service = ?2";
    let voucher = tx.query_row(sql, params![epoch.0, service.as_bytes()], |row| row.get(0)).optional()?;
    Ok(voucher.map(|Cbor(voucher)| voucher))
}

/// Erases everything of epochs before `first` and after `last`.
pub(crate) fn erase_beyond(tx: &Transaction<'_>, first: Epoch, last: Epoch) -> Result<(), StoreError> {
    tx.execute("DELETE FROM entries WHERE epoch NOT BETWEEN ?1 AND ?2", [first.0, last.0])?;
    tx.execute("DELETE FROM vouchers WHERE epoch NOT BETWEEN ?1 AND ?2", [first.0, last.0])?;
    Ok(())
}

pub(crate) fn erase_all(tx: &Transaction<'_>) -> Result<(), StoreError> {
    Ok(tx.execute_batch("DELETE FROM publication; DELETE FROM entries; DELETE FROM vouchers;")?)
}
