//! A batch of 64 elements: blinded, evaluated with its proof, checked and unblinded.

use criterion::{BatchSize, Criterion, Throughput};
use rand::rngs::ThreadRng;
use sealpost_benches::CpuTime;
use sealpost_blind::{BlindState, BlindedBatch, Epoch, EvaluatedBatch, MAX_BATCH, Purpose, ServerKey};
use sealpost_wire::Secret;

const PURPOSE: Purpose = Purpose::Discovery(Epoch(230));

/// As many values as a batch has elements.
fn values(rng: &mut ThreadRng) -> Vec<Secret<32>> {
    (0..MAX_BATCH).map(|_| Secret::random(rng)).collect()
}

pub(crate) fn bench(c: &mut Criterion<CpuTime>) {
    let rng = &mut rand::rng();
    let (key, values) = (ServerKey::derive(&Secret::random(rng), PURPOSE), values(rng));
    let blind = || BlindState::blind(PURPOSE, &values, &mut rand::rng()).unwrap();
    let asked = blind().1.to_bytes();
    let mut group = c.benchmark_group("discovery/a batch of 64");
    group.throughput(Throughput::Elements(MAX_BATCH as u64));
    group.bench_function("blind", |b| b.iter(blind));
    group.bench_function("evaluate and prove, decoding included", |b| {
        b.iter(|| key.evaluate(&BlindedBatch::from_bytes(&asked).unwrap(), &mut rand::rng()).to_bytes());
    });
    let answered = || {
        let (state, asked) = blind();
        (state, key.evaluate(&asked, &mut rand::rng()).to_bytes())
    };
    group.bench_function("check the proof and unblind, decoding included", |b| {
        b.iter_batched(
            answered,
            |(state, answer)| state.finalize(&key.public(), &EvaluatedBatch::from_bytes(&answer).unwrap()).unwrap(),
            BatchSize::SmallInput,
        );
    });
    group.finish();
}
