//! The ways.

use std::hint::black_box;

use rand::SeedableRng;
use rand::rngs::StdRng;
use sealpost_blind::{BlindedBatch, EvaluatedBatch, Purpose, ServerKey, TicketKind, TicketRequest};
use sealpost_relay::at_rest;
use sealpost_wire::codec::{List, V1};
use sealpost_wire::frame::{
    Delivery, DeliveryFrame, DepositFrame, OutcomeFrame, OwnerFrame, Received, Tagged, TaggedOutcome,
};
use sealpost_wire::request::{Deposit, MailboxKind, OpenMailbox, Outcome, Stored};
use sealpost_wire::time::Day;
use sealpost_wire::{
    AtRest, CollectKey, DepositKey, Envelope, EnvelopeId, MailboxId, Secret, SizeClass, from_bytes, to_bytes,
};

use super::store;

/// All of them; a message, a frame of 64 or a ticket at a time.
pub(super) const NAMES: [&str; 8] = [
    "capabilities of a deposit",
    "decode a frame of 64 deposits",
    "encode a frame of 64 deliveries",
    "frames around 64 messages",
    "seal at rest",
    "service: a message",
    "store: a message",
    "ticket: check",
];

/// How often it is gone in the shorter run.
pub(super) fn times(way: &str) -> u64 {
    match way {
        "capabilities of a deposit" | "seal at rest" => 2_000,
        "ticket: check" => 200,
        way if has_threads(way) => 8 * store::TOGETHER as u64,
        _ => 40,
    }
}

/// Whether threads have a part in it, whose waiting for each other is not always the same.
pub(super) fn has_threads(way: &str) -> bool {
    way.starts_with("service") || way.starts_with("store")
}

/// Goes so often.
pub(super) fn go(way: &str, times: u64) {
    match way {
        "capabilities of a deposit" => capabilities(times),
        "decode a frame of 64 deposits" => decode(times),
        "encode a frame of 64 deliveries" => encode(times),
        "frames around 64 messages" => around(times),
        "seal at rest" => seal(times),
        "service: a message" => store::service(times),
        "store: a message" => store::store(times),
        "ticket: check" => ticket(times),
        _ => unreachable!("{way}"),
    }
}

fn rng() -> StdRng {
    StdRng::seed_from_u64(1)
}

fn envelope() -> Envelope {
    Envelope::new(vec![0xA5; SizeClass::Small.envelope_length()].into()).unwrap()
}

/// What is hashed and compared before a deposit is taken in.
fn capabilities(times: u64) {
    let (deposit, collect) = (DepositKey::random(&mut rng()), CollectKey::random(&mut rng()));
    let stored = collect.hash();
    for _ in 0..times {
        let told = black_box(&collect).hash();
        assert!(stored.matches(&told));
        black_box(MailboxId::of(black_box(&deposit), &told));
    }
}

fn deposit() -> Deposit {
    let rng = &mut rng();
    let (deposit, collect) = (DepositKey::random(rng), CollectKey::random(rng).hash());
    Deposit { version: V1, deposit, collect, id: EnvelopeId::random(rng), envelope: envelope(), ticket: None }
}

fn decode(times: u64) {
    let deposits = (0..64).map(|tag| Tagged { tag: 0x1_0000 + tag, deposit: deposit() }).collect();
    let frame = to_bytes(&DepositFrame { version: V1, deposits: List::new(deposits).unwrap() });
    for _ in 0..times {
        black_box(from_bytes::<DepositFrame>(black_box(&frame)).unwrap());
    }
}

fn encode(times: u64) {
    let sealed = AtRest::new(vec![0xA5; SizeClass::Small.stored_length()].into()).unwrap();
    let id = EnvelopeId::random(&mut rng());
    let stored = |sequence| Stored { sequence, id, sealed: sealed.clone() };
    let list = (0..64).map(stored).map(|stored| Delivery { channel: 70_000, stored }).collect();
    let frame = DeliveryFrame { deliveries: List::new(list).unwrap(), ..DeliveryFrame::default() };
    for _ in 0..times {
        black_box(to_bytes(black_box(&frame)));
    }
}

/// Outcomes, and acknowledgements.
fn around(times: u64) {
    let told = |tag| TaggedOutcome { tag, outcome: Outcome::Accepted, retry_after: None };
    let outcomes = OutcomeFrame { version: V1, outcomes: List::new((0..64).map(told).collect()).unwrap() };
    let rng = &mut rng();
    let ids = List::new((0..64).map(|_| EnvelopeId::random(rng)).collect()).unwrap();
    let acknowledge = List::new(vec![Received { channel: 7, ids }]).unwrap();
    let owner = to_bytes(&OwnerFrame { version: V1, acknowledge, ..OwnerFrame::default() });
    for _ in 0..times {
        black_box(to_bytes(black_box(&outcomes)));
        black_box(from_bytes::<OwnerFrame>(black_box(&owner)).unwrap());
    }
}

fn seal(times: u64) {
    let (key, id) = (DepositKey::random(&mut rng()), EnvelopeId::random(&mut rng()));
    let mailbox = MailboxId::from_bytes([1; 32]);
    for _ in 0..times {
        black_box(at_rest::seal(black_box(&key), &mailbox, &id, envelope()).unwrap());
    }
}

/// What a server does with a ticket, besides remembering that it was spent.
fn ticket(times: u64) {
    const DAY: Day = Day(20_700);
    let key = ServerKey::derive(&Secret::new([7; 32]), Purpose::Ticket(TicketKind::Mailbox, DAY));
    let (request, asked) = TicketRequest::new(TicketKind::Mailbox, DAY, 1, &mut rand::rng()).unwrap();
    let answer = key.evaluate(&BlindedBatch::from_bytes(&asked.to_bytes()).unwrap(), &mut rand::rng()).to_bytes();
    let tickets = request.finish(&key.public(), &EvaluatedBatch::from_bytes(&answer).unwrap()).unwrap();
    let (mailbox, collect) = (MailboxId::from_bytes([1; 32]), CollectKey::new([2; 32]));
    let ticket = tickets.into_iter().next();
    let opening = to_bytes(&OpenMailbox { version: V1, mailbox, collect, kind: MailboxKind::Pairwise, ticket });
    for _ in 0..times {
        let request: OpenMailbox = from_bytes(black_box(&opening)).unwrap();
        assert!(key.made(request.ticket.as_ref().unwrap()));
    }
}
