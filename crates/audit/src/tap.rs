//! A recording tap between clients and a relay.
//!
//! The relay has no code that records (docs/decisions). What it sees is recorded here, by whoever owns the machine: the
//! tap stands at the relay's public address, ends TLS with the relay's own certificate and key, so that clients accept
//! it, and speaks TLS to the relay again. It keeps the bytes on the wire and the plain bytes, both directions of each,
//! and can write a capture and a key log as it goes. Clients speak HTTP/1.1 through it, and a proxy HTTP/2.

mod keys;
mod recorded;
mod tls;
mod written;

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

use crate::capture::Who;
use crate::http::{Conversation, Event, Opcode};
pub(crate) use recorded::{Log, Recorded};

pub use keys::Keys;
pub use tls::{Ends, TapError};
pub use written::Writer;

/// A relay that a tap can stand before.
pub trait Tapped {
    /// Where it listens itself.
    fn listen(&self) -> SocketAddr;
    /// The files of its certificate and of that certificate's key.
    fn certificate(&self) -> (PathBuf, PathBuf);
}

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

/// A moment at which one of the two was heard on a connection, TLS taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// When, on a clock that only goes forward.
    pub at: Instant,
    /// Who.
    pub who: Who,
    /// How many bytes came at once.
    pub bytes: usize,
}

impl Tap {
    /// Listens on `port` of loopback and passes everything on to `relay`, which need not run yet.
    ///
    /// # Errors
    /// When the port is taken, or the relay's certificate cannot be read.
    pub fn start(port: u16, relay: &impl Tapped) -> Result<Self, TapError> {
        Self::start_writing(port, relay, None)
    }

    /// As [`Tap::start`], and writes what it sees.
    ///
    /// # Errors
    /// As [`Tap::start`].
    pub fn start_writing(port: u16, relay: &impl Tapped, writer: Option<Writer>) -> Result<Self, TapError> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(TapError::Listen)?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, port))).map_err(TapError::Listen)?;
        let (certificate, key) = relay.certificate();
        let keys = writer.as_ref().map(Writer::keys);
        let ends = Ends::of(&certificate, &key, keys)?;
        let connections = Arc::default();
        let stand = Stand { ends, relay: relay.listen(), writer, connections: Arc::clone(&connections) };
        runtime.spawn(serve(listener, stand));
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

    /// When each of the two was heard, in the order of time.
    #[must_use]
    pub fn moments(&self) -> Vec<Moment> {
        let of = |who, log: &Log| log.times().into_iter().map(move |(at, bytes)| Moment { at, who, bytes });
        let mut moments: Vec<_> = of(Who::Client, &self.plain.up).chain(of(Who::Server, &self.plain.down)).collect();
        moments.sort_by_key(|moment| moment.at);
        moments
    }

    /// What was inside bodies and WebSocket frames, each direction's in a row: masks hide it from
    /// [`Connection::plain`].
    #[must_use]
    pub fn unmasked(&self) -> [Vec<u8>; 2] {
        let mut said = [Vec::new(), Vec::new()];
        self.events(&mut |event| {
            if let Event::Said(who, bytes) = event {
                who.of(&mut said).extend(bytes);
            }
        });
        said
    }

    /// The client's requests and WebSocket messages.
    #[must_use]
    pub fn requests(&self) -> Vec<Seen> {
        let mut seen = Vec::new();
        let text = |path: &[u8]| String::from_utf8_lossy(path).into_owned();
        self.events(&mut |event| match event {
            Event::Request(request) if request.whole => {
                seen.push(Seen { path: text(&request.path), body: request.body });
            }
            Event::Frame(path, frame) if frame.opcode == Opcode::Binary => {
                seen.push(Seen { path: text(&path), body: frame.payload });
            }
            _ => {}
        });
        seen
    }

    fn events(&self, each: &mut dyn FnMut(Event)) {
        let mut conversation = Conversation::default();
        for (who, bytes) in Who::BOTH.into_iter().zip(self.plain()) {
            conversation.feed(who, &bytes, each);
        }
        conversation.finish(each);
    }
}

/// Where the tap stands, and what it keeps.
#[derive(Clone)]
struct Stand {
    ends: Ends,
    relay: SocketAddr,
    writer: Option<Writer>,
    connections: Arc<Mutex<Vec<Connection>>>,
}

async fn serve(listener: TcpListener, stand: Stand) {
    while let Ok((client, address)) = listener.accept().await {
        let connection = Connection::default();
        stand.connections.lock().unwrap_or_else(PoisonError::into_inner).push(connection.clone());
        tokio::spawn(pass_on(client, address, stand.clone(), connection));
    }
}

/// Ends silently with whichever side ends first, as a cut cable does: a killed relay must look like one.
async fn pass_on(client: TcpStream, address: SocketAddr, stand: Stand, connection: Connection) -> Option<()> {
    let own = v4(client.local_addr().ok()?);
    let tape = stand.writer.as_ref().and_then(|writer| writer.open(v4(address), own));
    let upstream = TcpStream::connect(stand.relay).await.ok()?;
    client.set_nodelay(true).ok()?;
    upstream.set_nodelay(true).ok()?;
    let raw = Recorded::new(client, connection.raw.up, connection.raw.down, tape);
    let plain = stand.ends.acceptor().accept(raw).await.ok()?;
    let connector = stand.ends.connector(plain.get_ref().1.alpn_protocol());
    let mut client = Recorded::new(plain, connection.plain.up, connection.plain.down, None);
    let mut upstream = connector.connect(stand.ends.name(), upstream).await.ok()?;
    copy_bidirectional(&mut client, &mut upstream).await.ok().map(drop)
}

/// The tap listens on IPv4 alone.
fn v4(address: SocketAddr) -> SocketAddrV4 {
    match address {
        SocketAddr::V4(address) => address,
        SocketAddr::V6(address) => SocketAddrV4::new(Ipv4Addr::LOCALHOST, address.port()),
    }
}
