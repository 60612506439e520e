//! What answers tell, and do not.

use sealpost_wire::request::{Refusal, Request};

use crate::objects::{Mailbox, Shelf, envelope_id};
use crate::peer::{Answer, BOTH, Http, Peer};
use crate::relay::TestRelay;

/// The answers to `right`'s owner with a wrong key, and to somebody who names what was never there.
async fn pair<R: Request>(peer: &mut Peer, wrong: &R, unknown: &R) -> (Answer, Answer) {
    (peer.ask(wrong).await, peer.ask(unknown).await)
}

#[tokio::test]
async fn a_wrong_key_and_an_unknown_mailbox_are_answered_alike() {
    let relay = TestRelay::start().await;
    for http in BOTH {
        let mut owner = Peer::connect(&relay, http).await;
        let (mailbox, unknown) = (Mailbox::random(), Mailbox::random());
        owner.call(&mailbox.open()).await;
        let mut collect = mailbox.collect();
        let mut acknowledge = mailbox.acknowledge(vec![envelope_id()]);
        let mut close = mailbox.close();
        for key in [&mut collect.collect, &mut acknowledge.collect, &mut close.collect] {
            *key = Mailbox::random().collect;
        }
        let pairs = [
            pair(&mut owner, &collect, &unknown.collect()).await,
            pair(&mut owner, &acknowledge, &unknown.acknowledge(vec![envelope_id()])).await,
            pair(&mut owner, &close, &unknown.close()).await,
        ];
        for (wrong, unknown) in pairs {
            assert_eq!(wrong, unknown);
            assert_eq!(wrong.refused(), (403, Refusal::Denied));
        }
    }
    relay.stop().await;
}

#[tokio::test]
async fn a_wrong_key_and_an_unknown_shelf_are_answered_alike() {
    let relay = TestRelay::start().await;
    let mut owner = Peer::connect(&relay, Http::Two).await;
    let (shelf, unknown) = (Shelf::random(), Shelf::random());
    owner.call(&shelf.open()).await;
    let (mut stock, mut count, mut close) = (shelf.stock(Vec::new(), None), shelf.count(), shelf.close());
    for key in [&mut stock.stock, &mut count.stock, &mut close.stock] {
        *key = Shelf::random().stock;
    }
    let pairs = [
        pair(&mut owner, &stock, &unknown.stock(Vec::new(), None)).await,
        pair(&mut owner, &count, &unknown.count()).await,
        pair(&mut owner, &close, &unknown.close()).await,
    ];
    for (wrong, unknown) in pairs {
        assert_eq!(wrong, unknown);
        assert_eq!(wrong.refused(), (403, Refusal::Denied));
    }
    relay.stop().await;
}

#[tokio::test]
async fn answers_carry_no_date_and_no_server() {
    let relay = TestRelay::start().await;
    for http in BOTH {
        let mut peer = Peer::connect(&relay, http).await;
        for answer in
            [peer.get("/v1/relay").await, peer.get("/nothing").await, peer.ask(&Mailbox::random().open()).await]
        {
            let mut names: Vec<_> = answer.headers.keys().map(|name| name.as_str()).collect();
            names.sort_unstable();
            assert_eq!(names, ["content-length", "content-type"]);
        }
    }
    relay.stop().await;
}
