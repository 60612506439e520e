//! A malicious relay: a real one, with somebody before it who has its key and changes what it delivers.
//!
//! Everything passes as it is, but the frames in which envelopes come to their owner.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use sealpost_audit::tap::Ends;
use sealpost_wire::codec::List;
use sealpost_wire::frame::{Delivery, DeliveryFrame};
use sealpost_wire::{from_bytes, to_bytes};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::Result;
use crate::tap::Tapped;

/// Decides what becomes of envelopes that the relay delivers at one time.
type Rule = Box<dyn FnMut(Vec<Delivery>) -> Vec<Delivery> + Send>;

/// Who stands before the relay. Dropped, all connections are cut.
pub struct Meddler {
    rule: Arc<Mutex<Rule>>,
    _runtime: Runtime,
}

impl Meddler {
    /// Listens on `port` of loopback, and is honest until it is told otherwise.
    ///
    /// # Errors
    /// When the port is taken, or the relay's certificate cannot be read.
    pub fn start(port: u16, relay: &impl Tapped) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, port)))?;
        let (certificate, key) = relay.certificate();
        let (ends, behind) = (Ends::of(&certificate, &key, None)?, relay.listen());
        let rule: Arc<Mutex<Rule>> = Arc::new(Mutex::new(Box::new(|deliveries| deliveries)));
        let shared = Arc::clone(&rule);
        runtime.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (ends, rule) = (ends.clone(), Arc::clone(&shared));
                tokio::spawn(async move { pass_on(client, TcpStream::connect(behind).await.ok()?, &ends, rule).await });
            }
        });
        Ok(Self { rule, _runtime: runtime })
    }

    /// Delivers by this rule from now on.
    pub fn set_rule(&self, rule: impl FnMut(Vec<Delivery>) -> Vec<Delivery> + Send + 'static) {
        *self.rule.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(rule);
    }
}

async fn pass_on(client: TcpStream, relay: TcpStream, ends: &Ends, rule: Arc<Mutex<Rule>>) -> Option<()> {
    let client = TlsAcceptor::from(ends.server()).accept(client).await.ok()?;
    let relay = TlsConnector::from(ends.client()).connect(ends.name(), relay).await.ok()?;
    let ((mut from_client, to_client), (from_relay, mut to_relay)) = (split(client), split(relay));
    tokio::select! {
        _ = tokio::io::copy(&mut from_client, &mut to_relay) => {}
        _ = deliver(from_relay, to_client, &rule) => {}
    }
    Some(())
}

/// Passes on what the relay says, changed by the rule where it delivers.
async fn deliver(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    rule: &Mutex<Rule>,
) -> std::io::Result<()> {
    let (mut bytes, mut is_socket) = (Vec::new(), false);
    while from.read_buf(&mut bytes).await? > 0 {
        if !is_socket && bytes.starts_with(b"HTTP/1.1 101") {
            let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
            to.write_all(&bytes.drain(..end + 4).collect::<Vec<_>>()).await?;
            is_socket = true;
        }
        if is_socket {
            while let Some(length) = frame_length(&bytes) {
                let frame: Vec<u8> = bytes.drain(..length).collect();
                to.write_all(&meddled(&frame, rule).unwrap_or(frame)).await?;
            }
        } else {
            to.write_all(&std::mem::take(&mut bytes)).await?;
        }
        to.flush().await?;
    }
    Ok(())
}

/// Of a relay's frame (RFC 6455, section 5.2), which has no mask: where its payload begins, and how long it is.
fn header(bytes: &[u8]) -> Option<(usize, usize)> {
    match bytes.get(1)? & 0x7F {
        126 => Some((4, u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?).into())),
        127 => Some((10, u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?).try_into().ok()?)),
        length => Some((2, length.into())),
    }
}

/// The length of the first frame, if it is there whole.
fn frame_length(bytes: &[u8]) -> Option<usize> {
    let (start, length) = header(bytes)?;
    let end = start.checked_add(length)?;
    (bytes.len() >= end).then_some(end)
}

/// The frame that takes the place of one with deliveries.
fn meddled(frame: &[u8], rule: &Mutex<Rule>) -> Option<Vec<u8>> {
    let (start, _) = header(frame)?;
    let mut delivery: DeliveryFrame = from_bytes(frame.get(start..)?).ok()?;
    let deliveries = std::mem::take(&mut delivery.deliveries).into_vec();
    if deliveries.is_empty() {
        return None;
    }
    let mut rule = rule.lock().unwrap_or_else(PoisonError::into_inner);
    delivery.deliveries = List::new((*rule)(deliveries)).ok()?;
    let payload = to_bytes(&delivery);
    let mut bytes = vec![*frame.first()?, 127];
    bytes.extend(u64::try_from(payload.len()).ok()?.to_be_bytes());
    bytes.extend(payload);
    Some(bytes)
}
