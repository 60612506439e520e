//! What Oblivious HTTP costs around a request that would cost the same without it.
//!
//! `cargo bench -p sealpost-benches --bench oblivious`. A gateway opens the request, reads what is inside, writes the reply
//! and seals it; whoever asks does the reverse. How many bytes it adds is printed, and must stay below what is allowed.
#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has failed")]
#![expect(clippy::print_stdout, reason = "bytes are printed beside the figures")]

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ohttp::hpke::{Aead, Kdf, Kem};
use ohttp::{ClientRequest, KeyConfig, Server, SymmetricSuite};
use sealpost_benches::{CpuTime, by_cpu_time};
use sealpost_wire::codec::V1;
use sealpost_wire::oblivious::{InsideReply, InsideRequest};
use sealpost_wire::request::{Deposit, Deposited, Outcome, Request};
use sealpost_wire::{CollectKey, DepositKey, Envelope, EnvelopeId, SizeClass, to_bytes};

/// The most that a request may be longer, besides its padding.
const MOST_BYTES: usize = 60;

/// A gateway's key of a day.
fn gateway() -> Server {
    let suites = vec![SymmetricSuite::new(Kdf::HkdfSha256, Aead::Aes128Gcm)];
    Server::new(KeyConfig::derive(1, Kem::X25519Sha256, suites, &[7; 32]).unwrap()).unwrap()
}

fn deposit(class: SizeClass) -> Vec<u8> {
    let mut rng = rand::rng();
    let deposit = Deposit {
        version: V1,
        deposit: DepositKey::random(&mut rng),
        collect: CollectKey::random(&mut rng).hash(),
        id: EnvelopeId::random(&mut rng),
        envelope: Envelope::new(vec![7; class.envelope_length()].into()).unwrap(),
        ticket: None,
    };
    InsideRequest { path: Deposit::PATH.into(), body: Some(to_bytes(&deposit)) }.to_bytes(0).unwrap()
}

fn deposited() -> InsideReply {
    let body = to_bytes(&Deposited { version: V1, outcome: Outcome::Accepted, retry_after: None });
    InsideReply { status: 200, content_type: "application/cbor".into(), body }
}

/// What a gateway does for one deposit.
fn serve(gateway: &Server, sealed: &[u8]) -> Vec<u8> {
    let (inside, answer) = gateway.decapsulate(sealed).unwrap();
    black_box(InsideRequest::from_bytes(&inside).unwrap());
    answer.encapsulate(&deposited().to_bytes(inside.len()).unwrap()).unwrap()
}

/// What somebody does who has something deposited: seals it, and opens the answer.
fn ask(keys: &[u8], gateway: &Server, inside: &[u8]) -> Vec<u8> {
    let (sealed, response) = ClientRequest::from_encoded_config(keys).unwrap().encapsulate(inside).unwrap();
    response.decapsulate(&serve(gateway, &sealed)).unwrap()
}

fn bench(criterion: &mut Criterion<CpuTime>) {
    let gateway = gateway();
    let keys = gateway.config().encode().unwrap();
    let seal = |inside: &[u8]| ClientRequest::from_encoded_config(&keys).unwrap().encapsulate(inside).unwrap();
    let mut group = criterion.benchmark_group("oblivious");
    for class in SizeClass::ALL {
        let inside = deposit(class);
        let (sealed, _) = seal(&inside);
        let added = sealed.len() - inside.len();
        assert!(added <= MOST_BYTES, "a request is {added} bytes longer");
        println!(
            "{class:?}: a request is {added} bytes longer, {} with padding",
            sealed.len() - class.envelope_length()
        );
        group.throughput(Throughput::Bytes(inside.len() as u64));
        group.bench_function(BenchmarkId::new("gateway", inside.len()), |bencher| {
            bencher.iter(|| serve(&gateway, black_box(&sealed)));
        });
        group.bench_function(BenchmarkId::new("sealing", inside.len()), |bencher| {
            bencher.iter_batched(|| inside.clone(), |inside| seal(&inside).0, BatchSize::SmallInput);
        });
        group.bench_function(BenchmarkId::new("both_ends", inside.len()), |bencher| {
            bencher.iter(|| ask(&keys, &gateway, black_box(&inside)));
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = by_cpu_time();
    targets = bench
}
criterion_main!(benches);
