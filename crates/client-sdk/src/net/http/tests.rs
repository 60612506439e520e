use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::super::test_relay::{CANARY, PATIENCE, Peer, answer, read_request, timeouts};
use tokio::time::Instant;

use super::*;

const LIMIT: usize = 1_000;

/// Posts a short body while `peer` does its part.
async fn posted<P>(peer: impl FnOnce(DuplexStream) -> P) -> Result<(StatusCode, Bytes), NetError>
where
    P: Future<Output = DuplexStream>,
{
    let (mut connection, far) = Peer::of_http().await;
    let (outcome, _far) = tokio::join!(connection.post("/v1/test", b"body".to_vec(), LIMIT), peer(far));
    outcome
}

/// Reads the request and answers it with these very bytes.
async fn raw(mut far: DuplexStream, bytes: &[u8]) -> DuplexStream {
    read_request(&mut far).await;
    // The client may stop reading before the end.
    let _written = tokio::time::timeout(Duration::from_secs(5), far.write_all(bytes)).await;
    far
}

#[tokio::test]
async fn a_request_has_no_field_that_it_does_not_need() {
    let (mut connection, mut far) = Peer::of_http().await;
    let serve = async {
        let request = read_request(&mut far).await;
        answer(&mut far, "200 OK", b"").await;
        request
    };
    let (_, request) = tokio::join!(connection.post("/v1/test", b"body".to_vec(), LIMIT), serve);
    let text = String::from_utf8(request).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<_> = head.lines().collect();
    assert_eq!(lines.remove(0), "POST /v1/test HTTP/1.1");
    lines.sort_unstable();
    assert_eq!(lines, ["content-length: 4", "content-type: application/cbor", "host: relay.example:443"]);
    assert_eq!(body, "body");
}

#[tokio::test]
async fn one_connection_carries_many_requests() {
    let (mut connection, mut far) = Peer::of_http().await;
    let serve = async {
        for number in 0..3_u8 {
            read_request(&mut far).await;
            answer(&mut far, "200 OK", &[number]).await;
        }
    };
    let ask = async {
        for number in 0..3_u8 {
            let (status, body) = connection.post("/v1/test", vec![], LIMIT).await.unwrap();
            assert_eq!((status, &body[..]), (StatusCode::OK, &[number][..]));
        }
    };
    tokio::join!(ask, serve);
}

#[tokio::test]
async fn an_announced_length_over_the_limit_is_not_waited_for() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n";
    let outcome = posted(|far| raw(far, head)).await;
    assert_eq!(outcome, Err(NetError::Protocol(ProtocolError::TooLong)));
}

#[tokio::test]
async fn a_body_without_an_end_is_read_only_up_to_the_limit() {
    let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    let chunk = [b"100\r\n".as_slice(), &[b'x'; 256], b"\r\n"].concat();
    let endless = [head, chunk.repeat(1_000)].concat();
    let outcome = posted(|far| async move { raw(far, &endless).await }).await;
    assert_eq!(outcome, Err(NetError::Protocol(ProtocolError::TooLong)));
}

#[tokio::test]
async fn a_body_shorter_than_announced_is_a_lost_connection() {
    let outcome = posted(|far| async {
        let mut far = raw(far, b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfive.").await;
        far.shutdown().await.unwrap();
        far
    })
    .await;
    assert_eq!(outcome, Err(NetError::Closed));
}

#[tokio::test]
async fn a_head_without_an_end_is_bounded() {
    let endless = [b"HTTP/1.1 200 OK\r\nx: ".to_vec(), vec![b'x'; 4 * LONGEST_HEAD]].concat();
    let outcome = posted(|far| async move { raw(far, &endless).await }).await;
    assert_eq!(outcome, Err(NetError::Protocol(ProtocolError::Framing)));
}

#[tokio::test]
async fn what_is_not_http_is_told_from_a_lost_connection() {
    let outcome = posted(|far| raw(far, b"220 mail.example ESMTP\r\n\r\n")).await;
    assert_eq!(outcome, Err(NetError::Protocol(ProtocolError::Framing)));
}

#[tokio::test]
async fn a_peer_that_dies_is_a_lost_connection() {
    let (mut connection, mut far) = Peer::of_http().await;
    let die = async move {
        read_request(&mut far).await;
    };
    let (outcome, ()) = tokio::join!(connection.post("/v1/test", vec![], LIMIT), die);
    assert_eq!(outcome, Err(NetError::Closed));
    assert_eq!(connection.post("/v1/test", vec![], LIMIT).await, Err(NetError::Closed));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_never_answers_times_out() {
    let before = Instant::now();
    let outcome = posted(|far| raw(far, b"")).await;
    assert_eq!(outcome, Err(NetError::TimedOut(Stage::Request)));
    assert!(before.elapsed() < timeouts().request + PATIENCE);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_byte_by_byte_times_out() {
    let outcome = posted(|far| async {
        let mut far = raw(far, b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n").await;
        while far.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        far
    });
    assert_eq!(outcome.await, Err(NetError::TimedOut(Stage::Request)));
}

#[tokio::test]
async fn of_a_request_with_a_forbidden_value_no_byte_goes_out() {
    let long_before = [vec![b'x'; 300_000], CANARY.into()].concat();
    for body in [CANARY.as_bytes().to_vec(), long_before] {
        let (mut connection, mut far) = Peer::of_http().await;
        let outcome = connection.post("/v1/test", body, LIMIT).await;
        assert!(matches!(outcome, Err(NetError::Tripwire(_))));
        drop(connection);
        let mut received = Vec::new();
        far.read_to_end(&mut received).await.unwrap();
        assert!(received.is_empty());
    }
}

#[tokio::test]
async fn a_forbidden_value_in_the_head_is_stopped_by_the_stream() {
    let (mut connection, mut far) = Peer::of_http().await;
    let outcome = connection.get(&format!("/v1/{CANARY}"), LIMIT).await;
    assert!(matches!(outcome, Err(NetError::Tripwire(_))));
    drop(connection);
    let mut received = Vec::new();
    far.read_to_end(&mut received).await.unwrap();
    assert!(received.is_empty());
}
