//! Mailboxes.

use std::fs;
use std::path::Path;

use sealpost_wire::request::{Outcome, Refusal};
use sealpost_wire::statement::Closed;
use sealpost_wire::time::Day;

use super::world::*;
use crate::clock::Clock;
use crate::service::Denial;

#[tokio::test]
async fn a_restart_loses_no_accepted_envelope() {
    let world = World::new();
    let mailbox = Mailbox::new();
    world.open(&mailbox).await;
    let deposits = (0..100).map(|number| mailbox.deposit(number)).collect();
    let outcomes = world.relay.deposit_many(deposits).await;
    assert!(outcomes.iter().all(|deposited| deposited.outcome == Outcome::Accepted));
    let world = world.restart();
    assert_eq!(world.lying(&mailbox).await, (0..100).collect::<Vec<_>>());
}

#[tokio::test]
async fn full_gone_and_try_later_are_three_things() {
    let world = World::with(|settings| {
        settings.limits.mailbox_envelopes = 1;
        settings.limits.deposits_per_minute = 3;
    });
    let (mailbox, missing) = (Mailbox::new(), Mailbox::new());
    world.open(&mailbox).await;
    let deposits = [&mailbox, &missing, &mailbox, &mailbox, &mailbox];
    let deposits = deposits.iter().zip(0..).map(|(mailbox, number)| mailbox.deposit(number)).collect();
    let outcomes = world.relay.deposit_many(deposits).await;
    let told: Vec<Outcome> = outcomes.iter().map(|deposited| deposited.outcome).collect();
    assert_eq!(told, [Outcome::Accepted, Outcome::Gone, Outcome::Full, Outcome::Full, Outcome::TryLater]);
    assert!(outcomes[4].retry_after.is_some_and(|seconds| (1..=61).contains(&seconds)));
    assert!(outcomes[..4].iter().all(|deposited| deposited.retry_after.is_none()));
}

#[tokio::test]
async fn a_wrong_key_and_a_missing_mailbox_are_denied_alike() {
    let world = World::new();
    let (mailbox, other) = (Mailbox::new(), Mailbox::new());
    world.open(&mailbox).await;
    let denied = Denial::of(Refusal::Denied);
    for mailbox in [Mailbox { collect: other.collect.clone(), deposit: mailbox.deposit.clone() }, other] {
        assert_eq!(world.relay.collect(mailbox.collect(0), usize::MAX).await.map(drop), Err(denied));
        assert_eq!(world.relay.acknowledge(mailbox.acknowledge(&[1])).await.map(drop), Err(denied));
        assert_eq!(world.relay.close_mailbox(mailbox.close()).await.map(drop), Err(denied));
    }
}

#[tokio::test]
async fn closing_is_stated_once_and_signed_by_the_operator() {
    let world = World::new();
    let mailbox = Mailbox::new();
    world.open(&mailbox).await;
    world.deposit(&mailbox, 1).await;
    let closed = world.relay.close_mailbox(mailbox.close()).await.unwrap();
    let statement = closed.statement.verify(&operator().public()).unwrap();
    assert_eq!(statement.closed, Closed::Mailbox(mailbox.id()));
    assert_eq!(statement.day, Day::of(world.clock.now()));
    assert_eq!(world.deposit(&mailbox, 2).await, Outcome::Gone);
    assert_eq!(world.relay.close_mailbox(mailbox.close()).await, Err(Denial::of(Refusal::Denied)));
}

#[tokio::test]
async fn a_store_that_is_out_is_try_later_and_never_a_refusal() {
    let world = World::new();
    let (mailbox, shelf) = (Mailbox::new(), Shelf::new());
    world.open(&mailbox).await;
    world.relay.shutdown().await;
    assert!(!world.relay.ready());
    let out = Denial::try_later(10);
    assert_eq!(world.relay.deposit(mailbox.deposit(1)).await.outcome, Outcome::TryLater);
    assert_eq!(world.relay.open_mailbox(mailbox.open()).await, Err(out));
    assert_eq!(world.relay.collect(mailbox.collect(0), usize::MAX).await, Err(out));
    assert_eq!(world.relay.close_mailbox(mailbox.close()).await, Err(out));
    assert_eq!(world.relay.take(shelf.take()).await, Err(out));
    assert_eq!(world.relay.purge().await, Err(out));
    assert_eq!(world.relay.totals().store_out, 1);
}

#[tokio::test]
async fn envelopes_expire_by_the_hour_and_are_erased_by_the_day() {
    let world = World::with(|settings| settings.retention.envelope_hours = 30);
    let mailbox = Mailbox::new();
    world.open(&mailbox).await;
    world.deposit(&mailbox, 1).await;
    world.wait(30);
    world.relay.expire().await;
    assert_eq!(world.lying(&mailbox).await, [1]);
    world.wait(1);
    assert_eq!(world.lying(&mailbox).await, [0; 0]);
    world.wait(24);
    world.relay.expire().await;
    assert_eq!(world.lying(&mailbox).await, [0; 0]);
    assert_eq!(world.deposit(&mailbox, 1).await, Outcome::Accepted);
    assert_eq!(world.lying(&mailbox).await, [1]);
}

#[tokio::test]
async fn a_mailbox_that_nobody_collects_lapses() {
    let world = World::new();
    let (used, left) = (Mailbox::new(), Mailbox::new());
    world.open(&used).await;
    world.open(&left).await;
    world.wait(80 * 24);
    assert_eq!(world.lying(&used).await, [0; 0]);
    world.wait(20 * 24);
    world.relay.expire().await;
    assert_eq!(world.deposit(&used, 1).await, Outcome::Accepted);
    assert_eq!(world.deposit(&left, 1).await, Outcome::Gone);
    assert_eq!(world.relay.totals().leases_lapsed, 1);
}

/// What a seized disk shows of a mailbox: neither what was deposited nor the keys; the owner, with the deposit key, opens
/// what was collected.
#[tokio::test]
async fn a_seized_disk_holds_no_envelope_and_no_key() {
    let world = World::new();
    let mailbox = Mailbox::new();
    world.open(&mailbox).await;
    world.deposit(&mailbox, 7).await;
    world.relay.shutdown().await;
    let files = files(world.root.path());
    let needle = &envelope(7).into_bytes()[..22];
    assert!(!holds(&files, needle));
    assert!(!holds(&files, mailbox.deposit.expose()));
    assert!(!holds(&files, mailbox.collect.expose()));
    // The search finds what is there.
    assert!(holds(&files, mailbox.collect.hash().as_bytes()));
}

fn files(directory: &Path) -> Vec<Vec<u8>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            let mut bytes = fs::read(path).unwrap();
            bytes.truncate(bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
            files.push(bytes);
        }
    }
    files
}

fn holds(files: &[Vec<u8>], needle: &[u8]) -> bool {
    files.iter().any(|file| file.windows(needle.len()).any(|window| window == needle))
}

#[tokio::test]
async fn more_of_a_sender_is_put_off_with_a_hint_where_too_much_is_in_flight_and_others_wait_for_their_turn() {
    let world = World::with(|settings| settings.memory.in_flight_bytes = 64 * 1024);
    let mailbox = Mailbox::new();
    world.open(&mailbox).await;
    let deposits = |numbers: std::ops::Range<u32>| numbers.map(|number| mailbox.deposit(number)).collect::<Vec<_>>();
    let first = world.relay.begin_deposits(deposits(0..15)).await;
    let second = world.relay.begin_more_deposits(deposits(15..17)).await.outcomes().await;
    assert!(second.iter().all(|it| it.outcome == Outcome::TryLater && it.retry_after == Some(1)), "{second:?}");
    let (first, other) = tokio::join!(first.outcomes(), world.relay.deposit_many(deposits(15..17)));
    assert!(first.iter().chain(&other).all(|deposited| deposited.outcome == Outcome::Accepted));
    assert_eq!(world.lying(&mailbox).await, (0..17).collect::<Vec<_>>());
}

#[tokio::test]
async fn envelopes_lie_in_the_order_in_which_their_batches_were_handed_over() {
    let world = World::new();
    let mailbox = Mailbox::new();
    world.open(&mailbox).await;
    let first = world.relay.begin_deposits((0..3).map(|number| mailbox.deposit(number)).collect()).await;
    let second = world.relay.begin_deposits((3..6).map(|number| mailbox.deposit(number)).collect()).await;
    let outcomes = second.outcomes().await.into_iter().chain(first.outcomes().await);
    assert!(outcomes.into_iter().all(|deposited| deposited.outcome == Outcome::Accepted));
    assert_eq!(world.lying(&mailbox).await, (0..6).collect::<Vec<_>>());
}
