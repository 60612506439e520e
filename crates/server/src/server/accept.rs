//! Accepting connections, up to the limit, and their TLS.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::blank::{Blanked, Blanking};
use super::connection::Connection;
use super::patient::Patient;
use super::seldom::Seldom;
use super::serve::{Protocol, serve};
use super::shared::Shared;
use crate::corked::Corked;
use crate::gulps::Gulps;
use crate::log::Event;
use crate::tls::CHALLENGE;

/// How long to wait when the system has no connection to give: most often it is out of files.
const BREATH: Duration = Duration::from_millis(100);

/// Accepts until the server stops.
pub(super) async fn accept(listener: TcpListener, tls: Option<Arc<ServerConfig>>, router: Router, shared: Arc<Shared>) {
    let door =
        Door { tls: tls.map(TlsAcceptor::from), router, crowded: Seldom::default(), failed: Seldom::default(), shared };
    let stop = door.shared.stop.clone();
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, _peer)) => door.admit(stream),
            Err(error) => door.failed(&error).await,
        }
    }
}

/// A connection whose handshake is done.
type Secured = TlsStream<Blanked<Patient<Gulps<TcpStream>>>>;

struct Door {
    tls: Option<TlsAcceptor>,
    router: Router,
    crowded: Seldom,
    failed: Seldom,
    shared: Arc<Shared>,
}

impl Door {
    /// Serves a connection, or closes it when there are too many.
    fn admit(&self, stream: TcpStream) {
        let shared = Arc::clone(&self.shared);
        let Ok(place) = Arc::clone(&shared.room).try_acquire_owned() else {
            shared.metrics.connection_refused();
            self.crowded.say(|| Event::Crowded { max: shared.limits.max }.log());
            return;
        };
        let connection = Connection::new(Arc::clone(&shared), place);
        let guest = Guest { connection: Arc::new(connection), router: self.router.clone(), shared };
        let (tls, cut, connection) = (self.tls.clone(), guest.shared.cut.clone(), Arc::clone(&guest.connection));
        let welcome = async move { cut.run_until_cancelled(guest.welcome(stream, tls)).await };
        tokio::spawn(Blanking::new(welcome, connection));
    }

    async fn failed(&self, error: &io::Error) {
        if is_the_peers(error) {
            return;
        }
        self.failed.say(|| Event::AcceptFailed { errno: error.raw_os_error().unwrap_or_default() }.log());
        sleep(BREATH).await;
    }
}

/// Whether a peer left before it was let in, which is no reason to keep the others waiting.
fn is_the_peers(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// A connection that was let in.
struct Guest {
    connection: Arc<Connection>,
    router: Router,
    shared: Arc<Shared>,
}

impl Guest {
    async fn welcome(self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        // Without it, small frames may wait for each other; a failure costs time and nothing else.
        let _delayed = stream.set_nodelay(true);
        let limit = self.shared.limits.write_timeout;
        // Boxed, so that a task is no larger than the part of it that runs.
        match tls {
            None => Box::pin(self.serve(Patient::new(stream, limit), Protocol::Http1)).await,
            Some(tls) => match Box::pin(self.handshake(Blanked(Patient::new(Gulps::new(stream), limit)), tls)).await {
                Some(stream) => match protocol(&stream) {
                    // An authority has seen what it came for.
                    None => {}
                    Some(Protocol::Http1) => Box::pin(self.serve(stream, Protocol::Http1)).await,
                    Some(Protocol::Http2) => Box::pin(self.serve(Corked::new(stream), Protocol::Http2)).await,
                },
                None => self.shared.metrics.handshake_failed(),
            },
        }
    }

    async fn handshake(&self, stream: Blanked<Patient<Gulps<TcpStream>>>, tls: TlsAcceptor) -> Option<Box<Secured>> {
        let stream = timeout(self.shared.limits.handshake_timeout, tls.accept(stream)).await.ok()?.ok()?;
        Some(Box::new(stream))
    }

    async fn serve<T: AsyncRead + AsyncWrite + Unpin + Send + 'static>(self, stream: T, protocol: Protocol) {
        serve(stream, protocol, self.connection, self.router, &self.shared).await;
    }
}

/// What is spoken on a connection; none on one that was for its handshake alone.
fn protocol(stream: &Secured) -> Option<Protocol> {
    match stream.get_ref().1.alpn_protocol() {
        Some(b"h2") => Some(Protocol::Http2),
        Some(CHALLENGE) => None,
        _ => Some(Protocol::Http1),
    }
}
