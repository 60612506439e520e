//! Two relays on one server.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use sealpost_redis_stage::Server;
use sealpost_wire::request::MailboxKind;
use sealpost_wire::time::Hour;

use super::backend::{SYNCED, deposit, draining, lying, on, opened, options};
use crate::store::contract::{Heard, NOW, OWNER, QUOTA, SHELF, at, envelope, id, items, mailbox};
use crate::store::redis::{Options, Rates, Redis};
use crate::store::{Kept, NewEnvelope, Right, Store, Unavailable};

/// Both, once each listens to the other.
async fn two(server: &Server) -> ((Redis, Arc<Heard>), (Redis, Arc<Heard>)) {
    let (one, other) = (on(server), on(server));
    one.1.more_than(0).await;
    other.1.more_than(0).await;
    (one, other)
}

#[tokio::test]
async fn what_one_keeps_the_other_is_told_to_read() {
    let server = Server::start(SYNCED).unwrap();
    let ((one, _), (other, heard)) = two(&server).await;
    opened(&one).await;
    for number in 1..=3 {
        let told = heard.times();
        assert_eq!(deposit(&one, number).await, Ok(Kept::Kept));
        heard.more_than(told).await;
        assert_eq!(lying(&other).await.unwrap().last(), Some(&number));
    }
}

#[tokio::test]
async fn a_mailbox_that_one_closes_is_no_more_for_the_other() {
    let server = Server::start(SYNCED).unwrap();
    let ((one, heard_itself), (_other, heard)) = two(&server).await;
    opened(&one).await;
    assert_eq!(one.close_mailbox(OWNER, NOW).await, Ok(Ok(())));
    while heard.closed().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!((heard.closed(), heard_itself.closed()), (vec![OWNER.id], vec![OWNER.id]));
}

/// What is lost meanwhile is read when the subscriptions are there again.
#[tokio::test]
async fn after_a_break_everything_is_read() {
    let server = Server::start(SYNCED).unwrap();
    let ((one, _), (_other, heard)) = two(&server).await;
    opened(&one).await;
    let told = heard.times();
    for kind in [b"pubsub", b"normal"] {
        server.tell(&[b"CLIENT", b"KILL", b"TYPE", kind]).unwrap();
    }
    heard.more_than(told).await;
    let told = heard.times();
    while deposit(&one, 9).await.is_err() {}
    heard.more_than(told).await;
}

#[tokio::test]
async fn everything_is_read_now_and_then_even_where_nothing_was_heard() {
    let server = Server::start(SYNCED).unwrap();
    let (_store, heard) = draining(&server, Duration::from_millis(5));
    heard.more_than(5).await;
}

#[tokio::test]
async fn a_subscription_that_ends_is_begun_again_and_everything_read() {
    let server = Server::start(SYNCED).unwrap();
    let ((one, _), (other, heard)) = two(&server).await;
    opened(&one).await;
    let told = heard.times();
    // As a server does whose slot has gone to another.
    let channel = other.context.keys.channel(3);
    other.context.link.ask(&channel, redis::cmd("SUNSUBSCRIBE").arg(channel.as_bytes())).await.unwrap();
    heard.more_than(told).await;
    let numbers = server.tell(&[b"PUBSUB", b"SHARDNUMSUB", channel.as_bytes()]).unwrap();
    assert!(numbers.ends_with('2'), "{numbers}");
}

#[tokio::test]
async fn sequences_rise_whichever_relay_deposits_and_each_id_is_there_once() {
    let server = Server::start(SYNCED).unwrap();
    let ((one, _), (other, _)) = two(&server).await;
    opened(&one).await;
    for number in 1..=4 {
        let deposited = [deposit(&one, number), deposit(&other, number)];
        let deposited = join_all(deposited).await;
        assert_eq!(deposited, [Ok(Kept::Kept), Ok(Kept::Kept)]);
    }
    assert_eq!((lying(&one).await, lying(&other).await), (Ok(vec![1, 2, 3, 4]), Ok(vec![1, 2, 3, 4])));
}

#[tokio::test]
async fn an_item_is_taken_at_one_of_them_alone() {
    let server = Server::start(SYNCED).unwrap();
    let ((one, _), (other, _)) = two(&server).await;
    assert_eq!(one.open_shelf(SHELF, at(NOW)).await, Ok(Ok(())));
    assert_eq!(one.stock(SHELF, items(0..100, None), at(NOW)).await, Ok(Ok(())));
    let takes = (0..120).map(|take| if take % 2 == 0 { one.take(SHELF, NOW) } else { other.take(SHELF, NOW) });
    let mut taken: Vec<u8> =
        join_all(takes).await.into_iter().filter_map(|item| Some(item.unwrap()?.as_bytes()[0])).collect();
    taken.sort_unstable();
    assert_eq!(taken, (0..100).collect::<Vec<u8>>());
}

#[tokio::test]
async fn stores_in_other_namespaces_have_nothing_in_common() {
    let server = Server::start(SYNCED).unwrap();
    let (one, _heard) = on(&server);
    opened(&one).await;
    let options = Options { namespace: "another".to_owned(), ..options(&[server.address()]) };
    let another = Redis::open(options, QUOTA, Arc::<Heard>::default()).unwrap();
    let theirs = mailbox(1, 9);
    assert_eq!(another.open_mailbox(theirs, MailboxKind::Pairwise, at(NOW)).await, Ok(Ok(())));
    assert_eq!(deposit(&one, 1).await, Ok(Kept::Kept));
    assert_eq!(deposit(&another, 1).await, Ok(Kept::Gone));
}

/// A store on that server that counts what all relays have let through.
fn counting(server: &Server) -> Redis {
    let rates = Rates { takes_per_hour: 3, strangers_per_hour: 2 };
    let options = Options { rates, ..options(&[server.address()]) };
    Redis::open(options, QUOTA, Arc::<Heard>::default()).unwrap()
}

#[tokio::test]
async fn takes_and_strangers_are_counted_at_all_relays_together_and_forgotten_with_their_hour() {
    let server = Server::start(SYNCED).unwrap();
    let (one, other) = (counting(&server), counting(&server));
    assert_eq!(one.open_shelf(SHELF, at(NOW)).await, Ok(Ok(())));
    assert_eq!(one.stock(SHELF, items(1..=9, None), at(NOW)).await, Ok(Ok(())));
    for store in [&one, &other, &one] {
        assert!(store.take(SHELF, NOW).await.unwrap().is_some());
    }
    assert_eq!((one.take(SHELF, NOW).await, other.take(SHELF, NOW).await), (Err(Unavailable), Err(Unavailable)));
    assert_eq!(one.open_mailbox(OWNER, MailboxKind::FrontDoor, at(NOW)).await, Ok(Ok(())));
    let stranger = |number| NewEnvelope { right: Right::Stranger { too_fast: false }, ..envelope(OWNER, number, NOW) };
    assert_eq!(one.deposit(vec![stranger(1)], NOW).await, Ok(vec![Kept::Kept]));
    assert_eq!(other.deposit(vec![stranger(2)], NOW).await, Ok(vec![Kept::Kept]));
    let ids = vec![id(1), id(2)];
    assert_eq!(one.acknowledge(vec![(OWNER, ids)], NOW).await, Ok(vec![Ok(())]));
    assert_eq!(one.deposit(vec![stranger(3)], NOW).await, Ok(vec![Kept::Slowed]));
    assert_eq!(one.deposit(vec![envelope(OWNER, 4, NOW)], NOW).await, Ok(vec![Kept::Kept]));
    assert!(one.ready() && other.ready(), "too fast is no outage");
    let next = Hour(NOW.0 + 1);
    assert!(other.take(SHELF, next).await.unwrap().is_some());
    assert_eq!(one.deposit(vec![stranger(3)], next).await, Ok(vec![Kept::Kept]));
    assert_eq!(one.expire(Hour(next.0 + 1)).await, Ok(false));
    assert!(!server.tell(&[b"KEYS", b"*"]).unwrap().lines().any(|key| key.ends_with("}r")));
}
