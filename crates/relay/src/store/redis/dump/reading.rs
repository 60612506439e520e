//! Reading a store object by object.

use std::collections::BTreeMap;

use redis::{Value, cmd};
use sealpost_wire::directory::Epoch;
use sealpost_wire::request::MailboxKind;
use sealpost_wire::time::{Day, Hour};
use sealpost_wire::{AtRest, CollectHash, EnvelopeId, MailboxId, SealedItem, ShelfId, StockHash};

use super::{Failed, Store, object};
use crate::store::dump::{DumpError, Record, Taker};
use crate::store::redis::answer::{Fault, bytes, list, optional_bytes, text};
use crate::store::redis::keys::Tag;

/// Envelopes that are read at a time.
const PAGE: usize = 64;
/// Rows of a hash that are read at a time.
const ROWS: usize = 512;

impl Store {
    /// Mailboxes and shelves under one tag that are of use at `now`.
    pub(super) async fn objects(&self, tag: &Tag, now: Hour, take: Taker<'_>) -> Result<(), Failed> {
        let leased = self.ask(tag, cmd("ZRANGE").arg(tag.key("l")).arg(0).arg(-1)).await?;
        for object in list(leased)? {
            let object = bytes(object)?;
            match object.split_first_chunk::<1>() {
                Some((b"m", id)) => self.mailbox(tag, id, now, take).await?,
                Some((b"s", id)) => self.shelf(tag, id, now, take).await?,
                _ => return Err(DumpError::Store),
            }
        }
        Ok(())
    }

    async fn mailbox(&self, tag: &Tag, id: &[u8], now: Hour, take: Taker<'_>) -> Result<(), Failed> {
        let fields = pairs(self.ask(tag, cmd("HGETALL").arg(object(tag, id, "m"))).await?)?;
        let Some((mailbox, mut lying)) = read_mailbox(id, &fields)? else { return Ok(()) };
        let id = match &mailbox {
            Record::Mailbox { id, .. } => *id,
            _ => return Err(DumpError::Store),
        };
        if !mailbox.is_live(now) {
            return Ok(());
        }
        take(mailbox).map_err(DumpError::Archive)?;
        lying.sort_unstable_by_key(|place| place.sequence);
        for page in lying.chunks(PAGE) {
            let mut command = cmd("HMGET");
            command.arg(object(tag, id.as_bytes(), "b"));
            page.iter().for_each(|place| {
                command.arg(place.id.as_bytes());
            });
            for (place, sealed) in page.iter().zip(list(self.ask(tag, &command).await?)?) {
                // One that was acknowledged meanwhile is gone.
                let Some(sealed) = optional_bytes(sealed)? else { continue };
                let sealed = AtRest::new(sealed.into()).ok_or(DumpError::Store)?;
                let envelope = Record::Envelope { mailbox: id, id: place.id, expires: place.expires, sealed };
                take(envelope).map_err(DumpError::Archive)?;
            }
        }
        Ok(())
    }

    async fn shelf(&self, tag: &Tag, id: &[u8], now: Hour, take: Taker<'_>) -> Result<(), Failed> {
        let fields = pairs(self.ask(tag, cmd("HGETALL").arg(object(tag, id, "s"))).await?)?;
        let shelf = ShelfId::from_bytes(id.try_into().map_err(|_| DumpError::Store)?);
        let (Some(stock), Some(lease)) = (fields.get(&b"h"[..]), fields.get(&b"l"[..])) else { return Ok(()) };
        let stock = StockHash::from_bytes(stock.as_slice().try_into().map_err(|_| DumpError::Store)?);
        let lease = Day(decimal(lease)?);
        let record = Record::Shelf { id: shelf, stock, lease };
        if !record.is_live(now) {
            return Ok(());
        }
        take(record).map_err(DumpError::Archive)?;
        let items = list(self.ask(tag, cmd("LRANGE").arg(object(tag, id, "t")).arg(0).arg(-1)).await?)?;
        let items = items.into_iter().map(bytes).collect::<Result<Vec<_>, _>>()?;
        let last = fields.get(&b"z"[..]).cloned();
        for (item, is_last) in items.into_iter().map(|item| (item, false)).chain(last.map(|last| (last, true))) {
            let item = SealedItem::new(item.into()).ok_or(DumpError::Store)?;
            take(Record::Item { shelf, is_last, item }).map_err(DumpError::Archive)?;
        }
        Ok(())
    }

    pub(super) async fn spent(&self, tag: &Tag, take: Taker<'_>) -> Result<(), Failed> {
        for day in list(self.ask(tag, cmd("ZRANGE").arg(tag.key("q")).arg(0).arg(-1)).await?)? {
            let until = Day(decimal(&bytes(day)?)?);
            let key = tag.key(&format!("p{}", until.0));
            self.scan(tag, &key, &mut |id, request| {
                take(Record::Spent { id: id.into(), until, request: request.into() })
            })
            .await?;
        }
        Ok(())
    }

    pub(super) async fn epochs(&self, take: Taker<'_>) -> Result<(), Failed> {
        let noted = self.keys.epochs();
        for number in list(self.ask(&noted, cmd("SMEMBERS").arg(noted.key("n"))).await?)? {
            let epoch = Epoch(text(number)?.parse().map_err(|_| DumpError::Store)?);
            let tag = self.keys.epoch(epoch);
            let Some(state) = optional_bytes(self.ask(&tag, cmd("GET").arg(tag.key("e"))).await?)? else { continue };
            take(Record::Epoch { epoch, state: state.into() }).map_err(DumpError::Archive)?;
            let entry = |key: Vec<u8>, row: Vec<u8>| Record::Entry { epoch, key: key.into(), row: row.into() };
            self.scan(&tag, &tag.key("h"), &mut |key, row| take(entry(key, row))).await?;
            let claim = |key: Vec<u8>, row: Vec<u8>| Record::Claim { epoch, key: key.into(), row: row.into() };
            self.scan(&tag, &tag.key("c"), &mut |key, row| take(claim(key, row))).await?;
        }
        Ok(())
    }

    /// All fields of a hash, which may be long, each at least once.
    async fn scan(
        &self,
        tag: &Tag,
        key: &str,
        each: &mut (dyn FnMut(Vec<u8>, Vec<u8>) -> std::io::Result<()> + '_),
    ) -> Result<(), Failed> {
        let mut cursor = b"0".to_vec();
        loop {
            let part = self.ask(tag, cmd("HSCAN").arg(key).arg(&cursor).arg("COUNT").arg(ROWS)).await?;
            let mut part = list(part)?.into_iter();
            cursor = bytes(part.next().ok_or(DumpError::Store)?)?;
            for (field, value) in pairs(part.next().ok_or(DumpError::Store)?)? {
                each(field, value).map_err(DumpError::Archive)?;
            }
            if cursor == b"0" {
                return Ok(());
            }
        }
    }
}

/// Where an envelope lies.
pub(super) struct Place {
    pub(super) id: EnvelopeId,
    pub(super) sequence: u64,
    expires: Hour,
    pub(super) length: usize,
}

impl Place {
    /// Reads a field of a mailbox.
    pub(super) fn read(id: [u8; 16], field: &[u8]) -> Result<Self, Failed> {
        let mut numbers = str::from_utf8(field).map_err(|_| DumpError::Store)?.split(' ');
        let mut next = || numbers.next().and_then(|number| number.parse::<u64>().ok()).ok_or(DumpError::Store);
        let (sequence, hour, length) = (next()?, next()?, next()?);
        let expires = Hour(u32::try_from(hour).map_err(|_| DumpError::Store)?);
        let length = usize::try_from(length).map_err(|_| DumpError::Store)?;
        Ok(Self { id: EnvelopeId::from_bytes(id), sequence, expires, length })
    }
}

/// A mailbox and what lies in it, by its fields; none where there is none any more.
fn read_mailbox(id: &[u8], fields: &BTreeMap<Vec<u8>, Vec<u8>>) -> Result<Option<(Record, Vec<Place>)>, Failed> {
    let field = |name: &[u8]| fields.get(name);
    let (Some(collect), Some(kind), Some(lease)) = (field(b"h"), field(b"k"), field(b"l")) else { return Ok(None) };
    let kind = if kind == b"0" { MailboxKind::FrontDoor } else { MailboxKind::Pairwise };
    let mailbox = Record::Mailbox {
        id: MailboxId::from_bytes(id.try_into().map_err(|_| DumpError::Store)?),
        collect: CollectHash::from_bytes(collect.as_slice().try_into().map_err(|_| DumpError::Store)?),
        kind,
        lease: Day(decimal(lease)?),
    };
    let lying = fields.iter().filter_map(|(id, place)| Some((id.as_slice().try_into().ok()?, place)));
    let places = lying.map(|(id, place)| Place::read(id, place)).collect::<Result<_, _>>()?;
    Ok(Some((mailbox, places)))
}

pub(super) fn pairs(value: Value) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, Fault> {
    match value {
        Value::Map(pairs) => pairs.into_iter().map(|(field, value)| Ok((bytes(field)?, bytes(value)?))).collect(),
        value => {
            let mut values = list(value)?.into_iter();
            let mut pairs = BTreeMap::new();
            while let (Some(field), Some(value)) = (values.next(), values.next()) {
                pairs.insert(bytes(field)?, bytes(value)?);
            }
            Ok(pairs)
        }
    }
}

fn decimal(bytes: &[u8]) -> Result<u32, Failed> {
    str::from_utf8(bytes).ok().and_then(|text| text.parse().ok()).ok_or(DumpError::Store)
}
