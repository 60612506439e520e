//! Deposits that come while the store waits for its own disk.

use std::sync::Arc;

use futures_util::future::join_all;
use sealpost_wire::EnvelopeId;
use sealpost_wire::request::MailboxKind;

use super::backend::options;
use crate::store::contract::{Heard, NOW, OWNER, QUOTA, at, envelope};
use crate::store::embedded::{Embedded, Options};
use crate::store::{Kept, NewEnvelope, Quota, Range, Store};

/// Each time the store waits once; how many deposits have come until then is left to the machine.
const ROUNDS: u32 = 20;
const DEPOSITS: u32 = 400;

#[tokio::test]
async fn deposits_that_come_while_the_store_erases_are_kept_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let quota = Quota { envelopes: 1 << 20, bytes: 1 << 40, ..QUOTA };
    let store = Embedded::open(Options { quota, ..options(directory.path()) }, Arc::<Heard>::default()).unwrap();
    store.open_mailbox(OWNER, MailboxKind::Pairwise, at(NOW)).await.unwrap().unwrap();
    for round in 0..ROUNDS {
        let deposit = |number: u32| {
            let id = EnvelopeId::from_bytes(u128::from(number).to_be_bytes());
            store.deposit(vec![NewEnvelope { id, ..envelope(OWNER, 0, NOW) }], NOW)
        };
        let first = deposit(round * DEPOSITS);
        let lapsed = store.lapse(NOW.day());
        let others = join_all((1..DEPOSITS).map(|number| deposit(round * DEPOSITS + number)));
        assert_eq!((first.await, lapsed.await), (Ok(vec![Kept::Kept]), Ok(0)));
        assert!(others.await.into_iter().all(|kept| kept == Ok(vec![Kept::Kept])));
    }
    let range = Range { after: 0, envelopes: usize::MAX, bytes: usize::MAX };
    let page = store.page(OWNER, range, at(NOW)).await.unwrap().unwrap();
    let ids: Vec<u128> = page.envelopes.iter().map(|stored| u128::from_be_bytes(*stored.id.as_bytes())).collect();
    assert!(ids.iter().copied().eq(0..u128::from(ROUNDS * DEPOSITS)));
}
