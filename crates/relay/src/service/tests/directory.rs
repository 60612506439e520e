//! The directory, as people and operators meet it.

use std::num::NonZeroU32;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sealpost_blind::{Purpose, ServerKey};
use sealpost_server::Denial;
use sealpost_wire::codec::V1;
use sealpost_wire::directory::{
    Attestation, BucketBits, BucketPrefix, BucketRead, Epoch, SignedAttestation, Slot, Tag,
};
use sealpost_wire::manifest::{Argon2, EpochDescriptor, KeyService, KeyServiceEpoch};
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::request::{Listing, Publish, Published, Refusal, Withdraw};
use sealpost_wire::statement::Closed;
use sealpost_wire::time::Day;
use sealpost_wire::{EntryKey, RelayRef, Secret};

use super::world::{World, operator};
use crate::clock::Clock;
use crate::service::{DirectorySettings, KeyServiceManifests, NotComposed};

/// Key services that answer for as many epochs as they are told.
struct Services(Vec<Epoch>);

impl KeyServiceManifests for Services {
    fn ask<'a>(&'a self, service: &'a RelayRef) -> BoxFuture<'a, Option<KeyService>> {
        let share = |epoch: &Epoch| {
            let seed = Secret::new(*service.operator.as_bytes());
            KeyServiceEpoch {
                epoch: *epoch,
                public_key: hex(&ServerKey::derive(&seed, Purpose::Discovery(*epoch)).public().to_bytes()),
                contribution: hex(service.operator.as_bytes()),
            }
        };
        let said = KeyService { attester: None, epochs: self.0.iter().map(share).collect() };
        std::future::ready(Some(said)).boxed()
    }
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

fn attester() -> OperatorSecret {
    OperatorSecret::from_seed(&[9; 32])
}

fn reference(host: &str, operator: &OperatorSecret) -> RelayRef {
    RelayRef { host: host.parse().unwrap(), operator: operator.public() }
}

fn settings(services: u8) -> DirectorySettings {
    let service = |n| reference(&format!("keys-{n}.example:443"), &OperatorSecret::from_seed(&[n; 32]));
    DirectorySettings {
        key_services: (1..=services).map(service).collect(),
        attester: Some(reference("attester.example:443", &attester())),
        argon2: Argon2 { memory_mib: 64, passes: 3, lanes: 1 },
        publishes_per_minute: NonZeroU32::new(60).unwrap(),
    }
}

struct Town(World);

impl Town {
    async fn new() -> Self {
        let town = Self(World::with(|settings| settings.discovery = Some(self::settings(2))));
        town.look().await.unwrap();
        town
    }

    fn today(&self) -> Day {
        Day::of(self.0.clock.now())
    }

    fn epoch(&self) -> Epoch {
        Epoch::of(self.today())
    }

    async fn look(&self) -> Result<(), NotComposed> {
        let all = Services(Epoch::open_on(self.today()).collect());
        self.0.relay.look_after_epochs(&all).await
    }

    fn told(&self) -> Vec<EpochDescriptor> {
        self.0.relay.directory_told().unwrap().borrow().epochs.clone()
    }

    /// Publishing under tag `n` with entry key `key`, proved `days` ago.
    fn entry(&self, n: u8, key: u8, days: u32) -> Publish {
        let (epoch, prefix, entry) = (self.epoch(), BucketPrefix(u32::from(n) << 24), EntryKey::new([key; 32]));
        let slot = Slot::new([n; Slot::LENGTH]);
        let issued = Day(self.today().0 - days);
        let said = Attestation { version: V1, epoch, prefix, tag: slot.tag(), entry: entry.hash(), issued };
        let attestation = Some(SignedAttestation::of(&said, &attester()));
        Publish { version: V1, epoch, prefix, slot, entry, attestation, ticket: None }
    }

    async fn publish(&self, request: Publish) -> Result<Published, Denial> {
        self.0.relay.publish(request).await
    }

    fn withdrawal(&self, n: u8, key: u8) -> Withdraw {
        let (prefix, tag) = (BucketPrefix(u32::from(n) << 24), Tag::from_bytes([n; 16]));
        Withdraw { version: V1, epoch: self.epoch(), prefix, tag, entry: EntryKey::new([key; 32]) }
    }

    async fn is_listed(&self, n: u8) -> bool {
        let read = BucketRead { epoch: self.epoch(), bits: BucketBits::ONE_BUCKET, number: 0 };
        let bucket = self.0.relay.bucket(read).await.unwrap();
        bucket.slots().any(|slot| slot == Slot::new([n; Slot::LENGTH]))
    }
}

const LISTED: Published = Published { version: V1, listing: Listing::Listed, day: None };

fn refused(reason: Refusal) -> Result<Published, Denial> {
    Err(Denial::of(reason))
}

#[tokio::test]
async fn who_is_attested_is_listed_until_withdrawn_with_a_statement() {
    let town = Town::new().await;
    assert_eq!(town.publish(town.entry(1, 1, 0)).await, Ok(LISTED));
    assert!(town.is_listed(1).await);
    assert_eq!(town.0.relay.withdraw(town.withdrawal(1, 2)).await.unwrap_err(), Denial::of(Refusal::Denied));
    let closed = town.0.relay.withdraw(town.withdrawal(1, 1)).await.unwrap();
    let said = closed.statement.verify(&operator().public()).unwrap();
    assert_eq!((said.closed, said.day), (Closed::Entry(town.epoch(), Tag::from_bytes([1; 16])), town.today()));
    assert!(!town.is_listed(1).await);
    assert_eq!(town.0.relay.withdraw(town.withdrawal(1, 1)).await.unwrap_err(), Denial::of(Refusal::Denied));
}

#[tokio::test]
async fn an_attestation_is_good_for_its_own_entry_alone() {
    let town = Town::new().await;
    let with = |change: &dyn Fn(&mut Publish)| {
        let mut request = town.entry(1, 1, 0);
        change(&mut request);
        request
    };
    let foreign = |request: &mut Publish| {
        let said = request.attestation.as_ref().unwrap().verify(&attester().public()).unwrap();
        request.attestation = Some(SignedAttestation::of(&said, &operator()));
    };
    let tomorrow = |request: &mut Publish| {
        let said = request.attestation.as_ref().unwrap().verify(&attester().public()).unwrap();
        let said = Attestation { issued: said.issued.plus(1), ..said };
        request.attestation = Some(SignedAttestation::of(&said, &attester()));
    };
    type Change<'a> = &'a dyn Fn(&mut Publish);
    let bad: [(&str, Change<'_>); 7] = [
        ("none", &|request| request.attestation = None),
        ("another's signature", &foreign),
        ("a day to come", &tomorrow),
        ("another prefix", &|request| request.prefix.0 ^= 1),
        ("another tag", &|request| request.slot = Slot::new([2; Slot::LENGTH])),
        ("another key", &|request| request.entry = EntryKey::new([2; 32])),
        ("another epoch", &|request| request.attestation = town.entry(1, 1, 15).attestation),
    ];
    for (what, change) in bad {
        assert_eq!(town.publish(with(change)).await, refused(Refusal::NotAttested), "{what}");
    }
    assert_eq!(town.publish(town.entry(1, 1, 14)).await, Ok(LISTED));
}

#[tokio::test]
async fn another_key_waits_a_week_while_the_owner_is_told() {
    let town = Town::new().await;
    town.publish(town.entry(1, 1, 3)).await.unwrap();
    let from = town.today().plus(7);
    let waiting = Published { version: V1, listing: Listing::Waiting, day: Some(from) };
    assert_eq!(town.publish(town.entry(1, 2, 0)).await, Ok(waiting));
    assert_eq!(town.publish(town.entry(1, 1, 3)).await, Ok(Published { day: Some(from), ..LISTED }));
    town.0.wait(7 * 24);
    assert_eq!(town.publish(town.entry(1, 2, 7)).await, Ok(LISTED));
    assert_eq!(town.0.relay.withdraw(town.withdrawal(1, 1)).await.unwrap_err(), Denial::of(Refusal::Denied));
}

#[tokio::test]
async fn an_epoch_that_is_not_open_is_told() {
    let town = Town::new().await;
    let closed = Epoch(town.epoch().0 - 2);
    let request = Publish { epoch: closed, ..town.entry(1, 1, 0) };
    assert_eq!(town.publish(request).await, refused(Refusal::NoEpoch));
    for (epoch, bits, reason) in [(closed, 0, Refusal::NoEpoch), (town.epoch(), 1, Refusal::OtherBits)] {
        let read = BucketRead { epoch, bits: BucketBits::new(bits).unwrap(), number: 0 };
        assert_eq!(town.0.relay.bucket(read).await.unwrap_err(), Denial::of(reason));
    }
}

#[tokio::test]
async fn a_relay_without_a_directory_knows_no_such_request() {
    let town = Town(World::new());
    let none = Denial::of(Refusal::NoSuchRequest);
    assert_eq!(town.publish(town.entry(1, 1, 0)).await, Err(none));
    assert_eq!(town.0.relay.withdraw(town.withdrawal(1, 1)).await.unwrap_err(), none);
    assert!(town.0.relay.directory_told().is_none());
}

#[tokio::test]
async fn where_there_is_no_attester_nothing_but_the_key_takes_a_place() {
    let open = DirectorySettings { attester: None, ..settings(0) };
    let town = Town(World::with(|settings| settings.discovery = Some(open)));
    town.look().await.unwrap();
    let request = |key| Publish { attestation: None, ..town.entry(1, key, 0) };
    assert_eq!(town.publish(request(1)).await, Ok(LISTED));
    assert_eq!(town.publish(request(2)).await, refused(Refusal::Denied));
    assert_eq!(town.publish(request(1)).await, Ok(LISTED));
}

#[tokio::test]
async fn entries_that_come_too_fast_are_told_to_wait() {
    let slow = DirectorySettings { publishes_per_minute: NonZeroU32::MIN, ..settings(2) };
    let town = Town(World::with(|settings| settings.discovery = Some(slow)));
    town.look().await.unwrap();
    town.publish(town.entry(1, 1, 0)).await.unwrap();
    assert_eq!(town.publish(town.entry(2, 1, 0)).await.unwrap_err().reason, Refusal::TryLater);
}

#[tokio::test]
async fn an_epoch_opens_once_all_key_services_have_a_key_of_it() {
    let town = Town(World::with(|settings| settings.discovery = Some(self::settings(2))));
    let outcome = town.0.relay.look_after_epochs(&Services(vec![])).await;
    assert_eq!((outcome, town.told()), (Err(NotComposed::KeyService), vec![]));
    town.look().await.unwrap();
    let told = town.told();
    assert_eq!((told[0].epoch, told[0].key_services.len(), told[0].contributions.len()), (town.epoch(), 2, 2));
}

#[tokio::test]
async fn a_descriptor_outlives_a_restart_and_the_services_going_away() {
    let town = Town::new().await;
    let before = town.told();
    let town = Town(town.0.restart());
    town.0.relay.read_epochs().await.unwrap();
    assert_eq!(town.told(), before);
    assert_eq!(town.0.relay.look_after_epochs(&Services(vec![])).await, Ok(()));
}

#[tokio::test]
async fn a_descriptor_that_no_client_takes_is_not_opened() {
    let dear = DirectorySettings { argon2: Argon2 { memory_mib: 4_096, passes: 1, lanes: 1 }, ..settings(2) };
    let town = Town(World::with(|settings| settings.discovery = Some(dear)));
    assert!(matches!(town.look().await, Err(NotComposed::Descriptor(_))));
    assert_eq!(town.told(), []);
}

#[tokio::test]
async fn an_epoch_that_has_closed_is_erased_and_one_that_was_retired_stays_so() {
    let town = Town::new().await;
    let first = town.epoch();
    town.publish(town.entry(1, 1, 0)).await.unwrap();
    town.0.wait(u64::from(Epoch::DAYS + Epoch::OVERLAP + 1) * 24);
    town.look().await.unwrap();
    assert!(town.told().iter().all(|told| told.epoch > first));
    assert!(town.0.relay.retire_epoch(town.epoch()).await.unwrap());
    assert_eq!(town.look().await, Ok(()));
    assert!(town.told().iter().all(|told| told.epoch != town.epoch()));
    let all = Services(vec![town.epoch()]);
    assert_eq!(town.0.relay.open_epoch(town.epoch(), &all).await, Err(NotComposed::Retired));
}

#[tokio::test]
async fn an_epoch_that_was_never_open_cannot_be_retired_by_a_slip() {
    let town = Town::new().await;
    let ahead = Epoch(town.epoch().0 + 2);
    assert!(!town.0.relay.retire_epoch(ahead).await.unwrap());
    assert_eq!(town.0.relay.open_epoch(ahead, &Services(vec![ahead])).await, Ok(true));
}

#[tokio::test]
async fn the_number_of_buckets_is_told_as_it_grows() {
    let town = Town(World::with(|settings| {
        let many = NonZeroU32::new(100_000).unwrap();
        settings.discovery = Some(DirectorySettings { publishes_per_minute: many, ..self::settings(2) });
    }));
    town.look().await.unwrap();
    let mut told = town.0.relay.directory_told().unwrap();
    told.mark_unchanged();
    for n in 0..=120 {
        assert!(!told.has_changed().unwrap(), "entry {n}");
        town.publish(town.entry(n * 2, 1, 0)).await.unwrap();
    }
    assert!(told.has_changed().unwrap());
    assert_eq!(told.borrow().epochs[0].bucket_bits, 1);
}
