//! Whoever hands over a capture may want this program to break: it must not, whatever the bytes are.

use std::fs;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::capture::{Who, packet};
use crate::http::Conversation;
use crate::tls::Session;

/// A capture with everything in it that is understood.
fn everything(stage: &mut Stage) {
    let request = Request::builder().uri("https://relay.example/v1/relay").body(Full::new(Bytes::new())).unwrap();
    let talks = [
        http1(&take()),
        http2(vec![request]).unwrap(),
        websocket("/v1/collect", vec![Message::binary(vec![1; 300])]).unwrap(),
        http1(b"POST /v1/take HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
    ];
    for lines in talks {
        stage.plain(&lines).unwrap();
        stage.tls(&lines, &Tls::default()).unwrap();
    }
}

/// The capture, and its keys.
static WHOLE: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
    let directory = tempfile::tempdir().unwrap();
    let files = captured(directory.path(), everything);
    [&files.capture, &files.keys].map(|file| fs::read(file).unwrap())
});

fn who(client: bool) -> Who {
    if client { Who::Client } else { Who::Server }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damaged_captures_are_read_as_far_as_they_go(
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..30), end in any::<prop::sample::Index>(), cut in any::<bool>(),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let files = Captured { capture: directory.path().join("capture"), keys: directory.path().join("keys") };
        for (file, whole) in [&files.capture, &files.keys].into_iter().zip(&*WHOLE) {
            let mut bytes = whole.clone();
            for (place, byte) in &damage {
                let place = place.index(bytes.len());
                // The first 24 bytes say what file it is.
                if place >= 24 {
                    bytes[place] = *byte;
                }
            }
            if cut {
                bytes.truncate(24.max(end.index(bytes.len())));
            }
            fs::write(file, bytes).unwrap();
        }
        scanned(&files.capture, Some(&files.keys));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_a_packet_or_none(link in 0_i32..300, bytes in vec(any::<u8>(), 0..200)) {
        for link in [link, 0, 1, 101, 113, 276] {
            let _packet = packet(link, &bytes);
        }
    }

    #[test]
    fn any_bytes_are_tls_or_none(pieces in vec((any::<bool>(), 20_u8..24, vec(any::<u8>(), 0..300)), 0..20)) {
        let mut session = Session::default();
        for (client, kind, bytes) in pieces {
            let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
            session.feed(who(client), &[&[kind, 3, 3], &length[..], &bytes].concat(), &KeyLog::default(), &mut |_| {});
        }
        session.finish(&mut |_| {});
    }

    #[test]
    fn any_bytes_are_http_or_none(
        start in prop::sample::select(vec![
            &b"GET / HTTP/1.1\r\nupgrade: websocket\r\n\r\n"[..], b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"",
        ]),
        pieces in vec((any::<bool>(), vec(any::<u8>(), 0..300)), 0..20),
    ) {
        let mut conversation = Conversation::default();
        conversation.feed(Who::Client, start, &mut |_| {});
        for (client, bytes) in pieces {
            conversation.feed(who(client), &bytes, &mut |_| {});
        }
        conversation.finish(&mut |_| {});
    }

    #[test]
    fn any_frames_are_http2_or_none(frames in vec((any::<bool>(), 0_u8..11, any::<u8>(), 0_u32..4, vec(any::<u8>(), 0..80)), 0..30)) {
        let mut conversation = Conversation::default();
        conversation.feed(Who::Client, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &mut |_| {});
        for (client, kind, flags, stream, payload) in frames {
            let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
            let frame = [&length[1..], &[kind, flags], &stream.to_be_bytes(), &payload].concat();
            conversation.feed(who(client), &frame, &mut |_| {});
        }
        conversation.finish(&mut |_| {});
    }
}

#[test]
fn a_file_that_is_no_capture_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    for bytes in [&b""[..], b"x", &[0; 4096]] {
        fs::write(file.path(), bytes).unwrap();
        let (mut search, mut budgets) = (search(), BUDGETS.lock().unwrap_or_else(PoisonError::into_inner));
        let options = Options::default();
        let scanned = scan(file.path(), KeyLog::default(), &options, &mut search, &mut budgets, &mut |_| {});
        assert!(matches!(scanned, Err(CaptureError::NoCapture(_))));
    }
}
