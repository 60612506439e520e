//! The running server: it listens, serves each connection within its limits, and stops without losing anything.

mod accept;
mod acme;
mod blank;
mod connection;
mod heard;
mod moved;
mod patient;
mod program;
mod reload;
mod seldom;
mod serve;
mod shared;
mod start;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use sealpost_wire::time::Hour;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

pub use blank::Blanking;
pub use connection::{Connection, OtherSide};
pub use moved::Moved;
pub use program::Program;
pub use reload::Reloader;
pub(crate) use shared::Shared;
pub use start::{Foundation, StartError, check_keys};

use crate::admin::{self, Desk};
use crate::clock::{Clock, every, ticks};
use crate::config::{Admin, Serving};
use crate::http::router;
use crate::log::Event;
use crate::manifest::ManifestCell;
use crate::metrics::Metrics;

/// How long what has been cut off may take to end.
const LAST_MOMENT: Duration = Duration::from_secs(1);
/// How often it is looked whether the program still works.
const WATCH_EVERY: Duration = Duration::from_secs(5);
/// How often the keys of Oblivious HTTP are looked after.
const KEEP_EVERY: Duration = Duration::from_secs(60);
/// How often histograms are folded up.
const TIDY_EVERY: Duration = Duration::from_secs(5);

/// The program hangs for good: only another process can go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the server hangs")]
pub struct Stuck;

/// A server that has opened its listeners, and waits for [`Server::run`].
pub struct Server<P> {
    listener: TcpListener,
    admin: Option<TcpListener>,
    tls: Option<Arc<ServerConfig>>,
    reloader: Reloader,
    clock: Arc<dyn Clock>,
    shared: Arc<Shared>,
    program: Arc<P>,
}

impl<P: Program> Server<P> {
    /// Binds the listeners that the configuration names, on which `program` will be served and `manifest` told.
    ///
    /// # Errors
    /// [`StartError::Listen`].
    pub async fn bind(
        serving: &Serving<'_>,
        foundation: Foundation,
        manifest: ManifestCell,
        program: P,
    ) -> Result<Self, StartError> {
        let Foundation { tls, material, registry, keys, clock, .. } = foundation;
        let reloader = Reloader::new(material, manifest.clone());
        let metrics = Metrics::new::<P::Kind>(registry, Hour::of(clock.now()));
        let shared = Arc::new(Shared::new(serving, manifest, keys, metrics));
        let listener = start::listen(serving.listen).await?;
        let admin = match serving.admin {
            Admin::Off => None,
            Admin::On(address) => Some(start::listen(address).await?),
        };
        Ok(Self { listener, admin, tls, reloader, clock, shared, program: Arc::new(program) })
    }

    /// Where clients connect: the port is the real one when the configuration's is 0.
    ///
    /// # Errors
    /// The system's.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Where the operator connects, if anywhere.
    ///
    /// # Errors
    /// The system's.
    pub fn admin_address(&self) -> io::Result<Option<SocketAddr>> {
        self.admin.as_ref().map(TcpListener::local_addr).transpose()
    }

    /// What reads the certificate anew while the server runs.
    #[must_use]
    pub fn reloader(&self) -> Reloader {
        self.reloader.clone()
    }

    /// Serves until `stop` is ready; then takes no new connection, lets the others end, cuts off what is left after the
    /// configured time, and closes the program.
    ///
    /// # Errors
    /// [`Stuck`], at any time.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), Stuck> {
        self.announce();
        let program = Arc::clone(&self.program);
        tokio::select! {
            () = self.serve(stop) => Ok(()),
            () = stuck(&*program) => Err(Stuck),
        }
    }

    async fn serve(self, stop: impl Future<Output = ()>) {
        let Self { listener, admin, tls, reloader, clock, shared, program } = self;
        let ended = CancellationToken::new();
        let desk = Desk { program: Arc::clone(&program), shared: Arc::clone(&shared) };
        let chores = chores(Arc::clone(&program), Arc::clone(&shared), reloader, clock);
        let admin = tokio::spawn(admin::serve(admin, desk, ended.clone()));
        let chores = tokio::spawn(ended.clone().run_until_cancelled_owned(chores));
        let accepting =
            tokio::spawn(accept::accept(listener, tls, router(&program, Arc::clone(&shared)), Arc::clone(&shared)));
        stop.await;
        Event::Stopping {}.log();
        shared.stop.cancel();
        drain(&shared).await;
        program.close().await;
        ended.cancel();
        // All three end by themselves now, but for an operator's own connection that hangs.
        let _ended = timeout(LAST_MOMENT, async { tokio::join!(accepting, chores, admin) }).await;
        Event::Stopped {}.log();
    }

    fn announce(&self) {
        if let Ok(address) = self.address() {
            Event::Listening { port: address.port() }.log();
        }
        if let Ok(Some(address)) = self.admin_address() {
            Event::AdminListening { port: address.port() }.log();
            if Admin::On(address).is_exposed() {
                Event::AdminExposed {}.log();
            }
        }
    }
}

/// Ready once the program was found stuck twice: whoever was only held up, with the whole process, has ended by then.
async fn stuck(program: &impl Program) {
    let mut tick = ticks(WATCH_EVERY);
    let mut found = 0;
    while found < 2 {
        tick.tick().await;
        found = if program.is_stuck() { found + 1 } else { 0 };
    }
}

async fn drain(shared: &Shared) {
    shared.connections.close();
    if timeout(shared.limits.drain_timeout, shared.connections.wait()).await.is_err() {
        Event::CutOff {}.log();
        shared.cut.cancel();
        // What is still under way after that is a request of a connection that is gone.
        let _ended = timeout(LAST_MOMENT, shared.connections.wait()).await;
    }
}

async fn chores<P: Program>(program: Arc<P>, shared: Arc<Shared>, reloader: Reloader, clock: Arc<dyn Clock>) {
    let renewing = acme::keep(reloader.clone(), clock);
    let tidy = every(TIDY_EVERY, || async { shared.metrics.tidy() });
    let keep = every(KEEP_EVERY, || keep(&shared, &reloader));
    tokio::join!(tidy, keep, renewing, program.chores());
}

/// Looks after the keys of Oblivious HTTP, and tells of another one at once; and after those of TLS.
async fn keep(shared: &Shared, reloader: &Reloader) {
    reloader.keep();
    if let Some(keys) = &shared.keys
        && keys.keep_on().await
    {
        shared.manifest.change(|_| {});
    }
}
