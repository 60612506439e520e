//! How one's own entry stands.

use sealpost_wire::time::Day;

/// How one's own number stands in the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Listing {
    /// No number is published.
    NotPublished,
    /// It is to be listed; the engine waits for its card's shelf to be stocked, or for the directory or a key service to be
    /// reached.
    Preparing,
    /// Those who have the number can find the card.
    Listed {
        /// From this day on it is not, unless the number is proved before (where the directory wants no proof: published
        /// again); `None` when the next epoch is provided for, or not announced yet.
        proof_due: Option<Day>,
    },
    /// Another entry stands under this number. It is replaced on this day, if its owner does not prove the number anew.
    Waiting {
        /// The first day on which this one can take its place.
        from: Day,
    },
    /// It is listed, and somebody else has proved the number: on this day their entry takes its place, unless
    /// [`prove_number`](crate::DiscoveryAccess::prove_number) comes before.
    Contested {
        /// The first day on which it can be replaced.
        until: Day,
    },
    /// It is not listed: the number must be proved in this epoch (where the directory wants no proof: published again).
    ProofNeeded,
    /// The directory has no room for it. It is tried again daily.
    Full,
    /// It was withdrawn, and the directory has not confirmed that yet.
    Withdrawing,
}
