//! A clerk that cannot keep up, and a disk that never answers.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use sealpost_wire::request::MailboxKind;
use sealpost_wire::time::{Day, Hour};
use sealpost_wire::{CollectHash, MailboxId};

use super::backend::options;
use crate::store::contract::Heard;
use crate::store::embedded::{Embedded, MOST_WAITING};
use crate::store::{MailboxOwner, Moment, Store, Unavailable};

const AT: Moment = Moment { now: Hour(480_000), lease: Day(20_100) };
const OWNER: MailboxOwner =
    MailboxOwner { id: MailboxId::from_bytes([1; 32]), collect: CollectHash::from_bytes([2; 32]) };

fn open(root: &tempfile::TempDir) -> Embedded {
    Embedded::open(options(root.path()), Arc::<Heard>::default()).unwrap()
}

#[tokio::test]
async fn what_the_clerk_cannot_keep_up_with_is_told_to_try_later_and_does_not_pile_up() {
    let root = tempfile::tempdir().unwrap();
    let store = open(&root);
    let (go_on, held) = std::sync::mpsc::channel::<()>();
    let holding = store.insist(move |_, answer: tokio::sync::oneshot::Sender<()>| {
        let _let_go = held.recv();
        drop(answer);
        Ok(())
    });
    // Nobody waits for these answers; they wait for the clerk all the same.
    for _ in 0..MOST_WAITING {
        assert_eq!(store.open_mailbox(OWNER, MailboxKind::Pairwise, AT).now_or_never(), None);
    }
    assert_eq!(store.renew(vec![OWNER.id], AT).now_or_never(), Some(Err(Unavailable)));
    go_on.send(()).unwrap();
    assert_eq!(holding.await, Err(Unavailable));
    while store.open_mailbox(OWNER, MailboxKind::Pairwise, AT).await.is_err() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_write_that_does_not_end_is_noticed_and_one_that_ends_is_forgotten() {
    let root = tempfile::tempdir().unwrap();
    let store = open(&root);
    assert_eq!(store.stall(), Duration::ZERO);
    store.open_mailbox(OWNER, MailboxKind::Pairwise, AT).await.unwrap().unwrap();
    let closing = {
        // The clerk knows the mailbox now; the committer needs the disk.
        let _held = store.shared.disk.write().unwrap();
        let closing = store.close_mailbox(OWNER, AT.now);
        while store.stall() < Duration::from_millis(20) {
            std::thread::sleep(Duration::from_millis(1));
        }
        closing
    };
    assert_eq!(closing.await, Ok(Ok(())));
    while store.stall() > Duration::ZERO {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_clerk_that_panics_is_noticed() {
    let root = tempfile::tempdir().unwrap();
    let store = open(&root);
    let panicking = store.insist(|_, _: tokio::sync::oneshot::Sender<()>| panic!("a fault of ours"));
    assert_eq!(panicking.await, Err(Unavailable));
    while store.stall() < Duration::MAX {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
