//! What all parts of a running engine share.

use std::sync::Arc;

use sealpost_crypto::Local;
use sealpost_wire::RelayRef;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use super::health::Health;
use super::pins::StorePins;
use crate::client::Inner;
use crate::contact::ContactId;
use crate::event::Event;
use crate::net::{NetError, Network, Reach, Timeouts, Way};
use crate::permit::NetworkPermit;
use crate::policy::CollectPolicy;
use crate::store::{Store, StoreError, contacts, profile, relays};
use crate::tickets::Stock;

/// What all parts of a running engine share. Cheap to clone.
#[derive(Clone)]
pub(super) struct Context {
    pub(super) shared: Arc<Shared>,
    /// Changes whenever the store has.
    pub(super) beats: watch::Receiver<u64>,
    pub(super) stop: CancellationToken,
}

/// The parts that do not change.
pub(super) struct Shared {
    pub(super) inner: Arc<Inner>,
    /// A connection of the engine's own, so that the app's calls do not wait for its work.
    pub(super) store: Arc<Store>,
    pub(super) local: Local,
    pub(super) network: Network,
    pub(super) way: Way,
    pub(super) health: Health,
    pub(super) tickets: Stock,
    /// Held while something of a card's is opened, stocked or published. Whoever closes what belongs to a card that is gone
    /// waits for it first, so that nothing is opened after it was closed.
    pub(super) furnishing: tokio::sync::Mutex<()>,
}

impl Context {
    pub(super) fn new(
        inner: &Arc<Inner>,
        beats: watch::Receiver<u64>,
        stop: CancellationToken,
    ) -> Result<Self, StoreError> {
        let store = Arc::new(inner.store.another()?);
        let permit = NetworkPermit::of_consent(&store.read(profile::consent_on_record)?);
        let way = store.read(profile::way)?;
        let network = network(&permit, inner, &store)?;
        let local = Local::new(inner.identity.clone(), &mut rand::rng());
        let health = Health::new(Arc::clone(inner));
        let inner = Arc::clone(inner);
        let tickets = Stock::new(Arc::clone(&store), network.clone());
        let furnishing = tokio::sync::Mutex::default();
        let shared = Shared { inner, store, local, network, way, health, tickets, furnishing };
        Ok(Self { shared: Arc::new(shared), beats, stop })
    }

    pub(super) fn tell(&self, event: Event) {
        self.shared.inner.tell(event);
    }

    /// Runs work on the store and on keys on a thread that may block.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = Arc::clone(&self.shared);
        // A panic in there has rolled back; it is reported by its hook, and like a failing store here.
        spawn_blocking(move || work(&shared)).await.unwrap_or(Err(StoreError::Database(0)))
    }

    /// Wakes whatever waits for a change of the store.
    pub(super) fn changed(&self) {
        self.shared.inner.changed.notify_one();
    }

    /// Tells the app what it should know of trouble with the network.
    pub(super) fn note(&self, error: &NetError) {
        tracing::debug!(transient = error.is_transient(), "the network did not do what was asked");
        if matches!(error, NetError::Trust(_)) {
            self.tell(Event::RelayNotTrusted);
        }
    }

    /// Whether mailboxes are collected apart.
    pub(super) fn is_apart(&self) -> bool {
        self.shared.way.policy == CollectPolicy::Apart
    }

    /// Tells the app about trouble with the store, or stops when the profile has opted out.
    pub(super) fn note_store(&self, error: &StoreError) {
        match error {
            StoreError::Phase => self.stop.cancel(),
            error => {
                tracing::warn!("the store did not do what was asked");
                self.tell(Event::StoreTrouble(error.kind()));
            }
        }
    }
}

impl Shared {
    /// How far a connection to a relay may go for a contact: anywhere when the person chose it, for oneself or by the card
    /// that was added by hand; to public addresses when only the contact has named it.
    pub(super) fn reach(&self, contact: ContactId, relay: &RelayRef) -> Result<Reach, StoreError> {
        let chosen = self.store.read(|tx| {
            let by_card = contacts::peer(tx, contact)?.card.is_some_and(|card| card.relay == *relay);
            Ok(by_card || relays::find(tx, relay)?.is_some())
        })?;
        let anywhere = chosen || self.inner.options.private_relays;
        Ok(if anywhere { Reach::Anywhere } else { Reach::Public })
    }
}

/// The network, as engine and look-ups use it.
///
/// # Errors
/// Trouble with the store, which knows the way that requests take.
pub(crate) fn network(permit: &NetworkPermit, inner: &Arc<Inner>, store: &Arc<Store>) -> Result<Network, StoreError> {
    let told = Arc::clone(inner);
    let alarm = Arc::new(move |tripped: &sealpost_identity::tripwire::Tripped| told.tell(Event::TripwireHit(*tripped)));
    let pins = Arc::new(StorePins(Arc::clone(store)));
    let way = store.read(profile::way)?;
    Ok(Network::new(permit, inner.options.tripwire.clone(), alarm, pins, Timeouts::default(), way))
}
