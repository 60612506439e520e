//! A recording tap between clients and a relay.
//!
//! The relay has no code that records (docs/decisions). What it sees is recorded here, by whoever owns the machine: the
//! tap stands at the relay's public address, ends TLS with the relay's own certificate and key, so that clients accept
//! it, and speaks TLS to the relay again. It keeps the bytes on the wire and the plain bytes, both directions of each.
//! HTTP/1.1 only.

mod recorded;
pub(crate) mod tls;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

use crate::relay::Relay;
use crate::{Result, http1, websocket};
use recorded::{Log, Recorded};
use tls::Ends;

/// A running tap. Dropped, it closes all connections.
pub struct Tap {
    connections: Arc<Mutex<Vec<Connection>>>,
    _runtime: Runtime,
}

/// What one connection was seen to carry.
#[derive(Clone, Default)]
pub struct Connection {
    raw: Directions,
    plain: Directions,
}

#[derive(Clone, Default)]
struct Directions {
    up: Log,
    down: Log,
}

/// A request as the relay saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Where it was sent.
    pub path: String,
    /// Its body, or one message of its WebSocket.
    pub body: Vec<u8>,
}

impl Tap {
    /// Listens on `port` of loopback and passes everything on to `relay`, which need not run yet.
    ///
    /// # Errors
    /// When the port is taken, or the relay's certificate cannot be read.
    pub fn start(port: u16, relay: &Relay) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", port)))?;
        let (certificate, key) = relay.certificate();
        let ends = Ends::of(&certificate, &key)?;
        let connections = Arc::default();
        runtime.spawn(serve(listener, ends, relay.listen(), Arc::clone(&connections)));
        Ok(Self { connections, _runtime: runtime })
    }

    /// All connections so far.
    #[must_use]
    pub fn connections(&self) -> Vec<Connection> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Connection {
    /// What was on the wire, client's bytes and relay's.
    #[must_use]
    pub fn raw(&self) -> [Vec<u8>; 2] {
        [self.raw.up.bytes(), self.raw.down.bytes()]
    }

    /// What was inside TLS, as it stood there.
    #[must_use]
    pub fn plain(&self) -> [Vec<u8>; 2] {
        [self.plain.up.bytes(), self.plain.down.bytes()]
    }

    /// What was inside WebSocket frames, each direction's messages in a row: masks hide it from [`Connection::plain`].
    #[must_use]
    pub fn unmasked(&self) -> [Vec<u8>; 2] {
        self.plain().map(|bytes| http1::split(&bytes).1.map(websocket::messages).unwrap_or_default().concat())
    }

    /// The client's requests and WebSocket messages.
    #[must_use]
    pub fn requests(&self) -> Vec<Seen> {
        let bytes = self.plain.up.bytes();
        let (messages, frames) = http1::split(&bytes);
        let last = messages.last().and_then(http1::Message::path).unwrap_or_default().to_owned();
        let path = |message: &http1::Message| message.path().unwrap_or_default().to_owned();
        let posted = messages.iter().map(|message| Seen { path: path(message), body: message.body.clone() });
        let framed = frames.map(websocket::messages).unwrap_or_default();
        posted.chain(framed.into_iter().map(|body| Seen { path: last.clone(), body })).collect()
    }
}

async fn serve(listener: TcpListener, ends: Ends, relay: SocketAddr, connections: Arc<Mutex<Vec<Connection>>>) {
    while let Ok((client, _)) = listener.accept().await {
        let connection = Connection::default();
        connections.lock().unwrap_or_else(PoisonError::into_inner).push(connection.clone());
        tokio::spawn(pass_on(client, ends.clone(), relay, connection));
    }
}

/// Ends silently with whichever side ends first, as a cut cable does: a killed relay must look like one.
async fn pass_on(client: TcpStream, ends: Ends, relay: SocketAddr, connection: Connection) -> Option<()> {
    let upstream = TcpStream::connect(relay).await.ok()?;
    client.set_nodelay(true).ok()?;
    upstream.set_nodelay(true).ok()?;
    let raw = Recorded::new(client, connection.raw.up, connection.raw.down);
    let plain = ends.acceptor().accept(raw).await.ok()?;
    let mut client = Recorded::new(plain, connection.plain.up, connection.plain.down);
    let mut upstream = ends.connector().connect(ends.name(), upstream).await.ok()?;
    copy_bidirectional(&mut client, &mut upstream).await.ok().map(drop)
}
