//! The other end, for tests: in memory for what happens on a stream, behind real TLS for what happens before one.

mod peer;
mod server;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use sealpost_identity::Imei;
use sealpost_identity::tripwire::{OwnNumber, Tripped, Tripwire};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

pub(super) use self::peer::Peer;
pub(crate) use self::server::{Certificate, RelayServer, manifest_of};
pub(super) use self::server::{Handshake, ISSUED};
use super::Timeouts;
use super::guard::Guard;

/// An IMEI that must never be sent.
pub(super) const CANARY: &str = "490154203237518";

/// Longer than anything takes that happens at all.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// A tripwire for [`CANARY`].
pub(super) fn tripwire() -> Tripwire {
    Tripwire::new([OwnNumber::Imei(Imei::parse(CANARY).unwrap())])
}

/// A guard with [`tripwire`], and what it raised alarm for.
pub(super) fn guard() -> (Guard, Arc<Mutex<Vec<Tripped>>>) {
    let raised = Arc::<Mutex<Vec<Tripped>>>::default();
    let alarm = {
        let raised = raised.clone();
        Arc::new(move |tripped: &Tripped| raised.lock().unwrap().push(*tripped))
    };
    (Guard::new(tripwire(), alarm), raised)
}

/// Limits of whole seconds, so that tests with a paused clock can tell them apart.
pub(super) fn timeouts() -> Timeouts {
    Timeouts::default()
}

/// Reads one request with its body and gives back all of its bytes; none when the peer has closed.
pub(super) async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    use tokio::io::AsyncReadExt;
    let mut bytes = Vec::new();
    while !is_whole(&bytes) {
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            break;
        }
    }
    bytes
}

fn is_whole(bytes: &[u8]) -> bool {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    bytes.len() >= end + 4 + length.unwrap_or(0)
}

/// Writes an answer with a true length.
pub(super) async fn answer(stream: &mut (impl AsyncWrite + Unpin), status: &str, body: &[u8]) {
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
    stream.flush().await.unwrap();
}
