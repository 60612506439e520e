use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use super::super::test_relay::{CANARY, guard};
use super::*;

/// Everything that came out at the other end, once the stream has been shut down.
async fn came_through(mut stream: Guarded<tokio::io::DuplexStream>, mut far: tokio::io::DuplexStream) -> Vec<u8> {
    stream.shutdown().await.unwrap();
    drop(stream);
    let mut bytes = Vec::new();
    far.read_to_end(&mut bytes).await.unwrap();
    bytes
}

#[tokio::test]
async fn of_a_write_with_a_forbidden_value_no_byte_goes_out() {
    let (near, far) = duplex(4096);
    let (guard, alarms) = guard();
    let mut stream = guard.stream(near);
    stream.write_all(b"before, ").await.unwrap();
    let write = stream.write_all(format!("and now {CANARY}").as_bytes()).await;
    assert_eq!(write.unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    assert_eq!(alarms.lock().unwrap().len(), 1);
    assert_eq!(came_through(stream, far).await, b"before, ");
}

#[tokio::test]
async fn a_value_cut_by_the_border_of_two_writes_does_not_get_through() {
    // Fourteen digits, without the check digit, are stopped by themselves.
    for cut in 1..CANARY.len() - 1 {
        let (near, far) = duplex(4096);
        let (guard, alarms) = guard();
        let mut stream = guard.stream(near);
        let (first, second) = CANARY.split_at(cut);
        stream.write_all(first.as_bytes()).await.unwrap();
        assert!(stream.write_all(second.as_bytes()).await.is_err(), "cut after {cut}");
        assert_eq!(alarms.lock().unwrap().len(), 1);
        assert_eq!(came_through(stream, far).await, first.as_bytes());
    }
}

#[tokio::test]
async fn a_stopped_stream_carries_nothing_more() {
    let (near, far) = duplex(4096);
    let (guard, alarms) = guard();
    let mut stream = guard.stream(near);
    assert!(stream.write_all(CANARY.as_bytes()).await.is_err());
    assert!(stream.write_all(b"harmless").await.is_err());
    assert!(stream.flush().await.is_err());
    assert_eq!(alarms.lock().unwrap().len(), 1, "one find, one alarm");
    assert!(matches!(stream.verdict().or(NetError::Closed), NetError::Tripwire(_)));
    assert!(came_through(stream, far).await.is_empty());
}

/// The pipe takes three bytes at a time, so that each write is taken in part and its rest comes again.
#[tokio::test]
async fn bytes_that_come_again_are_not_seen_twice() {
    let (near, mut far) = duplex(3);
    let (guard, alarms) = guard();
    let mut stream = guard.stream(near);
    let (start, end) = CANARY.split_at(8);
    let text = format!("{start} {start}{start}-{end} all harmless");
    let reader = tokio::spawn(async move {
        let mut bytes = Vec::new();
        far.read_to_end(&mut bytes).await.unwrap();
        bytes
    });
    stream.write_all(text.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    drop(stream);
    assert_eq!(reader.await.unwrap(), text.as_bytes());
    assert!(alarms.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_value_taken_in_small_parts_is_still_found() {
    let (near, mut far) = duplex(3);
    let (guard, _) = guard();
    let mut stream = guard.stream(near);
    let reader = tokio::spawn(async move {
        let mut bytes = Vec::new();
        far.read_to_end(&mut bytes).await.unwrap();
        bytes
    });
    let (start, end) = CANARY.split_at(7);
    stream.write_all(start.as_bytes()).await.unwrap();
    assert!(stream.write_all(end.as_bytes()).await.is_err());
    drop(stream);
    assert_eq!(reader.await.unwrap(), start.as_bytes());
}

#[test]
fn a_check_names_the_kind_and_raises_the_alarm() {
    let (guard, alarms) = guard();
    assert_eq!(guard.check(b"nothing in it"), Ok(()));
    let found = guard.check(CANARY.as_bytes());
    let raised = alarms.lock().unwrap();
    assert_eq!(found, Err(NetError::Tripwire(raised[0])));
    assert_eq!(raised.len(), 1);
}
