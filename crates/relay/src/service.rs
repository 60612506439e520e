//! The service decides: who may do what, how much and how fast. It knows no HTTP, and the store below knows no rules.
//!
//! Time comes from a [`Clock`], bytes go to a [`Store`], and nothing that names a mailbox is
//! logged or counted: [`Totals`] are of the whole relay.

mod directory;
mod in_flight;
mod leases;
mod mailboxes;
mod rates;
mod settings;
mod shelves;
mod subscriptions;
#[cfg(test)]
mod tests;
mod tickets;
mod totals;

use std::sync::Arc;

use miette::Diagnostic;
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::time::{Day, Hour};
use thiserror::Error;

use crate::clock::Clock;
use crate::log::Event;
use crate::store::embedded::{self, Embedded};
use crate::store::redis::{self, Redis};
use crate::store::{Arrivals, STUCK, Store, Unavailable};
use crate::tickets::{Issuer, KeysError};

pub use directory::{DirectorySettings, KeyServiceManifests, NotComposed};
pub use mailboxes::Depositing;
pub use sealpost_server::Denial;
pub use settings::{Memory, Settings, TicketSettings};
pub use subscriptions::Collector;
pub use totals::Totals;

/// A relay: everything that it keeps and decides, shared by all of its connections.
///
/// Clones are the same relay.
#[derive(Clone)]
pub struct Relay(Arc<Inner>);

struct Inner {
    settings: Settings,
    operator: Arc<OperatorSecret>,
    clock: Arc<dyn Clock>,
    store: Arc<dyn Store>,
    /// The same, if others use it besides.
    shared: Option<Arc<Redis>>,
    hub: Arc<subscriptions::Hub>,
    rates: rates::Rates,
    in_flight: in_flight::InFlight,
    swept: leases::Swept,
    counts: Arc<totals::Counts>,
    listed: Option<directory::Directory>,
    issuer: Option<Issuer>,
}

/// Why a relay could not be opened.
#[derive(Debug, Error, Diagnostic)]
pub enum OpenError {
    /// The store's directory cannot be used.
    #[error("the relay's store cannot be opened")]
    Store(
        #[from]
        #[diagnostic_source]
        embedded::OpenError,
    ),
    /// Redis cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Redis(#[from] redis::OpenError),
    /// The keys of tickets cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Tickets(#[from] KeysError),
}

/// How long a client waits when the store is out, in seconds.
const STORE_OUT: u16 = 10;

impl Relay {
    /// Opens the relay that lies in the settings' directory, or makes it; recovers what a killed process left.
    ///
    /// Must be called within a tokio runtime.
    ///
    /// # Errors
    /// [`OpenError`], when the directory cannot be used or is not a relay's.
    pub fn open(settings: Settings, operator: Arc<OperatorSecret>, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let counts = Arc::<totals::Counts>::default();
        let hub = Arc::new(subscriptions::Hub::new(settings.memory.undelivered_bytes));
        let (store, shared) = open_store(&settings, Arc::clone(&hub) as _)?;
        let issuer = settings.tickets.as_ref().map(|tickets| {
            let memory = Arc::new(Arc::clone(&store));
            Issuer::open(tickets.issuer.clone(), operator.public(), Arc::clone(&clock), memory)
        });
        let strangers = settings.tickets.as_ref().map(|tickets| tickets.strangers_per_hour);
        Ok(Self(Arc::new(Inner {
            rates: rates::Rates::new(&settings.limits, strangers),
            issuer: issuer.transpose()?,
            in_flight: in_flight::InFlight::new(settings.memory.in_flight_bytes),
            swept: leases::Swept::default(),
            listed: settings.discovery.clone().map(directory::Directory::new),
            store,
            shared,
            settings,
            operator,
            clock,
            hub,
            counts,
        })))
    }

    /// What it was opened with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Whether the store takes writes; what `ready` on the admin listener answers.
    #[must_use]
    pub fn ready(&self) -> bool {
        self.0.store.ready()
    }

    /// Whether the store hangs for good: all that was accepted is safe, but it takes another process to serve on.
    #[must_use]
    pub fn is_stuck(&self) -> bool {
        self.0.store.stall() >= STUCK
    }

    /// Counts of the whole relay since it was opened, for metrics.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.0.counts.totals(Totals {
            subscriptions: self.0.hub.subscriptions(),
            store_bytes: self.0.store.size().unwrap_or_default(),
            in_flight_bytes: self.0.in_flight.bytes(),
            tickets: self.0.issuer.as_ref().map(Issuer::totals).unwrap_or_default(),
            ..Totals::default()
        })
    }

    /// The store, if others use it besides.
    pub(crate) fn shared(&self) -> Option<&Redis> {
        self.0.shared.as_deref()
    }

    /// Rewrites the store without anything that was erased and deletes the old files. Requests wait for it.
    ///
    /// # Errors
    /// `try later`, when the disk has no room for a second copy of what is live, or is out.
    pub async fn purge(&self) -> Result<(), Denial> {
        self.expire().await;
        Ok(self.0.store.purge(self.0.hour()).await?)
    }

    /// Begins to give what is in mailboxes and on shelves to whoever reads the pipe in the store's directory. None from a store
    /// that other processes can read.
    pub(crate) fn show(&self) -> Option<std::io::Result<()>> {
        self.0.store.show(self.0.hour())
    }

    /// Finishes what was begun, syncs and closes the store. Requests that come later are told to try later.
    pub async fn shutdown(&self) {
        if self.0.store.shutdown().await.is_err() {
            Event::NotSynced {}.log();
        }
    }
}

type Opened = (Arc<dyn Store>, Option<Arc<Redis>>);

/// Opens the store; a second time the same, if others use it besides.
fn open_store(settings: &Settings, arrivals: Arc<dyn Arrivals>) -> Result<Opened, OpenError> {
    Ok(match settings.redis.clone() {
        Some(options) => {
            let redis = Arc::new(Redis::open(options, settings.quota(), arrivals)?);
            (Arc::clone(&redis) as _, Some(redis))
        }
        None => (Arc::new(Embedded::open(settings.store_options(), arrivals)?), None),
    })
}

impl Inner {
    fn hour(&self) -> Hour {
        Hour::of(self.clock.now())
    }

    fn day(&self) -> Day {
        self.hour().day()
    }
}

impl From<Unavailable> for Denial {
    fn from(Unavailable: Unavailable) -> Self {
        Self::try_later(STORE_OUT)
    }
}
