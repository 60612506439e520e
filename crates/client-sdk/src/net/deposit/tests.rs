use futures_util::StreamExt;
use sealpost_wire::Ticket;
use sealpost_wire::request::Outcome;
use sealpost_wire::{CollectHash, DepositKey, Envelope, EnvelopeId, SizeClass};

use super::super::test_relay::{CANARY, Peer, timeouts};
use super::*;

const BODY_LIMIT: usize = 512 * 1024;

async fn socket() -> (DepositSocket, Peer) {
    socket_with(BODY_LIMIT).await
}

async fn socket_with(body_limit: usize) -> (DepositSocket, Peer) {
    let (socket, peer) = Peer::of_a_socket(LONGEST_FRAME).await;
    (DepositSocket::new(socket, body_limit, timeouts().request), peer)
}

fn deposit(number: u8) -> Deposit {
    sized(number, SizeClass::Small)
}

fn sized(number: u8, class: SizeClass) -> Deposit {
    let envelope = vec![number; class.envelope_length()];
    Deposit {
        version: V1,
        deposit: DepositKey::new([1; 32]),
        collect: CollectHash::from_bytes([2; 32]),
        id: EnvelopeId::from_bytes([number; 16]),
        envelope: Envelope::new(envelope.into()).unwrap(),
        ticket: Ticket::from_bytes(&[0; Ticket::LENGTH]),
    }
}

/// A deposit whose envelope carries the canary in the clear.
fn betraying() -> Deposit {
    let mut envelope = vec![0; SizeClass::Small.envelope_length()];
    envelope[100..100 + CANARY.len()].copy_from_slice(CANARY.as_bytes());
    Deposit { envelope: Envelope::new(envelope.into()).unwrap(), ..deposit(0) }
}

/// Deposits in the order in which they came, until there are `count`.
async fn received(peer: &mut Peer, count: usize) -> Vec<Tagged> {
    let mut all = Vec::new();
    while all.len() < count {
        let frame: DepositFrame = from_bytes(&peer.payload().await).unwrap();
        all.extend(frame.deposits.into_vec());
    }
    all
}

async fn tell(peer: &mut Peer, outcomes: Vec<TaggedOutcome>) {
    peer.send(to_bytes(&OutcomeFrame { version: V1, outcomes: List::new(outcomes).unwrap() })).await;
}

fn told(tag: u32, outcome: Outcome) -> TaggedOutcome {
    TaggedOutcome { tag, outcome, retry_after: None }
}

#[tokio::test]
async fn outcomes_in_any_order_reach_those_who_wait_for_them() {
    let (socket, mut peer) = socket().await;
    let mut pending = Vec::new();
    for number in 0..100 {
        pending.push(socket.deposit(deposit(number)).await.unwrap());
    }
    let came = received(&mut peer, 100).await;
    let numbers: Vec<_> = came.iter().map(|tagged| tagged.deposit.id.as_bytes()[0]).collect();
    assert_eq!(numbers, (0..100).collect::<Vec<_>>(), "in the order of the calls");
    let outcome = |number: u8| if number.is_multiple_of(3) { Outcome::Gone } else { Outcome::Accepted };
    let outcomes = came.iter().rev().map(|tagged| told(tagged.tag, outcome(tagged.deposit.id.as_bytes()[0])));
    tell(&mut peer, outcomes.collect()).await;
    for (number, pending) in (0..100).zip(pending) {
        assert_eq!(pending.await.unwrap().outcome, outcome(number));
    }
}

#[tokio::test]
async fn deposits_that_are_ready_together_share_frames() {
    let (socket, mut peer) = socket().await;
    for number in 0..128 {
        socket.deposit(deposit(number)).await.unwrap();
    }
    let first: DepositFrame = from_bytes(&peer.payload().await).unwrap();
    let second: DepositFrame = from_bytes(&peer.payload().await).unwrap();
    assert!(first.deposits.len() + second.deposits.len() >= MAX_DEPOSITS);
}

#[tokio::test]
async fn no_frame_is_longer_than_the_relay_takes() {
    let (socket, mut peer) = socket().await;
    let feeding = async {
        for number in 0..40 {
            socket.deposit(sized(number, SizeClass::Large)).await.unwrap();
        }
    };
    let reading = async {
        let (mut numbers, mut frames) = (Vec::new(), 0);
        while numbers.len() < 40 {
            let payload = peer.payload().await;
            assert!(payload.len() <= BODY_LIMIT);
            let frame: DepositFrame = from_bytes(&payload).unwrap();
            numbers.extend(frame.deposits.iter().map(|tagged| tagged.deposit.id.as_bytes()[0]));
            frames += 1;
        }
        assert_eq!(numbers, (0..40).collect::<Vec<_>>());
        assert!(frames <= 10, "{frames} frames for 40 deposits, 7 of which fit into one");
    };
    tokio::join!(feeding, reading);
}

#[tokio::test]
async fn a_limit_below_one_deposit_still_lets_each_try() {
    let (socket, mut peer) = socket_with(1).await;
    for number in 0..2 {
        socket.deposit(deposit(number)).await.unwrap();
    }
    for number in 0..2 {
        let frame: DepositFrame = from_bytes(&peer.payload().await).unwrap();
        assert_eq!(frame.deposits.len(), 1);
        assert_eq!(frame.deposits[0].deposit.id.as_bytes()[0], number);
    }
}

#[tokio::test]
async fn what_is_pending_when_the_relay_dies_is_unknown() {
    let (socket, mut peer) = socket().await;
    let pending = socket.deposit(deposit(1)).await.unwrap();
    received(&mut peer, 1).await;
    drop(peer);
    assert_eq!(pending.await, Err(NetError::Closed));
    let later = socket.deposit(deposit(2)).await;
    assert_eq!(later.err(), Some(NetError::Closed));
}

#[tokio::test]
async fn an_outcome_for_no_deposit_ends_the_socket() {
    let (socket, mut peer) = socket().await;
    let pending = socket.deposit(deposit(1)).await.unwrap();
    let tag = received(&mut peer, 1).await[0].tag;
    tell(&mut peer, vec![told(tag.wrapping_add(1), Outcome::Accepted)]).await;
    assert_eq!(pending.await, Err(NetError::Protocol(ProtocolError::UnknownTag)));
}

#[tokio::test]
async fn a_second_outcome_for_one_deposit_ends_the_socket() {
    let (socket, mut peer) = socket().await;
    let (first, second) = (socket.deposit(deposit(1)).await.unwrap(), socket.deposit(deposit(2)).await.unwrap());
    let tag = received(&mut peer, 2).await[0].tag;
    tell(&mut peer, vec![told(tag, Outcome::Accepted), told(tag, Outcome::Gone)]).await;
    assert_eq!(first.await.map(|told| told.outcome), Ok(Outcome::Accepted));
    assert_eq!(second.await, Err(NetError::Protocol(ProtocolError::UnknownTag)));
}

#[tokio::test(start_paused = true)]
async fn an_outcome_that_never_comes_times_out_for_its_deposit_alone() {
    let (socket, mut peer) = socket().await;
    let forgotten = socket.deposit(deposit(1)).await.unwrap();
    let tags = received(&mut peer, 1).await;
    assert_eq!(tags.len(), 1);
    let answering = async {
        let _reading_answers_pings = tokio::time::timeout(timeouts().request, peer.stream.next()).await;
    };
    let (outcome, ()) = tokio::join!(forgotten, answering);
    assert_eq!(outcome, Err(NetError::TimedOut(Stage::Request)));
    let next = socket.deposit(deposit(2)).await.unwrap();
    let tag = received(&mut peer, 1).await[0].tag;
    tell(&mut peer, vec![told(tag, Outcome::Full)]).await;
    assert_eq!(next.await.map(|told| told.outcome), Ok(Outcome::Full));
}

#[tokio::test]
async fn of_a_deposit_with_a_forbidden_value_no_byte_goes_out() {
    let (socket, mut peer) = socket().await;
    let pending = socket.deposit(betraying()).await.unwrap();
    assert!(matches!(pending.await, Err(NetError::Tripwire(_))));
    assert_eq!(peer.alarms.lock().unwrap().len(), 1);
    let mut received = Vec::new();
    tokio::io::AsyncReadExt::read_to_end(peer.stream.get_mut(), &mut received).await.unwrap();
    assert!(received.is_empty());
}

#[tokio::test]
async fn what_was_sent_before_a_forbidden_value_is_unknown_and_not_unsent() {
    let (socket, mut peer) = socket().await;
    let sent = socket.deposit(deposit(1)).await.unwrap();
    received(&mut peer, 1).await;
    let stopped = socket.deposit(betraying()).await.unwrap();
    assert!(matches!(stopped.await, Err(NetError::Tripwire(_))));
    assert_eq!(sent.await, Err(NetError::Closed));
}

#[tokio::test]
async fn only_so_many_deposits_are_in_flight() {
    let (socket, mut peer) = socket().await;
    for number in 0..IN_FLIGHT {
        socket.deposit(deposit(number as u8)).await.unwrap();
    }
    let one_more = tokio::time::timeout(Duration::from_millis(200), socket.deposit(deposit(0))).await;
    assert!(one_more.is_err(), "it waits for room");
    let tag = received(&mut peer, 1).await[0].tag;
    tell(&mut peer, vec![told(tag, Outcome::Accepted)]).await;
    assert!(socket.deposit(deposit(0)).await.is_ok());
}
