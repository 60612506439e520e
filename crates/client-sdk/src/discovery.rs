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

mod job;
mod listing;
mod report;
mod terms;

use std::sync::Arc;

use sealpost_identity::{AddressBook, PhoneNumber};
use sealpost_wire::time::Day;

use crate::client::Inner;
use crate::error::{Error, ErrorKind};
#[cfg(doc)]
use crate::event::Event;

pub use job::{DiscoveryJob, Progress, Stage};
pub use listing::Listing;
pub use report::{DiscoveryReport, Found, Reason};
pub use terms::{EpochTerms, Terms};

/// Discovery, for a profile that has consented to it. Cheap to clone; all clones are one.
///
/// Once the consent is revoked, each of its calls fails with [`ErrorKind::NoConsent`].
#[derive(Clone)]
pub struct DiscoveryAccess {
    inner: Arc<Inner>,
}

impl DiscoveryAccess {
    pub(crate) const fn new(inner: Arc<Inner>) -> Self {
        Self { inner }
    }

    /// What the directory of one's own relay demands and promises, fetched anew: to be shown before a number is proved.
    ///
    /// # Errors
    /// [`ErrorKind::NoDirectory`] when the relay has none, [`ErrorKind::DirectoryRefused`] when it asks for more than a
    /// device bears, [`ErrorKind::Unreachable`] and its like, or trouble with storage.
    pub async fn terms(&self) -> Result<Terms, Error> {
        Err(self.unfinished())
    }

    /// Asks the directory's attester to send a code to one's own number by SMS. Only the last one counts.
    ///
    /// **The attester learns** the number, and the network address. It is the one server that does.
    ///
    /// # Errors
    /// [`ErrorKind::NoAttester`] when the directory wants no proof, [`ErrorKind::NumberRefused`],
    /// [`ErrorKind::TooManyTries`] with [`Error::retry_after`]; else as [`Self::terms`].
    pub async fn ask_code(&self, number: &PhoneNumber) -> Result<(), Error> {
        let _ = number;
        Err(self.unfinished())
    }

    /// Proves the number with the code that came to it. What it gives, for each epoch that is open, is stored: the
    /// attester's word for the directory, and the right to have the key services evaluate.
    ///
    /// It has to be done again in each epoch; [`Event::NumberProofDue`] and [`Self::listing`] say when. To renew the right to
    /// look up others, when [`Reason::ProofNeeded`] says that it is used up, is the same call.
    ///
    /// # Errors
    /// [`ErrorKind::WrongCode`], also for one that has expired; else as [`Self::ask_code`].
    pub async fn prove_number(&self, number: &PhoneNumber, code: &str) -> Result<(), Error> {
        let _ = (number, code);
        Err(self.unfinished())
    }

    /// Lets people who have this number find a card that is made for it. Durable when it returns; the engine lists it in
    /// each open epoch as soon as its shelf is stocked, and keeps it listed.
    ///
    /// The number is not stored. So where the directory wants no proof, call this again at times, as when the app starts:
    /// it does nothing but what is due for a new epoch. Another number takes the place of the first, whose card is closed.
    ///
    /// Takes a tenth of a second for each epoch in which the number is new.
    ///
    /// # Errors
    /// [`ErrorKind::NotProved`] when the directory wants a proof and there is none, [`ErrorKind::DirectoryUnknown`] before the
    /// relay was ever reached, [`ErrorKind::NoDirectory`], [`ErrorKind::DirectoryRefused`], or trouble with storage.
    pub fn publish_number(&self, number: &PhoneNumber) -> Result<(), Error> {
        let _ = number;
        Err(self.unfinished())
    }

    /// Takes the number out of the directory. Durable when it returns, also offline: the engine withdraws the entries as
    /// soon as it can, and closes the card's shelf and front door. What comes of it is in
    /// [`Client::closings`](crate::Client::closings).
    ///
    /// Does nothing when no number is published.
    ///
    /// # Errors
    /// Trouble with storage.
    pub fn withdraw(&self) -> Result<(), Error> {
        Err(self.unfinished())
    }

    /// How one's own entry stands in the epoch of the day.
    ///
    /// # Errors
    /// Trouble with storage.
    pub fn listing(&self) -> Result<Listing, Error> {
        Err(self.unfinished())
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
        drop(book);
        Err(self.unfinished())
    }

    /// Everyone who was found by a number. Which number cannot be said, since it was not stored: see
    /// [`Client::route`](crate::Client::route).
    ///
    /// # Errors
    /// Trouble with storage.
    pub fn found(&self) -> Result<Vec<Found>, Error> {
        Err(self.unfinished())
    }

    /// Takes back the consent. Durable when it returns, also offline: withdraws as [`Self::withdraw`] does, and erases what
    /// was computed, the attester's word, and by which numbers contacts were found. The contacts stay.
    ///
    /// # Errors
    /// Trouble with storage; the consent is still in force then.
    pub fn revoke(self, day: Day) -> Result<(), Error> {
        let _ = day;
        Err(self.unfinished())
    }

    fn unfinished(&self) -> Error {
        let _ = &self.inner;
        ErrorKind::Internal.into()
    }
}

impl std::fmt::Debug for DiscoveryAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DiscoveryAccess")
    }
}
