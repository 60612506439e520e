//! Relays' manifests, kept in the store.

use std::sync::Arc;

use sealpost_wire::RelayRef;
use sealpost_wire::operator::OperatorKey;

use crate::net::Pins;
use crate::store::{Store, pins};

/// Keeps what was learned of relays. A store that does not work makes the network ask again, no more.
pub(crate) struct StorePins(pub(crate) Arc<Store>);

impl Pins for StorePins {
    fn load(&self, relay: &RelayRef) -> Option<Vec<u8>> {
        self.0.read(|tx| pins::load(tx, relay)).ok().flatten()
    }

    fn store(&self, relay: &RelayRef, signed_manifest: &[u8], _: &OperatorKey) {
        if self.0.write(|tx| pins::store(tx, relay, signed_manifest)).is_err() {
            tracing::warn!("a relay's manifest could not be kept");
        }
    }
}
