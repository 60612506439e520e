//! The ways to the servers of discovery, under its consent.

use std::sync::Arc;

use sealpost_blind::discovery::Descriptor;
use sealpost_wire::RelayRef;
use sealpost_wire::manifest::Role;
use sealpost_wire::operator::OperatorKey;
use sealpost_wire::time::Day;

use super::directory::{Directory, ServiceWord};
use super::trouble::Trouble;
use crate::client::Inner;
use crate::error::ErrorKind;
use crate::net::{KnownRelay, Network, Reach};
use crate::permit::DiscoveryPermit;
use crate::tickets::Stock;

/// The network, the right to use it for discovery, and the relay whose directory it is about. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Ways {
    pub(crate) network: Network,
    pub(crate) permit: DiscoveryPermit,
    pub(crate) relay: RelayRef,
    /// How far to go for a server that the relay has named.
    pub(crate) reach: Reach,
    pub(crate) tickets: Arc<Stock>,
}

impl Ways {
    pub(crate) fn new(network: Network, permit: DiscoveryPermit, inner: &Inner, relay: RelayRef) -> Self {
        let named = if inner.options.private_relays { Reach::Anywhere } else { Reach::of_named_by(&relay.host) };
        let tickets = Arc::new(Stock::new(Arc::clone(&inner.store), network.clone()));
        Self { network, permit, relay, reach: named, tickets }
    }

    /// What the directory says of itself, fetched anew.
    ///
    /// # Errors
    /// Those of the network, and of [`Directory::of`].
    pub(crate) async fn directory(&self, today: Day) -> Result<Directory, Trouble> {
        let known = self.network.renew(&self.relay, Reach::Anywhere).await?;
        Ok(Directory::of(&known.manifest, today)?)
    }

    /// The key that signs for the relay now: the one that is known, or its successor.
    ///
    /// # Errors
    /// Those of the network.
    pub(super) async fn operator(&self) -> Result<OperatorKey, Trouble> {
        Ok(self.network.relay(&self.relay, Reach::Anywhere).await?.operator)
    }

    /// Makes sure that a key service says of itself what the directory says of it, and whether it wants vouchers.
    ///
    /// # Errors
    /// [`ErrorKind::KeyServiceRefused`], [`ErrorKind::EpochOver`] when it has no key of the epoch, or those of the network.
    pub(super) async fn check_service(&self, descriptor: &Descriptor, place: usize) -> Result<bool, Trouble> {
        let service = descriptor.references.get(place).ok_or(ErrorKind::Internal)?;
        let known = self.network.relay(service, self.reach).await?;
        if let Some(wants_vouchers) = agreed(&known, descriptor, place)? {
            return Ok(wants_vouchers);
        }
        // What is known of it may be from before the epoch was opened.
        let known = self.network.renew(service, self.reach).await?;
        agreed(&known, descriptor, place)?.ok_or(Trouble::Kind(ErrorKind::EpochOver))
    }
}

/// Whether the service wants vouchers, if it is one and knows the epoch.
fn agreed(known: &Arc<KnownRelay>, descriptor: &Descriptor, place: usize) -> Result<Option<bool>, Trouble> {
    known.is_a(Role::KeyService).map_err(|error| Trouble::Network(error.into()))?;
    match ServiceWord::of(&known.manifest, descriptor.epoch) {
        None => Ok(None),
        Some(word) if word.agrees(descriptor, place) => Ok(Some(word.wants_vouchers)),
        Some(_) => Err(ErrorKind::KeyServiceRefused.into()),
    }
}
