//! What a look-up came to.

use sealpost_wire::time::Day;

use crate::contact::ContactId;

/// What came of looking up an address book. Names are the book's.
///
/// It prints as counts: whom one knows is nobody else's business.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DiscoveryReport {
    /// Those who were found, now or before, each with the contact that they are.
    pub found: Vec<(String, ContactId)>,
    /// Those who are not in the directory.
    pub not_found: Vec<String>,
    /// Those of whom it is not known yet, and why. Looking up the same book again goes on with them.
    pub still_unknown: Vec<(String, Reason)>,
    /// Contacts whose number leads to another identity by now. See
    /// [`Client::accept_new_identity`](crate::Client::accept_new_identity).
    pub changed: Vec<ContactId>,
    /// Numbers that were hashed in this run.
    pub hashed: usize,
    /// Evaluations in this run, of each number by each key service.
    pub evaluated: usize,
    /// Buckets that were read in this run, those among them that were not wanted included.
    pub read: usize,
}

/// Why it is not known of somebody whether they can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The job was cancelled.
    Cancelled,
    /// A key service wants a voucher and has none left: prove the number, for the first time or once more, or wait for
    /// another day.
    ProofNeeded,
    /// A key service was not reached, or could not answer.
    KeyServiceUnreachable,
    /// A key service is not what the directory says, or its proof does not hold. Nothing of its answer was used.
    KeyServiceRefused,
    /// The directory was not reached, or could not answer.
    DirectoryUnreachable,
    /// What the directory answered cannot be used.
    DirectoryRefused,
    /// The epoch ended on the way. Look up again.
    EpochOver,
    /// The number's record in the directory does not open, or names no card, or one that is out of date.
    BadRecord,
    /// The device has not the memory that the directory's hash takes.
    Memory,
}

/// Somebody who was found by a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Who.
    pub contact: ContactId,
    /// The day on which they were found first.
    pub since: Day,
    /// Whether the number leads to another identity by now.
    pub changed: bool,
}

impl std::fmt::Debug for DiscoveryReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { found, not_found, still_unknown, changed, hashed, evaluated, read } = self;
        f.debug_struct("DiscoveryReport")
            .field("found", &found.len())
            .field("not_found", &not_found.len())
            .field("still_unknown", &still_unknown.len())
            .field("changed", &changed.len())
            .field("hashed", hashed)
            .field("evaluated", evaluated)
            .field("read", read)
            .finish()
    }
}
