//! Promise 2 of the store: when *accepted* comes tells nothing of the recipient.

use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use sealpost_wire::codec::List;
use sealpost_wire::frame::Received;
use sealpost_wire::request::Outcome;

use super::world::*;
use crate::service::Collector;

const ROOM: usize = 1 << 20;
/// Deposits to each of the two mailboxes that are compared.
const EACH: usize = 150;
/// How far from even the two may be: to serve an owner who is there takes processors, which on a busy machine is seen. To answer
/// when the owner acknowledges would come close to a half.
const TELLING: f64 = 0.3;

/// Acknowledges whatever comes, at once.
async fn acknowledge_for_ever(mut collector: Collector) {
    loop {
        let frame = collector.next(ROOM).await;
        let ids = frame.deliveries.iter().map(|delivery| delivery.stored.id).collect();
        collector.acknowledge([Received { channel: 1, ids: List::new(ids).unwrap() }]).await;
    }
}

/// How long *accepted* takes at a mailbox that nobody collects from, and at one whose owner acknowledges at once, in turns by
/// chance, so that whatever slows the machine slows both.
async fn waits(seed: u64) -> (Vec<Duration>, Vec<Duration>) {
    let world = World::new();
    let (away, there) = (Mailbox::new(), Mailbox::new());
    world.open(&away).await;
    world.open(&there).await;
    let mut collector = world.relay.collector();
    collector.subscribe(&there.subscribe(1));
    let recipient = tokio::spawn(acknowledge_for_ever(collector));
    let mut turns = [[false, true]; EACH].concat();
    turns.shuffle(&mut StdRng::seed_from_u64(seed));
    let (mut waited_away, mut waited_there) = (Vec::new(), Vec::new());
    for (number, is_there) in (0..).zip(turns) {
        let (mailbox, waited) = if is_there { (&there, &mut waited_there) } else { (&away, &mut waited_away) };
        let begun = Instant::now();
        assert_eq!(world.deposit(mailbox, number).await, Outcome::Accepted);
        waited.push(begun.elapsed());
    }
    recipient.abort();
    assert!(world.relay.totals().acknowledged as usize > EACH / 2, "the recipient was there");
    (waited_away, waited_there)
}

/// The share of all pairs in which the one with the recipient there came sooner, less a half: 0 tells nothing, and ±0.5 all (Mann
/// and Whitney, 1947).
fn telling(away: &[Duration], there: &[Duration]) -> f64 {
    let sooner = there.iter().map(|there| away.iter().filter(|&away| there < away).count()).sum::<usize>();
    sooner as f64 / (away.len() * there.len()) as f64 - 0.5
}

/// Looked at up to three times: a relay that tells does so each time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_accepted_comes_does_not_tell_whether_the_recipient_is_there() {
    let mut seen = Vec::new();
    for seed in 0..3 {
        let (away, there) = waits(seed).await;
        let told = telling(&away, &there);
        if told.abs() < TELLING {
            return;
        }
        seen.push(told);
    }
    panic!("each time: {seen:?}");
}

#[test]
fn answers_that_come_sooner_by_a_third_are_telling() {
    let away: Vec<_> = (0..150).map(|step| Duration::from_micros(4_000 + 10 * step)).collect();
    let there: Vec<_> = away.iter().map(|wait| *wait * 2 / 3).collect();
    assert!(telling(&away, &there) > TELLING);
    assert!(telling(&away, &away).abs() < 0.01);
}
