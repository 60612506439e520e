//! What deposits leave behind, and what they find.

use std::sync::Arc;

use sealpost_redis_stage::{Cluster, Server};
use sealpost_wire::request::MailboxKind;
use sealpost_wire::time::Hour;
use sealpost_wire::{AtRest, SizeClass};

use super::backend::{SYNCED, deposit, lying, on, opened, options};
use crate::store::contract::{Heard, NOW, OWNER, QUOTA, at, days, envelope, id, mailbox, sealed};
use crate::store::redis::{Options, Rates, Redis};
use crate::store::{Kept, MailboxOwner, NewEnvelope, Range, Right, Store};

const TOMORROW: Hour = Hour(NOW.0 + days(1));

/// A key of that mailbox.
fn key(store: &Redis, owner: MailboxOwner, end: &str) -> Vec<u8> {
    store.context.mailbox(&owner.id).object(owner.id.as_bytes(), end)
}

/// How many envelopes' bytes lie under that mailbox's key.
fn bodies(server: &Server, store: &Redis, owner: MailboxOwner) -> String {
    server.tell(&[b"HLEN", &key(store, owner, "b")]).unwrap()
}

/// What a relay leaves behind that goes at the wrong moment.
fn leave(server: &Server, store: &Redis, owner: MailboxOwner, number: u8, bytes: &[u8]) {
    server.tell(&[b"HSET", &key(store, owner, "b"), id(number).as_bytes(), bytes]).unwrap();
}

async fn read(store: &Redis) -> Vec<AtRest> {
    let range = Range { after: 0, envelopes: 512, bytes: usize::MAX };
    let page = store.page(OWNER, range, at(NOW)).await.unwrap().unwrap();
    page.envelopes.into_iter().map(|stored| stored.sealed).collect()
}

#[tokio::test]
async fn a_deposit_that_is_refused_leaves_nothing() {
    let server = Server::start(SYNCED).unwrap();
    let rates = Rates { takes_per_hour: 1, strangers_per_hour: 1 };
    let options = Options { rates, ..options(&[server.address()]) };
    let store = Redis::open(options, QUOTA, Arc::<Heard>::default()).unwrap();
    opened(&store).await;
    let all: Vec<_> = (1..=7).map(|number| envelope(OWNER, number, NOW)).collect();
    assert_eq!(store.deposit(all, NOW).await.unwrap()[4..], [Kept::Kept, Kept::Full, Kept::Full]);
    assert_eq!(bodies(&server, &store, OWNER), "5");

    let gone = mailbox(9, 2);
    assert_eq!(store.deposit(vec![envelope(gone, 1, NOW)], NOW).await, Ok(vec![Kept::Gone]));
    assert_eq!(bodies(&server, &store, gone), "0");

    let door = mailbox(8, 2);
    assert_eq!(store.open_mailbox(door, MailboxKind::FrontDoor, at(NOW)).await, Ok(Ok(())));
    let strangers =
        (1..=2).map(|number| NewEnvelope { right: Right::Stranger { too_fast: false }, ..envelope(door, number, NOW) });
    assert_eq!(store.deposit(strangers.collect(), NOW).await, Ok(vec![Kept::Kept, Kept::Slowed]));
    assert_eq!(bodies(&server, &store, door), "1");
}

/// Neither whoever knows an id and another hash, nor the sender again when the answer was lost, changes what lies there.
#[tokio::test]
async fn a_deposit_under_an_id_that_is_there_changes_nothing() {
    let server = Server::start(SYNCED).unwrap();
    let (store, _) = on(&server);
    opened(&store).await;
    assert_eq!(deposit(&store, 1).await, Ok(Kept::Kept));
    let foreign = NewEnvelope { collect: mailbox(1, 9).collect, ..envelope(OWNER, 1, NOW) };
    assert_eq!(store.deposit(vec![foreign], NOW).await, Ok(vec![Kept::Gone]));
    let other = NewEnvelope { sealed: sealed(7, SizeClass::Medium), ..envelope(OWNER, 1, NOW) };
    assert_eq!(store.deposit(vec![other], NOW).await, Ok(vec![Kept::Kept]));
    assert_eq!(read(&store).await, [sealed(1, SizeClass::Small)]);
    assert_eq!(bodies(&server, &store, OWNER), "1");
}

#[tokio::test]
async fn a_deposit_over_bytes_that_were_left_behind_is_kept_whole() {
    let server = Server::start(SYNCED).unwrap();
    let (store, _) = on(&server);
    opened(&store).await;
    leave(&server, &store, OWNER, 1, b"of another length");
    leave(&server, &store, OWNER, 2, sealed(2, SizeClass::Small).as_bytes());
    for number in 1..=3 {
        assert_eq!(deposit(&store, number).await, Ok(Kept::Kept));
    }
    assert_eq!(read(&store).await, [1, 2, 3].map(|number| sealed(number, SizeClass::Small)));
}

#[tokio::test]
async fn bytes_that_were_left_behind_are_swept() {
    let server = Server::start(SYNCED).unwrap();
    let (store, _) = on(&server);
    opened(&store).await;
    let (gone, whole) = (mailbox(9, 2), mailbox(8, 2));
    assert_eq!(store.open_mailbox(whole, MailboxKind::Pairwise, at(NOW)).await, Ok(Ok(())));
    assert_eq!(store.deposit(vec![envelope(whole, 1, NOW)], NOW).await, Ok(vec![Kept::Kept]));
    assert_eq!(deposit(&store, 1).await, Ok(Kept::Kept));
    leave(&server, &store, OWNER, 2, &[2; 4_080]);
    leave(&server, &store, gone, 2, &[2; 4_080]);
    assert_eq!(store.expire(TOMORROW).await, Ok(false));
    let left = [OWNER, gone, whole].map(|owner| bodies(&server, &store, owner));
    assert_eq!(left, ["1", "0", "1"]);
    assert_eq!(lying(&store).await, Ok(vec![1]));
}

#[tokio::test]
async fn bytes_that_were_left_behind_are_swept_from_all_of_a_cluster() {
    let cluster = Cluster::start(2, SYNCED).unwrap();
    let store = Redis::open(options(&cluster.addresses()), QUOTA, Arc::<Heard>::default()).unwrap();
    let left = || -> usize {
        let keys =
            |server: &Server| server.tell(&[b"KEYS", b"*b"]).unwrap().lines().filter(|key| !key.is_empty()).count();
        cluster.masters().iter().map(keys).sum()
    };
    let mailboxes: Vec<_> = (16..32).map(|number| mailbox(number, 1)).collect();
    for owner in &mailboxes {
        let key = key(&store, *owner, "b");
        for master in cluster.masters() {
            // The other one says where it belongs.
            let _moved = master.tell(&[b"HSET", &key, id(1).as_bytes(), b"left"]);
        }
    }
    assert_eq!(left(), mailboxes.len());
    assert_eq!(store.expire(TOMORROW).await, Ok(false));
    assert_eq!(left(), 0);
}

/// Nothing but the script erases what it refuses, and a server that has forgotten it carries out the rest.
#[tokio::test]
async fn a_server_that_forgot_the_script_keeps_no_bytes_of_what_is_refused() {
    let server = Server::start(SYNCED).unwrap();
    let (store, _) = on(&server);
    opened(&store).await;
    server.tell(&[b"SCRIPT", b"FLUSH"]).unwrap();
    let both = vec![envelope(OWNER, 1, NOW), envelope(mailbox(9, 2), 1, NOW)];
    assert_eq!(store.deposit(both, NOW).await, Ok(vec![Kept::Kept, Kept::Gone]));
    assert_eq!(bodies(&server, &store, mailbox(9, 2)), "0");
    assert_eq!(read(&store).await, [sealed(1, SizeClass::Small)]);
}
