//! The proof that the network may be used.
//!
//! Nothing in this crate opens a socket or resolves a name without a [`NetworkPermit`], and a permit comes from one of
//! two things only: a consent to messaging that is durably stored, or a profile that is leaving and has objects to close.
//! Code that has neither cannot be written:
//!
//! ```compile_fail
//! let permit = sealpost_client::permit::NetworkPermit(());
//! ```
//!
//! ```compile_fail
//! let permit = sealpost_client::permit::NetworkPermit::default();
//! ```
//!
//! What belongs to discovery wants a [`DiscoveryPermit`] besides, and that comes from a stored consent to discovery alone:
//!
//! ```compile_fail
//! let permit = sealpost_client::permit::DiscoveryPermit(());
//! ```

use crate::store::consents::DiscoveryOnRecord;
use crate::store::profile::{ClosingOnRecord, ConsentOnRecord};

/// Allows its holder to use the network. It has no size, and it cannot be made, copied out of a type or default-constructed
/// by code that cannot show a stored consent.
#[derive(Debug, Clone)]
pub struct NetworkPermit(());

impl NetworkPermit {
    /// The right that a stored consent gives.
    pub(crate) fn of_consent(_: &ConsentOnRecord) -> Self {
        Self(())
    }

    /// The right to close what is left on relays, and nothing else.
    pub(crate) fn of_closing(_: &ClosingOnRecord) -> Self {
        Self(())
    }

    /// For tests of the network layer, which has no store below it.
    #[cfg(test)]
    pub(crate) fn for_tests() -> Self {
        Self(())
    }
}

/// Allows its holder to look up and to publish: to ask directories, key services and attesters. Made as [`NetworkPermit`] is.
#[derive(Debug, Clone)]
pub struct DiscoveryPermit(());

impl DiscoveryPermit {
    /// The right that a stored consent to discovery gives.
    pub(crate) fn of_consent(_: &DiscoveryOnRecord) -> Self {
        Self(())
    }

    /// For tests of the network layer, which has no store below it.
    #[cfg(test)]
    pub(crate) fn for_tests() -> Self {
        Self(())
    }
}
