use tokio::io::{AsyncReadExt, duplex};
use tokio::time::{Instant, sleep};

use super::super::test_relay::{CANARY, PATIENCE, Peer, answer, guard, read_request, timeouts};
use super::*;

const LONGEST: usize = 1_000;

async fn opened(answer_with: impl AsyncFnOnce(&mut tokio::io::DuplexStream)) -> Result<Socket, NetError> {
    let (near, mut far) = duplex(4096);
    let (guard, _) = guard();
    let host = "relay.example:443".parse().unwrap();
    let opening = open(guard.stream(near), &host, "/v1/test", LONGEST, guard.clone(), timeouts());
    let peer = async {
        let request = read_request(&mut far).await;
        answer_with(&mut far).await;
        (request, far)
    };
    tokio::join!(opening, peer).0
}

#[tokio::test]
async fn an_upgrade_has_no_field_that_it_does_not_need() {
    let (near, mut far) = duplex(4096);
    let (guard, _) = guard();
    let host = "relay.example:443".parse().unwrap();
    let opening = open(guard.stream(near), &host, "/v1/test", LONGEST, guard.clone(), timeouts());
    let peer = async {
        let request = read_request(&mut far).await;
        drop(far);
        String::from_utf8(request).unwrap().to_lowercase()
    };
    let (_, request) = tokio::join!(opening, peer);
    let mut names: Vec<_> = request.lines().skip(1).filter_map(|line| Some(line.split_once(':')?.0)).collect();
    names.sort_unstable();
    assert_eq!(names, ["connection", "host", "sec-websocket-key", "sec-websocket-version", "upgrade"]);
}

#[tokio::test]
async fn a_refused_upgrade_says_why() {
    use sealpost_wire::codec::V1;
    use sealpost_wire::request::{Refusal, Refused};
    let refused = Refused { version: V1, reason: Refusal::TryLater, retry_after: Some(9) };
    let body = sealpost_wire::to_bytes(&refused);
    let outcome = opened(async move |far| answer(far, "503 Service Unavailable", &body).await).await;
    assert_eq!(outcome.err(), Some(NetError::Refused(refused)));
}

#[tokio::test]
async fn an_upgrade_that_is_answered_with_a_page_is_none() {
    let outcome = opened(async |far| answer(far, "200 OK", b"hello").await).await;
    assert_eq!(outcome.err(), Some(NetError::Protocol(ProtocolError::Status)));
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_that_is_never_answered_times_out() {
    let outcome = opened(async |_| {}).await;
    assert_eq!(outcome.err(), Some(NetError::TimedOut(Stage::Handshake)));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_falls_silent_is_taken_for_dead() {
    let (mut socket, _peer) = Peer::of_a_socket(LONGEST).await;
    let before = Instant::now();
    assert_eq!(socket.receiver.next().await, Err(NetError::TimedOut(Stage::Silence)));
    assert!(before.elapsed() <= timeouts().silence() + Duration::from_secs(1));
    assert_eq!(socket.receiver.next().await, Err(NetError::Closed));
    assert_eq!(socket.sender.send(vec![1]).await, Err(NetError::Closed));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_has_nothing_to_say_is_kept_alive_by_its_pongs() {
    let (mut socket, mut peer) = Peer::of_a_socket(LONGEST).await;
    let quiet = timeouts().silence() * 10;
    let talk = async {
        let _reading_answers_pings = tokio::time::timeout(quiet, peer.stream.next()).await;
        peer.send(vec![7]).await;
    };
    let (received, ()) = tokio::join!(socket.receiver.next(), talk);
    assert_eq!(received, Ok(Bytes::from_static(&[7])));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_ends_a_blocked_write() {
    let (mut socket, mut peer) = Peer::of_a_socket(LONGEST).await;
    let chatter = async {
        // It never reads, but what it sends shows that it is there.
        loop {
            sleep(Duration::from_secs(1)).await;
            if peer.stream.get_mut().write_frame_of_one_byte().await.is_err() {
                return;
            }
        }
    };
    let before = Instant::now();
    let writer = async { while socket.sender.send(vec![0; 60_000]).await.is_ok() {} };
    let reader = async {
        loop {
            if let Err(end) = socket.receiver.next().await {
                return end;
            }
        }
    };
    let end = tokio::select! {
        (end, ()) = async { tokio::join!(reader, writer) } => end,
        () = chatter => panic!("the peer outlived the socket"),
    };
    assert_eq!(end, NetError::TimedOut(Stage::Write));
    assert!(before.elapsed() < timeouts().write + PATIENCE);
}

trait RawFrames {
    async fn write_frame_of_one_byte(&mut self) -> std::io::Result<()>;
}

impl RawFrames for tokio::io::DuplexStream {
    async fn write_frame_of_one_byte(&mut self) -> std::io::Result<()> {
        tokio::io::AsyncWriteExt::write_all(self, &[0x82, 1, 0]).await
    }
}

#[tokio::test]
async fn a_message_over_the_limit_ends_the_socket() {
    let (mut socket, mut peer) = Peer::of_a_socket(LONGEST).await;
    peer.send(vec![0; LONGEST]).await;
    assert_eq!(socket.receiver.next().await.map(|payload| payload.len()), Ok(LONGEST));
    peer.send(vec![0; LONGEST + 1]).await;
    assert_eq!(socket.receiver.next().await, Err(NetError::Protocol(ProtocolError::TooLong)));
}

#[tokio::test]
async fn a_message_in_many_parts_has_the_same_limit() {
    use tokio_tungstenite::tungstenite::protocol::frame::Frame;
    use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
    let (mut socket, mut peer) = Peer::of_a_socket(LONGEST).await;
    for part in 0..3 {
        let code = OpCode::Data(if part == 0 { Data::Binary } else { Data::Continue });
        let frame = Frame::message(vec![0; LONGEST / 2], code, part == 2);
        peer.stream.send(Message::Frame(frame)).await.unwrap();
    }
    assert_eq!(socket.receiver.next().await, Err(NetError::Protocol(ProtocolError::TooLong)));
}

#[tokio::test]
async fn a_relay_that_stops_is_told_from_one_that_was_sent_what_it_cannot_use() {
    for (code, end) in [
        (CloseCode::Away, NetError::Closed),
        (CloseCode::Restart, NetError::Closed),
        (CloseCode::Protocol, NetError::Protocol(ProtocolError::Rejected)),
        (CloseCode::Size, NetError::Protocol(ProtocolError::Rejected)),
    ] {
        let (mut socket, mut peer) = Peer::of_a_socket(LONGEST).await;
        peer.stream.close(Some(CloseFrame { code, reason: "".into() })).await.unwrap();
        assert_eq!(socket.receiver.next().await, Err(end));
    }
}

#[tokio::test]
async fn text_is_no_frame_of_the_protocol() {
    let (mut socket, mut peer) = Peer::of_a_socket(LONGEST).await;
    peer.stream.send(Message::Text("hello".into())).await.unwrap();
    assert_eq!(socket.receiver.next().await, Err(NetError::Protocol(ProtocolError::Framing)));
}

#[tokio::test]
async fn a_peer_that_dies_is_a_lost_connection() {
    let (mut socket, peer) = Peer::of_a_socket(LONGEST).await;
    drop(peer);
    assert_eq!(socket.receiver.next().await, Err(NetError::Closed));
}

#[tokio::test]
async fn of_a_message_with_a_forbidden_value_no_byte_goes_out() {
    let (mut socket, mut peer) = Peer::of_a_socket(LONGEST).await;
    socket.sender.send(b"harmless".to_vec()).await.unwrap();
    assert_eq!(peer.payload().await, b"harmless");
    let sent = socket.sender.send(format!("number {CANARY}").into_bytes()).await;
    assert!(matches!(sent, Err(NetError::Tripwire(_))));
    assert_eq!(peer.alarms.lock().unwrap().len(), 1);
    assert_eq!(socket.receiver.next().await, Err(NetError::Closed));
    assert_eq!(socket.sender.send(b"harmless".to_vec()).await, Err(NetError::Closed));
    let mut received = Vec::new();
    peer.stream.get_mut().read_to_end(&mut received).await.unwrap();
    assert!(received.is_empty(), "the connection is cut without another byte");
}

#[tokio::test]
async fn a_reader_that_falls_behind_slows_the_peer_down() {
    let (mut socket, mut peer) = Peer::of_a_socket(70_000).await;
    let flood = async {
        let mut sent = 0_usize;
        while tokio::time::timeout(
            Duration::from_millis(300),
            peer.stream.send(Message::Binary(vec![0; 60_000].into())),
        )
        .await
        .is_ok()
        {
            sent += 1;
        }
        sent
    };
    let sent = flood.await;
    assert!(sent <= QUEUE + 4, "{sent} messages went in unread");
    assert_eq!(socket.receiver.next().await.map(|payload| payload.len()), Ok(60_000));
}

#[tokio::test(start_paused = true)]
async fn a_goodbye_that_is_never_answered_is_given_up() {
    let (socket, _peer) = Peer::of_a_socket(LONGEST).await;
    drop(socket.sender);
    let before = Instant::now();
    socket.receiver.finish(PATIENCE).await;
    assert!(before.elapsed() <= PATIENCE + Duration::from_secs(1));
}
