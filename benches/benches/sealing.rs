//! What it takes to seal and to open: a first message at a front door, one of a conversation, and the relay's own seal.
//!
//! `cargo bench -p sealpost-benches --bench sealing`. Both ends include content, session, sender's seal, padding and outer seal.
#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has failed")]

use std::hint::black_box;
use std::time::{Duration, SystemTime};

use criterion::{Criterion, criterion_group, criterion_main};
use sealpost_benches::{CpuTime, by_cpu_time};
use sealpost_crypto::{
    Body, Content, Door, DoorSecret, FrontDoor, Keys, Local, MessageId, OuterKey, PrekeyId, PrivatePrekey,
    ReturnAddress, Route, Session, Stocker, Text, Unavailable, UsedPrekey, begin, open, open_at_rest, open_item, seal,
};
use sealpost_identity::{CardRef, CardSeed, IdentityKey, IdentityKeyPair, PersonId};
use sealpost_relay::at_rest;
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::time::Day;
use sealpost_wire::{Address, CollectKey, DepositKey, Envelope, EnvelopeId, MailboxId, RelayRef, SizeClass, StockKey};

/// Somebody's store.
#[derive(Default)]
struct Kept {
    session: Option<Session>,
    peer: Option<IdentityKey>,
    prekey: Option<PrivatePrekey>,
}

impl Keys for Kept {
    fn session(&self, _: PersonId) -> Result<Option<Session>, Unavailable> {
        Ok(self.session.clone())
    }

    fn pinned(&self, _: PersonId) -> Result<Option<IdentityKey>, Unavailable> {
        Ok(self.peer)
    }

    fn prekey(&self, id: PrekeyId) -> Result<Option<PrivatePrekey>, Unavailable> {
        Ok(self.prekey.clone().filter(|prekey| prekey.id() == id))
    }

    fn was_used(&self, _: &UsedPrekey) -> Result<bool, Unavailable> {
        Ok(false)
    }
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

fn relay() -> RelayRef {
    let operator = OperatorSecret::random(&mut rand::rng()).public();
    RelayRef { host: "relay.example.org:443".parse().unwrap(), operator }
}

fn address() -> Address {
    let rng = &mut rand::rng();
    Address { relay: relay(), deposit: DepositKey::random(rng), collect: CollectKey::random(rng).hash() }
}

fn content() -> Content {
    let body = Body::Text(Text::new("See you at the harbour at eight?".into()).unwrap());
    let message = MessageId::random(&mut rand::rng());
    Content { message, counter: 0, return_address: None, card: None, receipt: None, body }
}

fn bench_messages(c: &mut Criterion<CpuTime>) {
    let rng = &mut rand::rng();
    let (alice, bob) =
        (Local::new(IdentityKeyPair::generate(rng), rng), Local::new(IdentityKeyPair::generate(rng), rng));
    let secret = DoorSecret::generate(rng);
    let front_door = FrontDoor { address: address(), key: secret.public() };
    let stock = StockKey::random(rng).hash();
    let card = CardRef { relay: relay(), seed: CardSeed::random(rng), stock, identity: bob.key().hash() };
    let today = Day::of(now());
    let stocker = Stocker::new(&bob, &card, &front_door, today).unwrap();
    let (item, row) = stocker.one_time(PrekeyId::from_u32(7), Vec::new(), rng).unwrap();
    let item = open_item(&card, &item, today).unwrap();
    let mut group = c.benchmark_group("sealing/a first message");
    let first = || {
        let session = begin(&alice, &item, None, now(), &mut rand::rng()).unwrap();
        seal(&alice, &session, &content(), Route::FrontDoor(&item.front_door), now(), &mut rand::rng()).unwrap()
    };
    group.bench_function("begin a session and seal", |b| b.iter(first));
    let sealed = first();
    let mailbox = front_door.address.mailbox();
    let door = || Door::FrontDoor { mailbox: &mailbox, keys: std::slice::from_ref(&secret) };
    let kept = Kept { prekey: Some(row), ..Kept::default() };
    group.bench_function("open", |b| {
        b.iter(|| open(&bob, &kept, black_box(&sealed.envelope), door(), &mut rand::rng()).unwrap());
    });
    group.finish();
    let opened = open(&bob, &kept, &sealed.envelope, door(), rng).unwrap();
    bench_conversation(c, (&alice, &sealed.session), (&bob, &opened.session));
}

/// Bob has answered, Alice goes on.
fn bench_conversation(c: &mut Criterion<CpuTime>, (alice, hers): (&Local, &Session), (bob, his): (&Local, &Session)) {
    let rng = &mut rand::rng();
    let back = || ReturnAddress { address: address(), generation: 0, outer: OuterKey::random(&mut rand::rng()) };
    let (to_alice, to_bob) = (back(), back());
    let answer = seal(bob, his, &content(), Route::Pairwise(&to_alice), now(), rng).unwrap();
    let mailbox = to_alice.address.mailbox();
    let door = Door::Pairwise { mailbox: &mailbox, outer: &to_alice.outer, peer: bob.key() };
    let kept = Kept { session: Some(hers.clone()), peer: Some(*bob.key()), prekey: None };
    let session = open(alice, &kept, &answer.envelope, door, rng).unwrap().session;
    let mut group = c.benchmark_group("sealing/a message of a conversation");
    let next = || seal(alice, &session, &content(), Route::Pairwise(&to_bob), now(), &mut rand::rng()).unwrap();
    group.bench_function("seal", |b| b.iter(next));
    let sealed = next();
    let kept = Kept { session: Some(answer.session.clone()), peer: Some(*alice.key()), prekey: None };
    let mailbox = to_bob.address.mailbox();
    group.bench_function("open", |b| {
        b.iter(|| {
            let door = Door::Pairwise { mailbox: &mailbox, outer: &to_bob.outer, peer: alice.key() };
            open(bob, &kept, black_box(&sealed.envelope), door, &mut rand::rng()).unwrap()
        });
    });
    group.finish();
}

fn bench_at_rest(c: &mut Criterion<CpuTime>) {
    let rng = &mut rand::rng();
    let (key, id) = (DepositKey::random(rng), EnvelopeId::random(rng));
    let mailbox = MailboxId::of(&key, &CollectKey::random(rng).hash());
    for class in SizeClass::ALL {
        let envelope = || Envelope::new(vec![0xA5; class.envelope_length()].into()).unwrap();
        let mut group = c.benchmark_group(format!("sealing/at rest, {class:?}"));
        group.bench_function("seal", |b| b.iter(|| at_rest::seal(black_box(&key), &mailbox, &id, envelope()).unwrap()));
        let sealed = at_rest::seal(&key, &mailbox, &id, envelope()).unwrap();
        group.bench_function("open", |b| {
            b.iter(|| open_at_rest(black_box(&key), &mailbox, &id, black_box(&sealed)).unwrap());
        });
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = by_cpu_time();
    targets = bench_messages, bench_at_rest
}
criterion_main!(benches);
