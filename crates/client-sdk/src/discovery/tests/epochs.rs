//! When one epoch passes into the next.

use sealpost_wire::directory::Epoch;
use sealpost_wire::time::Day;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::super::Progress;
use super::super::fake::World;
use super::super::run::Run;
use super::*;

/// The third day of the epoch after the one of the day on which the tests run.
fn soon() -> (Day, Epoch) {
    let next = Epoch::of(clock::today()).next();
    (next.first_day().plus(2), next)
}

/// Looks a book up as if it were that day.
async fn look_up_on(day: Day, seeker: &Seeker, book: AddressBook) -> DiscoveryReport {
    let (inner, ways) = (seeker.client.0.clone(), seeker.discovery.ways.clone());
    let (progress, _unread) = watch::channel(Progress::default());
    Run { inner, ways, progress, stop: CancellationToken::new(), day }.run(book).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_in_the_new_epoch_yet_is_looked_for_in_the_old_one() {
    let world = World::open().await;
    let (day, next) = soon();
    let last = day.plus(30);
    world.list_in(next, &nth(0), &card(&world, 5), last);
    world.list_in(next.previous().unwrap(), &nth(1), &card(&world, 6), last);
    world.state().day = Some(day);
    world.publish(|_| {});
    let seeker = Seeker::new(&world.relay());
    let report = look_up_on(day, &seeker, row(3)).await;
    assert_eq!((names(&report.found), report.not_found.len()), (vec!["person 0", "person 1"], 1));
    // All three in the new epoch, and in the old one those that were not found.
    assert_eq!((report.hashed, report.evaluated), (5, 10));
    let old = next.previous().unwrap();
    let first_in_the_old = world.state().reads.iter().position(|read| read.epoch == old).unwrap();
    assert!(world.state().reads[first_in_the_old..].iter().all(|read| read.epoch == old));
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_old_epoch_has_closed_nobody_is_looked_for_in_it() {
    let world = World::open().await;
    let (_, next) = soon();
    let day = next.first_day().plus(Epoch::OVERLAP);
    world.state().day = Some(day);
    world.publish(|_| {});
    let seeker = Seeker::new(&world.relay());
    assert_eq!(look_up_on(day, &seeker, row(3)).await.hashed, 3);
    assert!(world.state().reads.iter().all(|read| read.epoch == next));
}
