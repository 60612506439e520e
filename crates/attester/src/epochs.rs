//! The open epochs, once directory and key services are found to say the same of them.
//!
//! A directory that put a key of its own into a key service's place could reverse every tag, and an attester that
//! believed it would help: so nothing is derived before both manifests agree, as with every client.

mod cache;
mod compare;

use std::sync::Arc;
use std::time::Duration;

use sealpost_blind::PublicKey;
use sealpost_blind::discovery::{Descriptor, DescriptorError};
use sealpost_wire::RelayRef;
use sealpost_wire::directory::Epoch;
use sealpost_wire::operator::OperatorKey;
use sealpost_wire::time::Day;
use thiserror::Error;

use crate::asking::AskError;
pub use cache::Cache;

/// When something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// How long the program has run: no clock that is set changes it.
    pub uptime: Duration,
    /// The day, by the clock.
    pub today: Day,
}

/// The epochs that were open when the directory was asked.
#[derive(Debug)]
pub struct Epochs {
    open: Vec<OpenEpoch>,
    /// The operator of the directory's relay, if that gives tickets on our word.
    issuer: Option<OperatorKey>,
    read: Moment,
}

/// An epoch of which directory and key services say the same.
#[derive(Debug)]
pub struct OpenEpoch {
    /// What the directory says.
    pub descriptor: Descriptor,
    /// Its key services, in the descriptor's order.
    pub services: Vec<Service>,
}

/// A key service in one epoch.
#[derive(Debug)]
pub struct Service {
    /// Where it is.
    pub reference: RelayRef,
    /// Its operator, who may be a successor of the one in the reference.
    pub operator: OperatorKey,
    /// Its key.
    pub key: PublicKey,
}

/// Why nobody can be attested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unusable {
    /// The directory does not answer, or not as one.
    #[error("the directory cannot be asked")]
    Directory(#[source] AskError),
    /// A key service does not answer, or not as one.
    #[error("a key service cannot be asked")]
    KeyService(#[source] AskError),
    /// The directory has no open epoch.
    #[error("the directory has no open epoch")]
    NoEpoch,
    /// The directory asks for what no client would do.
    #[error("the directory's descriptor of epoch {} is not to be used", epoch.0)]
    Descriptor {
        /// The epoch.
        epoch: Epoch,
        /// Why.
        source: DescriptorError,
    },
    /// The directory says another key or another part of the salt than the key service itself.
    #[error("the directory and a key service disagree on epoch {}", epoch.0)]
    Disagreement {
        /// The epoch.
        epoch: Epoch,
    },
    /// The directory or a key service believes another attester.
    #[error("the directory or a key service names another attester")]
    OtherAttester,
}

impl Epochs {
    /// The epoch, if it is open.
    #[must_use]
    pub fn find(&self, epoch: Epoch) -> Option<&OpenEpoch> {
        self.open.iter().find(|open| open.descriptor.epoch == epoch)
    }

    /// To whose servers there is something to vouch, and in which epoch, the one of the day first: to each key service, and to
    /// the relay that gives tickets on the attester's word, if it does.
    pub fn to_vouch_to(&self) -> impl Iterator<Item = (Epoch, OperatorKey)> {
        self.open.iter().flat_map(|open| {
            let operators = open.services.iter().map(|service| service.operator).chain(self.issuer);
            operators.map(|operator| (open.descriptor.epoch, operator))
        })
    }
}

/// The epochs as they are kept and handed out.
type Shared = Arc<Epochs>;
