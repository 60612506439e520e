//! Contacts and conversations as the app sees them.

use crate::message::Message;

/// The longest name of a contact, in bytes of UTF-8.
pub const MAX_NAME: usize = 128;

/// Names a contact within one profile. Local: nobody else knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContactId(pub(crate) i64);

/// Someone to write to, under a name that only this device knows.
#[derive(Clone, PartialEq, Eq)]
pub struct Contact {
    /// Which one.
    pub id: ContactId,
    /// The local name.
    pub name: String,
    /// Whether the person here wants to hear from them.
    pub state: ContactState,
    /// Whether their whole identity key is known, and pinned, already.
    pub key_known: bool,
    /// Whether they are told which of their messages have arrived and were read.
    pub receipts: bool,
    /// Whether they are told when something is being written to them.
    pub typing: bool,
}

/// Whether the person here wants to hear from a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContactState {
    /// They wrote first, and have not been accepted. Their messages are shown; nothing at all is sent to them, and their
    /// relay is not contacted.
    Unaccepted,
    /// Added by card, or accepted.
    Accepted,
    /// Nothing is received from or sent to them any more.
    Blocked,
}

impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { id: _, name: _, state, key_known: _, receipts: _, typing: _ } = self;
        f.debug_struct("Contact").field("state", state).finish_non_exhaustive()
    }
}

/// A conversation, as a list of conversations shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chat {
    /// With whom.
    pub contact: Contact,
    /// The newest message, if there is one.
    pub last: Option<Message>,
    /// How many messages it has.
    pub messages: u64,
    /// How many of them wait in the outbox.
    pub queued: u64,
}
