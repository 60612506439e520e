use sealpost_wire::request::{Done, Taken};
use sealpost_wire::{StockHash, TakeKey};

use super::super::test_relay::{Peer, answer, read_request};
use super::*;

/// Does not compile when `$request` belongs to the side of `$marker`: then two traits offer `is_not`, and which one is
/// meant is ambiguous.
macro_rules! assert_not_of_side {
    ($marker:ident: $($request:ident)*) => {{
        trait Ambiguous<Side> {
            fn is_not() {}
        }
        struct ThisSide;
        impl<R> Ambiguous<()> for R {}
        impl<R: $marker> Ambiguous<ThisSide> for R {}
        $(<$request as Ambiguous<_>>::is_not();)*
    }};
}

#[test]
fn a_request_on_the_wrong_side_does_not_compile() {
    assert_not_of_side!(OwnerRequest: Deposit Take);
    assert_not_of_side!(
        SenderRequest: OpenMailbox Collect Acknowledge CloseMailbox OpenShelf Stock CountItems CloseShelf
    );
}

fn take() -> Take {
    Take { version: V1, take: TakeKey::new([1; 32]), stock: StockHash::from_bytes([2; 32]) }
}

/// Takes one item from a relay that answers so.
async fn taken(status: &str, body: &[u8]) -> Result<Taken, NetError> {
    let (connection, mut far) = Peer::of_http().await;
    let mut connection = SenderConnection::new(Carrier::Direct(connection));
    let request = take();
    let serve = async {
        let received = read_request(&mut far).await;
        assert!(received.starts_with(b"POST /v1/take ") && received.ends_with(&to_bytes(&take())));
        answer(&mut far, status, body).await;
        far
    };
    let (outcome, _far) = tokio::join!(connection.call(&request), serve);
    outcome
}

fn refused(reason: Refusal, retry_after: Option<u16>) -> Refused {
    Refused { version: V1, reason, retry_after }
}

#[tokio::test]
async fn a_reply_is_read() {
    let item = SealedItem::new(vec![7; SealedItem::LENGTH].into()).unwrap();
    let reply = Taken { version: V1, item };
    assert_eq!(taken("200 OK", &to_bytes(&reply)).await, Ok(reply));
}

#[tokio::test]
async fn the_longest_replies_are_within_their_limits() {
    use sealpost_wire::request::{Collected, Stored};
    use sealpost_wire::{AtRest, CollectKey, EnvelopeId, MailboxId};
    let sealed = AtRest::new(vec![0; SizeClass::Large.stored_length()].into()).unwrap();
    let stored = Stored { sequence: u64::MAX, id: EnvelopeId::from_bytes([0; 16]), sealed };
    let envelopes = sealpost_wire::codec::List::new(vec![stored; 40]).unwrap();
    let reply = to_bytes(&Collected { version: V1, envelopes, more: true });
    let (mailbox, collect) = (MailboxId::from_bytes([0; 32]), CollectKey::new([0; 32]));
    let request =
        Collect { version: V1, mailbox, collect, after: 0, max: 40, received: sealpost_wire::codec::List::default() };
    assert!(reply.len() <= request.longest_reply());
    assert!(reply.len() > Collect { max: 39, ..request }.longest_reply());
}

#[tokio::test]
async fn a_refusal_is_read_at_whatever_error_status_it_comes() {
    for (status, reason) in [
        ("403 Forbidden", Refusal::Denied),
        ("422 Unprocessable", Refusal::Limit),
        ("503 Service Unavailable", Refusal::TryLater),
    ] {
        let refused = refused(reason, Some(3));
        assert_eq!(taken(status, &to_bytes(&refused)).await, Err(NetError::Refused(refused)));
    }
}

#[tokio::test]
async fn a_relay_too_busy_to_say_why_is_tried_later() {
    let outcome = taken("503 Service Unavailable", b"<html>busy</html>").await;
    assert_eq!(outcome, Err(NetError::Refused(refused(Refusal::TryLater, None))));
}

#[tokio::test]
async fn a_redirection_is_not_followed() {
    assert_eq!(taken("302 Found", b"").await, Err(NetError::Protocol(ProtocolError::Status)));
}

#[tokio::test]
async fn a_status_of_success_that_no_reply_has_is_no_reply() {
    assert_eq!(taken("204 No Content", b"").await, Err(NetError::Protocol(ProtocolError::Status)));
}

#[tokio::test]
async fn a_reply_to_another_request_is_none() {
    let outcome = taken("200 OK", &to_bytes(&Done { version: V1 })).await;
    assert_eq!(outcome, Err(NetError::Protocol(ProtocolError::Body)));
}

#[tokio::test]
async fn a_refusal_that_cannot_be_read_is_none() {
    assert_eq!(taken("403 Forbidden", b"no").await, Err(NetError::Protocol(ProtocolError::Body)));
}
