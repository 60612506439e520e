//! The running relay: it listens, serves each connection within its limits, and stops without losing anything.

mod accept;
mod connection;
mod heard;
mod patient;
mod seldom;
mod serve;
mod shared;
mod start;
mod warnings;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

pub(crate) use connection::Connection;
pub(crate) use shared::Shared;
pub use start::{StartError, check_keys};
pub use warnings::{Warning, warnings};

use crate::admin;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::log::Event;
use crate::service::Denial;

/// How often what has expired is swept away; a step of the clock does not move it.
const SWEEP_EVERY: Duration = Duration::from_secs(60 * 60);
/// How long what has been cut off may take to end.
const LAST_MOMENT: Duration = Duration::from_secs(1);
/// How often it is looked whether the store still works.
const WATCH_EVERY: Duration = Duration::from_secs(5);
/// How often histograms are folded up.
const TIDY_EVERY: Duration = Duration::from_secs(5);

/// The store hangs for good. Nothing that was accepted is lost, but only another process can open it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the relay's store hangs")]
pub struct Stuck;

/// A relay that has opened its store and its listeners, and waits for [`Server::run`].
pub struct Server {
    listener: TcpListener,
    admin: Option<TcpListener>,
    tls: Option<Arc<ServerConfig>>,
    shared: Arc<Shared>,
}

impl Server {
    /// Reads the keys, opens the store and binds the listeners that `config` names.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn bind(config: &Config) -> Result<Self, StartError> {
        Self::bind_with(config, Arc::new(SystemClock)).await
    }

    /// The same with another clock.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn bind_with(config: &Config, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        let (shared, tls) = start::open(config, clock)?;
        let listener = start::listen(config.listen).await?;
        let admin = match config.admin {
            crate::config::Admin::Off => None,
            crate::config::Admin::On(address) => Some(start::listen(address).await?),
        };
        Ok(Self { listener, admin, tls, shared: Arc::new(shared) })
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

    /// Serves until `stop` is ready; then takes no new connection, lets the others end, cuts off what is left after the
    /// configured time, and closes the store.
    ///
    /// # Errors
    /// [`Stuck`], at any time.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), Stuck> {
        self.announce();
        let shared = Arc::clone(&self.shared);
        tokio::select! {
            () = self.serve(stop) => Ok(()),
            () = stuck(&shared) => {
                Event::StoreStuck {}.log();
                Err(Stuck)
            }
        }
    }

    async fn serve(self, stop: impl Future<Output = ()>) {
        let Self { listener, admin, tls, shared } = self;
        let ended = CancellationToken::new();
        let admin = tokio::spawn(admin::serve(admin, Arc::clone(&shared), ended.clone()));
        let chores = tokio::spawn(ended.clone().run_until_cancelled_owned(chores(Arc::clone(&shared))));
        let accepting = tokio::spawn(accept::accept(listener, tls, Arc::clone(&shared)));
        stop.await;
        Event::Stopping {}.log();
        shared.stop.cancel();
        drain(&shared).await;
        shared.relay.shutdown().await;
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
        }
    }
}

/// Opens the store of a relay that is not running, and rewrites it without what was erased.
///
/// # Errors
/// [`StartError`], or the service's own inside.
pub async fn purge(config: &Config) -> Result<Result<(), Denial>, StartError> {
    let relay = start::open_relay(config, Arc::new(SystemClock))?;
    let purged = relay.purge().await;
    relay.shutdown().await;
    Ok(purged)
}

/// Ready once the store was found stuck twice: whoever was only held up, with the whole process, has ended by then.
async fn stuck(shared: &Shared) {
    let mut tick = interval(WATCH_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut found = 0;
    while found < 2 {
        tick.tick().await;
        found = if shared.relay.is_stuck() { found + 1 } else { 0 };
    }
}

async fn drain(shared: &Shared) {
    shared.connections.close();
    if timeout(shared.timeouts.drain_timeout, shared.connections.wait()).await.is_err() {
        Event::CutOff {}.log();
        shared.cut.cancel();
        // What is still under way after that is a request of a connection that is gone.
        let _ended = timeout(LAST_MOMENT, shared.connections.wait()).await;
    }
}

async fn chores(shared: Arc<Shared>) {
    let (mut sweep, mut tidy) = (interval(SWEEP_EVERY), interval(TIDY_EVERY));
    sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tidy.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = sweep.tick() => {
                shared.relay.expire().await;
                Event::Swept {}.log();
            }
            _ = tidy.tick() => shared.metrics.tidy(),
        }
    }
}
