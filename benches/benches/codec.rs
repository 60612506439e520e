//! What it costs to write and to read the bodies on the hot path, by size class.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use sealpost_benches::{CpuTime, by_cpu_time};
use sealpost_wire::codec::{List, V1};
use sealpost_wire::frame::{Delivery, DeliveryFrame};
use sealpost_wire::request::{Deposit, Stored};
use sealpost_wire::{AtRest, CollectKey, DepositKey, Envelope, EnvelopeId, SizeClass, from_bytes, to_bytes};

fn deposit(class: SizeClass) -> Option<Deposit> {
    let mut rng = rand::rng();
    Some(Deposit {
        version: V1,
        deposit: DepositKey::random(&mut rng),
        collect: CollectKey::random(&mut rng).hash(),
        id: EnvelopeId::random(&mut rng),
        envelope: Envelope::new(vec![0xA5; class.envelope_length()].into())?,
        ticket: None,
    })
}

fn deliveries(class: SizeClass, count: usize) -> Option<DeliveryFrame> {
    let mut rng = rand::rng();
    let sealed = AtRest::new(vec![0xA5; class.stored_length()].into())?;
    let stored = |sequence| Stored { sequence, id: EnvelopeId::random(&mut rng), sealed: sealed.clone() };
    let list = (0..count as u64).map(stored).map(|stored| Delivery { channel: 1, stored }).collect();
    Some(DeliveryFrame { deliveries: List::new(list).ok()?, ..DeliveryFrame::default() })
}

fn bench_deposits(c: &mut Criterion<CpuTime>) {
    for class in SizeClass::ALL {
        let Some(deposit) = deposit(class) else { continue };
        let body = to_bytes(&deposit);
        let mut group = c.benchmark_group(format!("deposit/{class:?}"));
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function("encode", |b| b.iter(|| to_bytes(&deposit)));
        group.bench_function("decode", |b| b.iter(|| from_bytes::<Deposit>(&body)));
        group.finish();
    }
}

fn bench_deliveries(c: &mut Criterion<CpuTime>) {
    let Some(frame) = deliveries(SizeClass::Small, 64) else { return };
    let body = to_bytes(&frame);
    let mut group = c.benchmark_group("delivery frame of 64");
    group.throughput(Throughput::Elements(64));
    group.bench_function("encode", |b| b.iter(|| to_bytes(&frame)));
    group.bench_function("decode", |b| {
        b.iter_batched(|| &body, |body| from_bytes::<DeliveryFrame>(body), BatchSize::SmallInput)
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = by_cpu_time();
    targets = bench_deposits, bench_deliveries
}
criterion_main!(benches);
