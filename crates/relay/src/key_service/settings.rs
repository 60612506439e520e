//! What the operator of a key service decides, as plain values.

use std::num::NonZeroU32;
use std::path::PathBuf;

use sealpost_wire::RelayRef;

use crate::tickets;

/// What a key service is opened with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The directory of the keys; made if it is not there.
    pub directory: PathBuf,
    /// Whose vouchers give the right to have elements evaluated; without one, anyone has it.
    pub attester: Option<RelayRef>,
    /// Batches per minute, of all together; only without an attester.
    pub batches_per_minute: NonZeroU32,
    /// The most vouchers that are counted in one epoch, each in some 48 bytes of memory; only with an attester.
    pub vouchers_per_epoch: u32,
    /// Tickets, where there are any: then they give the right, and not vouchers.
    pub tickets: Option<tickets::Settings>,
}
