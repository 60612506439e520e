//! From each kind of store into each.

mod parts;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use sealpost_redis_stage::{Cluster, Server};
use sealpost_wire::directory::{BucketBits, BucketPrefix, BucketRead, Epoch, Slot};
use sealpost_wire::request::MailboxKind;
use sealpost_wire::time::Hour;
use sealpost_wire::{EntryHash, EnvelopeId};
use tempfile::TempDir;

use super::*;
use crate::store::contract::{Heard, NOW, OWNER, QUOTA, SHELF, at, envelope, item, items, mailbox};
use crate::store::embedded::{self, Embedded};
use crate::store::redis::{self, Durability, Rates, Redis};
use crate::store::{EpochState, Kept, NewEntry, Range, Spend, Spent, Store};

const SYNCED: &[&str] = &["--appendonly", "yes", "--appendfsync", "always"];
const EPOCH: Epoch = Epoch(222);
const SPEND: Spend = Spend { id: [1; 16], until: NOW.day(), request: [2; 16] };
const WHOLE: Filling = Filling { mark: [9; 32], part: Part::Whole };
const FIRST: Filling = Filling { mark: [1; 32], part: Part::First };
const REST: Filling = Filling { mark: [2; 32], part: Part::Rest { of: FIRST.mark } };

/// A place for a store of one kind.
enum Place {
    Files(TempDir),
    OneServer(Server),
    Several(Cluster),
}

impl Place {
    fn files() -> Self {
        Self::Files(tempfile::tempdir().unwrap())
    }

    fn one_server() -> Self {
        Self::OneServer(Server::start(SYNCED).unwrap())
    }

    fn open(&self) -> Box<dyn Store> {
        let heard = Arc::<Heard>::default();
        match self {
            Self::Files(root) => Box::new(Embedded::open(files(root.path()), heard).unwrap()),
            _ => Box::new(Redis::open(self.servers(), QUOTA, heard).unwrap()),
        }
    }

    fn servers(&self) -> redis::Options {
        let servers = match self {
            Self::Files(_) => vec![],
            Self::OneServer(server) => vec![server.address()],
            Self::Several(cluster) => cluster.addresses(),
        };
        redis::Options {
            urls: servers.iter().map(|server| format!("redis://{server}")).collect(),
            ca: None,
            user: None,
            password: None,
            namespace: "test".to_owned(),
            durability: Durability::Disk,
            rates: Rates { takes_per_hour: u32::MAX, strangers_per_hour: u32::MAX },
        }
    }

    fn dump(&self, now: Hour) -> Vec<Record> {
        collected(|take| match self {
            Self::Files(root) => embedded::dump(&files(root.path()), now, take).unwrap(),
            _ => redis::dump(&self.servers(), now, take).unwrap(),
        })
    }

    fn dump_objects(&self, now: Hour) -> Vec<Record> {
        collected(|take| match self {
            Self::Files(root) => embedded::dump_objects(&files(root.path()), now, take).unwrap(),
            _ => redis::dump_objects(&self.servers(), now, take).unwrap(),
        })
    }

    /// Whether the store was filled, or why not.
    fn fill(&self, records: &[Record]) -> Result<(), String> {
        self.fill_with(&WHOLE, records.iter().cloned().map(Ok))?;
        self.adopt();
        Ok(())
    }

    fn fill_with(&self, filling: &Filling, records: impl Iterator<Item = io::Result<Record>>) -> Result<(), String> {
        let mut records = records;
        let give: Giver<'_> = &mut || records.next().transpose();
        match self {
            Self::Files(root) => embedded::fill(&files(root.path()), filling, give).map_err(|error| error.to_string()),
            _ => redis::fill(&self.servers(), filling, give).map_err(|error| error.to_string()),
        }
    }

    fn adopt(&self) {
        match self {
            Self::Files(root) => embedded::adopt(&files(root.path())).unwrap(),
            _ => redis::adopt(&self.servers()).unwrap(),
        }
    }

    fn is_half_filled(&self) -> bool {
        let heard = Arc::<Heard>::default();
        match self {
            Self::Files(root) => {
                matches!(Embedded::open(files(root.path()), heard), Err(embedded::OpenError::HalfFilled))
            }
            _ => matches!(Redis::open(self.servers(), QUOTA, heard), Err(redis::OpenError::HalfFilled)),
        }
    }
}

fn collected(dump: impl FnOnce(Taker<'_>)) -> Vec<Record> {
    let mut records = Vec::new();
    dump(&mut |record| {
        records.push(record);
        Ok(())
    });
    records
}

fn files(root: &Path) -> embedded::Options {
    embedded::Options {
        directory: root.join("store"),
        quota: QUOTA,
        index_bytes: 1 << 20,
        cache_bytes: 1 << 20,
        disk_reserve_bytes: 0,
    }
}

/// Puts something of every kind into a store: an envelope of two was acknowledged, an item of three taken.
async fn use_it(store: &dyn Store) {
    for (owner, kind) in [(OWNER, MailboxKind::Pairwise), (mailbox(5, 6), MailboxKind::FrontDoor)] {
        store.open_mailbox(owner, kind, at(NOW)).await.unwrap().unwrap();
        for number in [9, 3, 7] {
            assert_eq!(store.deposit(vec![envelope(owner, number, NOW)], NOW).await, Ok(vec![Kept::Kept]));
        }
    }
    store.acknowledge(vec![(OWNER, vec![EnvelopeId::from_bytes([3; 16])])], NOW).await.unwrap()[0].unwrap();
    store.open_shelf(SHELF, at(NOW)).await.unwrap().unwrap();
    store.stock(SHELF, items([1, 2, 3], Some(9)), at(NOW)).await.unwrap().unwrap();
    assert_eq!(store.take(SHELF, NOW).await, Ok(Some(item(1))));
    store.open_epoch(EPOCH, vec![1, 2]).await.unwrap();
    store.open_epoch(Epoch(221), vec![1]).await.unwrap();
    assert!(store.retire_epoch(Epoch(221)).await.unwrap());
    for owner in [1, 2] {
        store.publish(entry(owner), NOW.day()).await.unwrap().unwrap();
    }
    store.spend(vec![SPEND]).await.unwrap();
    store.shutdown().await.unwrap();
}

/// The entry of an owner; the second of them waits for the place of the first.
fn entry(owner: u8) -> NewEntry {
    let owner = EntryHash::from_bytes([owner; 32]);
    NewEntry {
        epoch: EPOCH,
        prefix: BucketPrefix(5),
        slot: Slot::new([7; Slot::LENGTH]),
        owner,
        proved: Some(NOW.day()),
    }
}

/// A store that was carried over is used on as the one that it came from would have been.
async fn it_goes_on(store: &dyn Store) {
    for (owner, expected) in [(OWNER, vec![9, 7]), (mailbox(5, 6), vec![9, 3, 7])] {
        let range = Range { after: 0, envelopes: 10, bytes: usize::MAX };
        let page = store.page(owner, range, at(NOW)).await.unwrap().unwrap();
        let numbers: Vec<u8> = page.envelopes.iter().map(|stored| stored.id.as_bytes()[0]).collect();
        assert_eq!(numbers, expected);
        let last = page.envelopes.last().unwrap().sequence;
        let again = store.deposit(vec![envelope(owner, 7, NOW), envelope(owner, 8, NOW)], NOW).await;
        assert_eq!(again, Ok(vec![Kept::Kept; 2]));
        let behind = store.page(owner, Range { after: last, ..range }, at(NOW)).await.unwrap().unwrap();
        assert_eq!(behind.envelopes.iter().map(|stored| stored.id.as_bytes()[0]).collect::<Vec<_>>(), [8]);
    }
    assert!(store.page(mailbox(1, 7), Range { after: 0, envelopes: 1, bytes: 1 }, at(NOW)).await.unwrap().is_err());
    for expected in [2, 3, 9, 9] {
        assert_eq!(store.take(SHELF, NOW).await, Ok(Some(item(expected))));
    }
    let epochs = store.epochs().await.unwrap();
    assert!(matches!(epochs[&Epoch(221)], EpochState::Retired));
    assert!(matches!(&epochs[&EPOCH], EpochState::Open(open) if open.descriptor == [1, 2]));
    let read = BucketRead { epoch: EPOCH, number: 0, bits: BucketBits::ONE_BUCKET };
    assert_eq!(store.bucket(read).await.unwrap().unwrap().len(), 1);
    let waiting = store.publish(entry(2), NOW.day().plus(7)).await.unwrap().unwrap();
    assert_eq!(waiting.place, crate::store::Place::Listed { contested: None });
    let other = Spend { request: [3; 16], ..SPEND };
    assert_eq!(store.spend(vec![SPEND, other]).await, Ok(vec![Spent::Before, Spent::ByAnother]));
    store.shutdown().await.unwrap();
}

/// Records by what they are of, those of one object in their order.
fn sorted(records: &[Record]) -> BTreeMap<Vec<u8>, Vec<Vec<u8>>> {
    let mut sorted = BTreeMap::<Vec<u8>, Vec<Vec<u8>>>::new();
    for record in records {
        let of = match record {
            Record::Mailbox { id, .. } | Record::Envelope { mailbox: id, .. } => id.as_bytes().to_vec(),
            Record::Shelf { id, .. } | Record::Item { shelf: id, .. } => id.as_bytes().to_vec(),
            other => sealpost_wire::to_bytes(other),
        };
        sorted.entry(of).or_default().push(sealpost_wire::to_bytes(record));
    }
    sorted
}

fn carried(from: &Place, to: &Place) {
    now(use_it(&*from.open()));
    let records = from.dump(NOW);
    assert_eq!(records.len(), 1 + 2 + 1 + 3 + 1 + 3 + 2 + 1 + 1 + 1);
    to.fill(&records).unwrap();
    to.adopt();
    assert!(sorted(&to.dump(NOW)) == sorted(&records), "it is not the same");
    // What is there is not filled again.
    assert!(to.fill(&records).unwrap_err().contains("not empty"));
    assert!(from.dump(NOW) == records, "reading has changed it");
    now(it_goes_on(&*to.open()));
}

fn now<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

#[test]
fn files_are_carried_into_files() {
    carried(&Place::files(), &Place::files());
}

#[test]
fn files_are_carried_into_redis() {
    carried(&Place::files(), &Place::one_server());
}

#[test]
fn redis_is_carried_into_files() {
    carried(&Place::one_server(), &Place::files());
}

#[test]
fn redis_is_carried_into_a_cluster_and_back() {
    let cluster = || Place::Several(Cluster::start(3, SYNCED).unwrap());
    carried(&Place::one_server(), &cluster());
    carried(&cluster(), &Place::one_server());
}

#[test]
fn what_has_expired_or_lapsed_is_left_behind() {
    let place = Place::files();
    now(use_it(&*place.open()));
    let kept = |hours| place.dump(Hour(NOW.0 + hours));
    let envelopes =
        |records: &[Record]| records.iter().filter(|record| matches!(record, Record::Envelope { .. })).count();
    assert_eq!(envelopes(&kept(336)), 5);
    assert_eq!(envelopes(&kept(337)), 0);
    let later = kept(92 * 24);
    assert!(
        !later
            .iter()
            .any(|record| matches!(record, Record::Mailbox { .. } | Record::Shelf { .. } | Record::Spent { .. }))
    );
}

/// A mailbox with a lease of that many more days, and so many envelopes.
fn full_mailbox(envelopes: u8, days: u32) -> Vec<Record> {
    let lease = NOW.day().plus(days);
    let mailbox = Record::Mailbox { id: OWNER.id, collect: OWNER.collect, kind: MailboxKind::Pairwise, lease };
    let envelope = |number: u8| Record::Envelope {
        mailbox: OWNER.id,
        id: EnvelopeId::from_bytes([number; 16]),
        expires: Hour(NOW.0 + 99),
        sealed: envelope(OWNER, number, NOW).sealed,
    };
    [mailbox].into_iter().chain((1..=envelopes).map(envelope)).collect()
}

#[test]
fn what_lies_in_a_mailbox_that_has_lapsed_is_left_behind_with_it() {
    for place in [Place::files(), Place::one_server()] {
        place.fill(&full_mailbox(2, 0)).unwrap();
        assert_eq!(place.dump(NOW).len(), 3);
        assert!(place.dump(Hour(NOW.0 + 48)).is_empty());
        assert!(place.dump_objects(Hour(NOW.0 + 48)).is_empty());
    }
}

fn broken(records: &[Record]) -> impl Iterator<Item = io::Result<Record>> {
    records.iter().cloned().map(Ok).chain([Err(io::Error::other("the archive ends"))])
}

#[test]
fn a_filling_that_was_interrupted_anywhere_goes_on_and_no_other_does() {
    let records = full_mailbox(6, 0);
    for place in [Place::files, Place::one_server] {
        for cut in 0..=records.len() {
            let place = place();
            assert!(place.fill_with(&WHOLE, broken(&records[..cut])).unwrap_err().contains("archive"));
            assert!(place.is_half_filled());
            let other = Filling { mark: [8; 32], ..WHOLE };
            assert!(place.fill_with(&other, std::iter::empty()).unwrap_err().contains("not empty"));
            assert!(place.fill_with(&REST, std::iter::empty()).unwrap_err().contains("first part"));
            place.fill(&records).unwrap();
            assert!(sorted(&place.dump(NOW)) == sorted(&records), "cut behind {cut}");
        }
    }
}

#[test]
fn a_filling_goes_on_where_it_was() {
    let place = Place::files();
    let records = full_mailbox(6, 0);
    place.fill_with(&WHOLE, broken(&records)).unwrap_err();
    // What stands in the place of the first envelope now is passed over, since that one is there.
    let mut others = records.clone();
    others[1] = full_mailbox(7, 0)[7].clone();
    place.fill(&others).unwrap();
    assert!(place.dump(NOW) == records);
}

/// Puts together what is left of a day, the long values too, as the database does by itself in time.
fn put_together(root: &TempDir) {
    let database = fjall::Database::builder(root.path().join("store").join("live")).open().unwrap();
    let names = database.list_keyspace_names().into_iter().filter(|name| name.starts_with("day-"));
    for name in names.collect::<Vec<_>>() {
        let day = database.keyspace(&name, Default::default).unwrap();
        (0..3).for_each(|_| day.major_compact().unwrap());
    }
}

#[test]
fn what_was_filled_in_two_goes_is_there_after_most_was_erased_and_the_rest_put_together() {
    let place = Place::files();
    let Place::Files(root) = &place else { unreachable!() };
    let records = full_mailbox(60, 0);
    place.fill_with(&WHOLE, broken(&records[..41])).unwrap_err();
    place.fill(&records).unwrap();
    let stays = |number: &u8| number.is_multiple_of(6);
    let gone = (1..=60).filter(|number| !stays(number)).map(|number| EnvelopeId::from_bytes([number; 16]));
    now(async {
        let store = place.open();
        store.acknowledge(vec![(OWNER, gone.collect())], NOW).await.unwrap()[0].unwrap();
        store.shutdown().await.unwrap();
    });
    put_together(root);
    let left: Vec<Record> =
        records.into_iter().enumerate().filter(|(at, _)| at % 6 == 0).map(|(_, kept)| kept).collect();
    assert!(place.dump(NOW) == left);
}

#[test]
fn of_an_erased_namespace_no_key_is_left_and_of_others_all() {
    let place = Place::one_server();
    let Place::OneServer(server) = &place else { unreachable!() };
    let mailbox =
        Record::Mailbox { id: OWNER.id, collect: OWNER.collect, kind: MailboxKind::Pairwise, lease: NOW.day() };
    place.fill(&[mailbox]).unwrap();
    server.tell(&[b"SET", b"{test2:000}l", b"another's"]).unwrap();
    redis::erase(&place.servers()).unwrap();
    assert_eq!(server.tell(&[b"KEYS", b"*"]).unwrap(), "{test2:000}l");
}
