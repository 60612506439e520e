//! The floor: what a relay's sockets cost with nothing behind them.
//!
//! It speaks the relay's two sockets in the relay's way: all frames that are ready are read at once, up to the same 256 or
//! mebibyte, and what they give goes into one write, at most 128 KiB of envelopes to a frame. It keeps nothing, seals nothing, hashes
//! nothing after a subscription, checks no key, counts nothing, wipes nothing, and accepts at once. What it cannot do
//! without is what a relay cannot do without either: TCP, TLS, WebSocket frames, and the codec.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::{FutureExt, SinkExt, StreamExt};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::server::ServerConfig;
use rustls_pki_types::PrivateKeyDer;
use sealpost_wire::codec::{List, V1};
use sealpost_wire::envelope::AT_REST_OVERHEAD;
use sealpost_wire::frame::{
    COLLECT_SOCKET, Channel, Delivery, DeliveryFrame, DepositFrame, OutcomeFrame, OwnerFrame, TaggedOutcome,
};
use sealpost_wire::request::{MAX_BATCH, Outcome, Stored};
use sealpost_wire::{AtRest, CollectHash, EnvelopeId, from_bytes, to_bytes};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::failure::Failure;
use crate::load::client::{Duplex, provider};
use crate::load::mark::Mark;

/// As the relay reads.
const MESSAGES: usize = 256;
const BYTES: usize = 1024 * 1024;
/// As the relay writes.
const ROOM: usize = 128 * 1024;
/// As the relay's buffer for one that deposits; for one that collects it has less, which is of no use here.
const BUFFER: usize = 64 * 1024;

type Line = WebSocketStream<Box<dyn Duplex>>;

/// What a floor does wrong, for the generator to notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// It loses an envelope that it accepted.
    Loses,
    /// It passes one on after a later one.
    Delays,
    /// It passes one on with another byte in it.
    Alters,
    /// It passes one on to another mailbox.
    Misdirects,
}

/// Who waits for which mailbox, by the hash that a deposit names.
#[derive(Clone)]
struct Hub {
    waiting: Arc<Mutex<Waiting>>,
    fault: Fault,
}

type Waiting = HashMap<CollectHash, (Channel, Arc<Inbox>)>;

#[derive(Default)]
struct Inbox {
    queue: Mutex<VecDeque<Delivery>>,
    stirred: Notify,
}

/// Serves until it is killed.
///
/// # Errors
/// [`Failure`], when it cannot listen.
pub async fn serve(address: SocketAddr, tls: bool) -> Result<(), Failure> {
    serve_with(TcpListener::bind(address).await?, tls, Fault::None).await
}

/// The same with a fault.
///
/// # Errors
/// [`Failure`].
pub async fn serve_with(listener: TcpListener, tls: bool, fault: Fault) -> Result<(), Failure> {
    let tls = if tls { Some(TlsAcceptor::from(Arc::new(server_config()?))) } else { None };
    let hub = Hub { waiting: Arc::default(), fault };
    loop {
        let (stream, _) = listener.accept().await?;
        let (tls, hub) = (tls.clone(), hub.clone());
        // A connection that ends is no reason to end.
        tokio::spawn(async move { welcome(stream, tls, hub).await });
    }
}

async fn welcome(stream: TcpStream, tls: Option<TlsAcceptor>, hub: Hub) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    let stream: Box<dyn Duplex> = match tls {
        None => Box::new(stream),
        Some(tls) => Box::new(tls.accept(stream).await?),
    };
    let mut collects = false;
    #[expect(clippy::result_large_err, reason = "the library's own signature")]
    let look = |request: &Request, response: Response| {
        collects = request.uri().path() == COLLECT_SOCKET;
        Ok(response)
    };
    let config = WebSocketConfig::default().read_buffer_size(BUFFER);
    let line = tokio_tungstenite::accept_hdr_async_with_config(stream, look, Some(config)).await?;
    if collects { collect(line, hub).await } else { deposit(line, hub).await }
}

/// Waits for a message and gives it with all others that are ready.
async fn hear(line: &mut Line) -> Result<Vec<Bytes>, Failure> {
    let mut heard = Vec::new();
    let mut bytes = 0;
    while heard.is_empty() {
        take(line.next().await, &mut heard, &mut bytes)?;
    }
    while heard.len() < MESSAGES && bytes < BYTES {
        let Some(message) = line.next().now_or_never() else { break };
        take(message, &mut heard, &mut bytes)?;
    }
    Ok(heard)
}

fn take(
    message: Option<Result<Message, tokio_tungstenite::tungstenite::Error>>,
    heard: &mut Vec<Bytes>,
    bytes: &mut usize,
) -> Result<(), Failure> {
    match message.ok_or(Failure::Ended)?? {
        Message::Binary(message) => {
            *bytes += message.len();
            heard.push(message);
        }
        Message::Close(_) => return Err(Failure::Ended),
        _ => {}
    }
    Ok(())
}

async fn deposit(mut line: Line, hub: Hub) -> Result<(), Failure> {
    loop {
        let mut told = Vec::new();
        for message in hear(&mut line).await? {
            let frame: DepositFrame = from_bytes(&message).map_err(|_| Failure::NoFrame)?;
            hub.pass_on(frame, &mut told);
        }
        for outcomes in told.chunks(MAX_BATCH) {
            let outcomes = List::new(outcomes.to_vec()).unwrap_or_default();
            line.feed(Message::Binary(to_bytes(&OutcomeFrame { version: V1, outcomes }).into())).await?;
        }
        line.flush().await?;
    }
}

async fn collect(mut line: Line, hub: Hub) -> Result<(), Failure> {
    let inbox = Arc::<Inbox>::default();
    loop {
        tokio::select! {
            heard = hear(&mut line) => {
                for message in heard? {
                    let frame: OwnerFrame = from_bytes(&message).map_err(|_| Failure::NoFrame)?;
                    let told = hub.subscribe(&frame, &inbox);
                    if !told.caught_up.is_empty() {
                        line.feed(Message::Binary(to_bytes(&told).into())).await?;
                    }
                }
                line.flush().await?;
            }
            frame = inbox.next() => line.send(Message::Binary(to_bytes(&frame).into())).await?,
        }
    }
}

impl Hub {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is acknowledged was passed on before.
    fn subscribe(&self, frame: &OwnerFrame, inbox: &Arc<Inbox>) -> DeliveryFrame {
        let mut channels = Vec::new();
        for subscribe in frame.subscribe.iter() {
            self.lock().insert(subscribe.collect.hash(), (subscribe.channel, Arc::clone(inbox)));
            channels.push(subscribe.channel);
        }
        DeliveryFrame { caught_up: List::new(channels).unwrap_or_default(), ..DeliveryFrame::default() }
    }

    fn pass_on(&self, frame: DepositFrame, told: &mut Vec<TaggedOutcome>) {
        let hub = self.lock();
        for tagged in frame.deposits.into_vec() {
            told.push(TaggedOutcome { tag: tagged.tag, outcome: Outcome::Accepted, retry_after: None });
            let Some((channel, inbox)) = hub.get(&tagged.deposit.collect) else { continue };
            let mut bytes = Vec::with_capacity(tagged.deposit.envelope.as_bytes().len() + AT_REST_OVERHEAD);
            bytes.extend_from_slice(tagged.deposit.envelope.as_bytes());
            bytes.extend_from_slice(&[0; AT_REST_OVERHEAD]);
            let id = tagged.deposit.id;
            if self.fault != Fault::None && self.fault.falls_on(id, &mut bytes, *channel, inbox) {
                continue;
            }
            if let Some(sealed) = AtRest::new(bytes.into()) {
                inbox.put(Delivery { channel: *channel, stored: Stored { sequence: 1, id, sealed } });
            }
        }
    }
}

impl Fault {
    /// Falls on one envelope of each mailbox; tells whether that is not to be passed on in its turn.
    fn falls_on(self, id: EnvelopeId, bytes: &mut [u8], channel: Channel, inbox: &Inbox) -> bool {
        let number = Mark::of(&id).number;
        let put = |channel: Channel, id: EnvelopeId, bytes: &[u8]| {
            if let Some(sealed) = AtRest::new(bytes.into()) {
                inbox.put(Delivery { channel, stored: Stored { sequence: 1, id, sealed } });
            }
        };
        match (self, number) {
            (Self::Loses | Self::Delays, 3) => true,
            (Self::Delays, 4) => {
                put(channel, id, bytes);
                put(channel, EnvelopeId::from_bytes(Mark { number: 3, ..Mark::of(&id) }.id()), bytes);
                true
            }
            (Self::Misdirects, 3) => {
                put(channel.wrapping_add(1), id, bytes);
                true
            }
            (Self::Alters, 0) => {
                if let Some(byte) = bytes.get_mut(2_000) {
                    *byte ^= 1;
                }
                false
            }
            _ => false,
        }
    }
}

impl Inbox {
    fn put(&self, delivery: Delivery) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).push_back(delivery);
        self.stirred.notify_one();
    }

    /// Waits for something, and gives as much of it as goes into one frame.
    async fn next(&self) -> DeliveryFrame {
        loop {
            let ready = self.ready();
            if !ready.is_empty() {
                return DeliveryFrame { deliveries: List::new(ready).unwrap_or_default(), ..DeliveryFrame::default() };
            }
            self.stirred.notified().await;
        }
    }

    fn ready(&self) -> Vec<Delivery> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut ready, mut taken) = (Vec::new(), 0);
        while taken < ROOM && ready.len() < MAX_BATCH {
            let Some(delivery) = queue.pop_front() else { break };
            taken += delivery.stored.sealed.as_bytes().len();
            ready.push(delivery);
        }
        ready
    }
}

/// TLS as the relay speaks it: 1.3, without resumption.
fn server_config() -> Result<ServerConfig, Failure> {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()])?;
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).map_err(|_| rcgen::Error::CouldNotParseKeyPair)?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)?;
    config.send_tls13_tickets = 0;
    Ok(config)
}
