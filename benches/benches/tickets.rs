//! What tickets cost: a server to issue and to check them, a client to ask and to take them out.
//!
//! `cargo bench -p sealpost-benches --bench tickets`
#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has failed")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use sealpost_benches::{CpuTime, by_cpu_time};
use sealpost_blind::{BlindedBatch, EvaluatedBatch, MAX_BATCH, Purpose, ServerKey, TicketKind, TicketRequest};
use sealpost_wire::codec::V1;
use sealpost_wire::request::{MailboxKind, OpenMailbox};
use sealpost_wire::ticket::Ticket;
use sealpost_wire::time::Day;
use sealpost_wire::{CollectKey, MailboxId};
use sealpost_wire::{Secret, from_bytes, to_bytes};

const KIND: TicketKind = TicketKind::Mailbox;
const DAY: Day = Day(20_700);

fn ask() -> (TicketRequest, BlindedBatch) {
    TicketRequest::new(KIND, DAY, MAX_BATCH as u16, &mut rand::rng()).unwrap()
}

fn issue(key: &ServerKey, asked: &[u8]) -> Vec<u8> {
    key.evaluate(&BlindedBatch::from_bytes(asked).unwrap(), &mut rand::rng()).to_bytes()
}

fn finish(key: &ServerKey, request: TicketRequest, answer: &[u8]) -> Vec<Ticket> {
    request.finish(&key.public(), &EvaluatedBatch::from_bytes(answer).unwrap()).unwrap()
}

fn batch(c: &mut Criterion<CpuTime>) {
    let key = ServerKey::derive(&Secret::random(&mut rand::rng()), Purpose::Ticket(KIND, DAY));
    let asked = ask().1.to_bytes();
    let mut group = c.benchmark_group("tickets/a batch of 64");
    group.throughput(Throughput::Elements(MAX_BATCH as u64));
    group.bench_function("ask", |b| b.iter(ask));
    group.bench_function("issue and prove, decoding included", |b| b.iter(|| issue(&key, &asked)));
    let answered = || {
        let (request, asked) = ask();
        (request, issue(&key, &asked.to_bytes()))
    };
    group.bench_function("check the proof and take out", |b| {
        b.iter_batched(answered, |(request, answer)| finish(&key, request, &answer), BatchSize::SmallInput);
    });
    group.finish();
}

/// What spending adds to a request: the memory of what was spent is the store's.
fn spend(c: &mut Criterion<CpuTime>) {
    let key = ServerKey::derive(&Secret::random(&mut rand::rng()), Purpose::Ticket(KIND, DAY));
    let (request, asked) = ask();
    let ticket = finish(&key, request, &issue(&key, &asked.to_bytes())).remove(0);
    let (mailbox, collect) = (MailboxId::from_bytes([1; 32]), CollectKey::new([2; 32]));
    let kind = MailboxKind::Pairwise;
    let opening = to_bytes(&OpenMailbox { version: V1, mailbox, collect, kind, ticket: Some(ticket) });
    let mut group = c.benchmark_group("tickets/one");
    group.throughput(Throughput::Elements(1));
    group.bench_function("spend: decode the request, check the ticket, hash the request", |b| {
        b.iter(|| {
            let request: OpenMailbox = from_bytes(&opening).unwrap();
            assert!(key.made(request.ticket.as_ref().unwrap()));
            to_bytes(&request)
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = by_cpu_time();
    targets = batch, spend
}
criterion_main!(benches);
