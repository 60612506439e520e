//! Sealing and opening a message of a conversation, beside libsignal's own: what all other layers cost.

use std::cell::Cell;
use std::time::Duration;

use criterion::measurement::Measurement;
use criterion::{BatchSize, Criterion};
use sealpost_benches::CpuTime;
use sealpost_benches::conversation::{Conversation, anywhere};

use super::libsignal::Pair;

/// How often they take turns, and with how many messages.
const ROUNDS: usize = 10;
const MESSAGES: usize = 100;
const LENGTH: usize = 1_024;
const TARGET: f64 = 1.3;

/// What messages took.
#[derive(Clone, Copy, Default)]
struct Taken {
    sealing: Duration,
    opening: Duration,
}

pub(crate) fn bench(c: &mut Criterion<CpuTime>) {
    let text = "x".repeat(LENGTH);
    let is_wanted = Cell::new(false);
    let mut group = c.benchmark_group("sdk/a message of 1 KiB");
    let conversation = || Conversation::at(anywhere().unwrap()).unwrap();
    group.bench_function("seal", |b| {
        is_wanted.set(true);
        let mut conversation = conversation();
        b.iter(|| conversation.seal(&text).unwrap());
    });
    group.bench_function("libsignal's own seal", |b| {
        let mut pair = Pair::new();
        b.iter(|| pair.seal(text.as_bytes()));
    });
    group.bench_function("open", |b| {
        is_wanted.set(true);
        let sealed = || {
            let mut conversation = conversation();
            let envelope = conversation.seal(&text).unwrap();
            (conversation, envelope)
        };
        b.iter_batched(sealed, |(mut to, envelope)| to.open(&envelope).unwrap(), BatchSize::SmallInput);
    });
    group.bench_function("libsignal's own open", |b| {
        let sealed = || {
            let mut pair = Pair::new();
            let sealed = pair.seal(text.as_bytes());
            (pair, sealed)
        };
        b.iter_batched(sealed, |(mut to, sealed)| to.open(&sealed), BatchSize::SmallInput);
    });
    group.finish();
    if !is_wanted.get() {
        return;
    }
    let (ours, theirs) = compare(&text);
    tell("sealing", ours.sealing, theirs.sealing);
    tell("opening", ours.opening, theirs.opening);
}

/// Ours and theirs, in turns, so that whatever else the machine does meets both.
fn compare(text: &str) -> (Taken, Taken) {
    let (mut conversation, mut pair) = (Conversation::at(anywhere().unwrap()).unwrap(), Pair::new());
    let (mut ours, mut theirs) = (Taken::default(), Taken::default());
    for _ in 0..ROUNDS {
        let seal = || (0..MESSAGES).map(|_| conversation.seal(text).unwrap()).collect::<Vec<_>>();
        let sealed = timed(&mut ours.sealing, seal);
        timed(&mut ours.opening, || sealed.iter().for_each(|envelope| drop(conversation.open(envelope).unwrap())));
        let seal = || (0..MESSAGES).map(|_| pair.seal(text.as_bytes())).collect::<Vec<_>>();
        let sealed = timed(&mut theirs.sealing, seal);
        timed(&mut theirs.opening, || sealed.iter().for_each(|sealed| drop(pair.open(sealed))));
    }
    (ours, theirs)
}

fn timed<T>(taken: &mut Duration, work: impl FnOnce() -> T) -> T {
    let start = CpuTime.start();
    let done = work();
    *taken += CpuTime.end(start);
    done
}

fn tell(what: &str, ours: Duration, theirs: Duration) {
    let each = |taken: Duration| taken.as_secs_f64() * 1e6 / (ROUNDS * MESSAGES) as f64;
    let (ours, theirs) = (each(ours), each(theirs));
    println!(
        "sdk: {what} takes {ours:.0} µs, libsignal's own {theirs:.0} µs: {:.2} times as long (target: {TARGET})",
        ours / theirs
    );
}
