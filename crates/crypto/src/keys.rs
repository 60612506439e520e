//! What opening needs to look up.

use sealpost_identity::{IdentityKey, PersonId};
use thiserror::Error;

use crate::prekey::{PrekeyId, PrivatePrekey, UsedPrekey};
use crate::session::Session;

/// The store could not be read: it is locked, the disk fails, memory is short. The envelope stays where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the local store cannot be read")]
pub struct Unavailable;

/// Looks up the recipient's records. [`open`](crate::open()) asks each at most once for an envelope, and only after
/// the sender's seal is open, so an answer costs nothing for what a stranger deposits at random.
///
/// 1. Nothing is written: what [`open`](crate::open()) changes is in what it returns.
/// 2. All answers of one call are of one state of the store, and that state is still current when the caller commits
///    what [`open`](crate::open()) returned.
/// 3. `None` means that there is no such record; a store that cannot tell says [`Unavailable`].
pub trait Keys {
    /// The session with a person.
    ///
    /// # Errors
    /// [`Unavailable`].
    fn session(&self, peer: PersonId) -> Result<Option<Session>, Unavailable>;

    /// The key that a person is pinned to, if they are known. Not asked for a pairwise mailbox, whose peer is given.
    ///
    /// # Errors
    /// [`Unavailable`].
    fn pinned(&self, peer: PersonId) -> Result<Option<IdentityKey>, Unavailable>;

    /// The private half of a shelf item.
    ///
    /// # Errors
    /// [`Unavailable`].
    fn prekey(&self, id: PrekeyId) -> Result<Option<PrivatePrekey>, Unavailable>;

    /// Whether this use of a last item was committed before. Asked for last items only.
    ///
    /// # Errors
    /// [`Unavailable`].
    fn was_used(&self, used: &UsedPrekey) -> Result<bool, Unavailable>;
}
