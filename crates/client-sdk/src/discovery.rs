//! Being found by one's number, and finding others by theirs.
//!
//! ```text
//! consent ─▶ terms ─▶ ask_code ─▶ prove_number ─▶ publish_number        the engine lists it, and keeps it listed
//!                                       │
//!                                       └─▶ discover(address book) ─▶ job: hash ─▶ evaluate ─▶ read ─▶ contacts
//! ```
//!
//! Nothing here happens by itself: opening or adding a contact looks nobody up. What is looked up is in the address book
//! that the app hands over, when it hands it over.
//!
//! Numbers are not stored, neither one's own nor others'. What is kept is a hash of each under a key of this profile's own,
//! and what was computed for it in the epoch, so that it is computed once.

mod blocking;
mod buckets;
mod directory;
mod evaluating;
#[cfg(test)]
pub(crate) mod fake;
mod hashing;
mod job;
mod keeping;
mod listing;
mod patience;
mod proving;
mod publishing;
mod report;
mod round;
mod run;

mod terms;
#[cfg(test)]
mod tests;
mod trouble;
mod ways;

use std::sync::Arc;

use sealpost_identity::AddressBook;
use sealpost_identity::consent::Discovery;
use sealpost_wire::time::Day;
use tokio::runtime::Handle;

use crate::client::{Client, Inner};
use crate::clock;
use crate::error::{Error, ErrorKind};
use crate::permit::{DiscoveryPermit, NetworkPermit};
use crate::store::consents::{self, DiscoveryOnRecord};
use crate::store::{entries, found, lookups, numbers, profile};
use run::Run;

pub(crate) use directory::{Directory, basis, kept_on};
pub(crate) use evaluating::Asking;
pub use job::{DiscoveryJob, Progress, Stage};
pub use listing::Listing;
pub use report::{DiscoveryReport, Found, Reason};
pub use terms::{EpochTerms, Terms};
pub(crate) use trouble::Trouble;
pub(crate) use ways::Ways;

/// Discovery, for a profile that has consented to it. Cheap to clone; all clones are one.
///
/// Once the consent is revoked, each of its calls fails with [`ErrorKind::NoConsent`].
#[derive(Clone)]
pub struct DiscoveryAccess {
    client: Client,
    ways: Ways,
}

impl DiscoveryAccess {
    pub(crate) fn new(inner: Arc<Inner>, on_record: &DiscoveryOnRecord) -> Result<Self, Error> {
        let permit = NetworkPermit::of_consent(&inner.store.read(profile::consent_on_record)?);
        let network = crate::engine::network(&permit, &inner, &inner.store)?;
        let relay = inner.store.read(profile::relay)?;
        let ways = Ways::new(network, DiscoveryPermit::of_consent(on_record), &inner, relay);
        Ok(Self { client: Client(inner), ways })
    }

    /// What the directory of one's own relay demands and promises, fetched anew: to be shown before a number is proved.
    ///
    /// # Errors
    /// [`ErrorKind::NoDirectory`] when the relay has none, [`ErrorKind::DirectoryRefused`] when it asks for more than a
    /// device bears, [`ErrorKind::Unreachable`] and its like, or trouble with storage.
    pub async fn terms(&self) -> Result<Terms, Error> {
        self.client.look(consents::discovery)?;
        Ok(self.ways.directory(clock::today()).await?.terms())
    }

    /// Looks up everyone of an address book, in the background, in the current Tokio runtime. Who is found becomes a contact
    /// under the book's name, accepted.
    ///
    /// What was computed for a number in this epoch is not computed again, and what was read today is not read again:
    /// after a crash, a cancelled job or a server that was away, the same call goes on where it stopped. One job runs at
    /// a time; another waits for it. The book is wiped when the job is over.
    ///
    /// # Errors
    /// [`ErrorKind::NoRuntime`], [`ErrorKind::NoConsent`], or trouble with storage.
    pub fn discover(&self, book: AddressBook) -> Result<DiscoveryJob, Error> {
        let runtime = Handle::try_current().map_err(|_| ErrorKind::NoRuntime)?;
        self.client.look(consents::discovery)?;
        let (inner, ways) = (Arc::clone(&self.client.0), self.ways.clone());
        let stop = inner.look_up_token();
        Ok(DiscoveryJob::start(&runtime, stop, |progress, stop| {
            Run { inner, ways, progress, stop, day: clock::today() }.run(book)
        }))
    }

    /// Everyone who was found by a number. Which number cannot be said, since it was not stored: see
    /// [`Client::route`](crate::Client::route).
    ///
    /// # Errors
    /// Trouble with storage.
    pub fn found(&self) -> Result<Vec<Found>, Error> {
        let rows = self.client.look(|tx| {
            consents::discovery(tx)?;
            found::all(tx)
        })?;
        let shown =
            |row: found::FoundRow| Found { contact: row.contact, since: row.since, changed: row.other.is_some() };
        Ok(rows.into_iter().map(shown).collect())
    }

    /// Takes back the consent. Durable when it returns, also offline: withdraws as [`Self::withdraw`] does, and erases what
    /// was computed, the attester's word, and by which numbers contacts were found. The contacts stay.
    ///
    /// # Errors
    /// Trouble with storage; the consent is still in force then.
    pub fn revoke(self, day: Day) -> Result<(), Error> {
        self.client.change(|tx| {
            let _revoked = consents::require::<Discovery>(tx)?.revoke(day);
            crate::leaving::withdraw(tx)?;
            entries::erase_all(tx)?;
            lookups::erase_all(tx)?;
            found::erase_all(tx)?;
            numbers::erase_key(tx)?;
            consents::erase::<Discovery>(tx)
        })?;
        self.client.0.end_look_ups();
        Ok(())
    }
}

impl std::fmt::Debug for DiscoveryAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DiscoveryAccess")
    }
}
