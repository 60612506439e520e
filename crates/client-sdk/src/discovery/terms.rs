//! What a directory demands and promises.

use sealpost_wire::RelayRef;
use sealpost_wire::directory::Epoch;

/// What the directory of one's own relay demands and promises, for the app to show.
///
/// A directory with two key services of two operators promises most. With one, that operator and the directory's can
/// together learn which numbers are listed, at the price of a hash for each number they try; with none, the directory can alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The attester to whom a number is proved, and who learns it; `None` where anyone may publish any number.
    pub attester: Option<RelayRef>,
    /// The epochs that are open, the one of the day first.
    pub epochs: Vec<EpochTerms>,
}

/// What holds in one epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochTerms {
    /// Which one; the calendar says when it begins and ends.
    pub epoch: Epoch,
    /// The key services, none, one or two.
    pub key_services: Vec<RelayRef>,
    /// Memory that the hash of a number takes, in MiB, on each core that is used.
    pub memory_mib: u32,
    /// How often the hash passes over it.
    pub passes: u32,
    /// How many buckets the directory has. A bucket has up to 128 entries, and which of them was wanted does not show.
    pub buckets: u32,
}
