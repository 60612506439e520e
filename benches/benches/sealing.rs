//! What it takes to seal and to open: a first message at a front door, one of a conversation, and the relay's own seal.
//!
//! `cargo bench -p sealpost-benches --bench sealing`. Both ends include content, session, sender's seal, padding and outer seal.
#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has failed")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use sealpost_benches::conversation::{Conversation, Kept, anywhere, content, now, relay};
use sealpost_benches::{CpuTime, by_cpu_time};
use sealpost_crypto::{
    Door, DoorSecret, FrontDoor, Local, PrekeyId, Route, Stocker, begin, open, open_at_rest, open_item, seal,
};
use sealpost_identity::{CardRef, CardSeed, IdentityKeyPair};
use sealpost_relay::at_rest;
use sealpost_wire::time::Day;
use sealpost_wire::{CollectKey, DepositKey, Envelope, EnvelopeId, MailboxId, SizeClass, StockKey};

const TEXT: &str = "See you at the harbour at eight?";

fn bench_messages(c: &mut Criterion<CpuTime>) {
    let rng = &mut rand::rng();
    let (alice, bob) =
        (Local::new(IdentityKeyPair::generate(rng), rng), Local::new(IdentityKeyPair::generate(rng), rng));
    let secret = DoorSecret::generate(rng);
    let front_door = FrontDoor { address: anywhere().unwrap(), key: secret.public() };
    let stock = StockKey::random(rng).hash();
    let card = CardRef { relay: relay().unwrap(), seed: CardSeed::random(rng), stock, identity: bob.key().hash() };
    let today = Day::of(now());
    let stocker = Stocker::new(&bob, &card, &front_door, today).unwrap();
    let (item, row) = stocker.one_time(PrekeyId::from_u32(7), Vec::new(), rng).unwrap();
    let item = open_item(&card, &item, today).unwrap();
    let mut group = c.benchmark_group("sealing/a first message");
    let first = || {
        let session = begin(&alice, &item, None, now(), &mut rand::rng()).unwrap();
        seal(&alice, &session, &content(TEXT).unwrap(), Route::FrontDoor(&item.front_door), now(), &mut rand::rng())
            .unwrap()
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
}

/// Bob has answered, Alice goes on.
fn bench_conversation(c: &mut Criterion<CpuTime>) {
    let mut conversation = Conversation::at(anywhere().unwrap()).unwrap();
    let mut group = c.benchmark_group("sealing/a message of a conversation");
    let next = |conversation: &Conversation| {
        let (Conversation { from, address, .. }, content) = (conversation, content(TEXT).unwrap());
        let session = from.kept.session.as_ref().unwrap();
        seal(&from.local, session, &content, Route::Pairwise(address), now(), &mut rand::rng()).unwrap()
    };
    group.bench_function("seal", |b| b.iter(|| next(&conversation)));
    let sealed = conversation.seal(TEXT).unwrap();
    let Conversation { from, to, address } = &conversation;
    let mailbox = address.address.mailbox();
    group.bench_function("open", |b| {
        b.iter(|| {
            let door = Door::Pairwise { mailbox: &mailbox, outer: &address.outer, peer: from.local.key() };
            open(&to.local, &to.kept, black_box(&sealed), door, &mut rand::rng()).unwrap()
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
    targets = bench_messages, bench_conversation, bench_at_rest
}
criterion_main!(benches);
