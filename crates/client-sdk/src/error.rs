//! What went wrong, without saying to whom.

use std::fmt;
use std::time::Duration;

use crate::net::NetError;
use crate::store::StoreError;

/// Why something was not done. Opaque: [`Error::kind`] says what the caller can do about it.
///
/// Its text, and the texts of its sources, name no person, mailbox, address or message.
pub struct Error {
    kind: ErrorKind,
    retry_after: Option<Duration>,
    source: Option<Source>,
}

/// What an [`Error`] comes from.
enum Source {
    Store(StoreError),
    Network(NetError),
}

/// Kinds of [`Error`], told apart by what the caller can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The passphrase or key does not open this profile, or the first page of its database is damaged: the two look
    /// alike, because every page is authenticated under the key. Ask again.
    WrongKey,
    /// The profile's files are damaged. Nothing was changed; restore a backup.
    Corrupt,
    /// The directory holds a database, or files, of something else. Choose another directory.
    Foreign,
    /// A newer version of this library wrote the profile. Update the app.
    NewerVersion,
    /// The disk is full, or a quota is reached. Nothing was lost; make room and try again.
    StorageFull,
    /// Another process held the database for too long. Try again.
    StorageBusy,
    /// The profile's files cannot be read or written: missing rights, a read-only or failing disk.
    Storage,
    /// The person opted out: the profile only closes what is left on relays. Open it again.
    OptedOut,
    /// There is no contact, or no message, of that id.
    NotFound,
    /// The text is longer than [`crate::MAX_TEXT`] bytes. Send it in parts.
    TextTooLong,
    /// A name is empty, longer than [`crate::MAX_NAME`] bytes or has control characters.
    BadName,
    /// Another contact has this name. Choose another.
    NameTaken,
    /// The card is one's own.
    OwnCard,
    /// They are no accepted contact, so nothing is told to them. Accept them first.
    NotAccepted,
    /// The contact was blocked. Accept it first.
    Blocked,
    /// The contact's identity key is not known before something was exchanged with them: the card carries only its
    /// hash. Send a message, or wait for one.
    KeyNotKnownYet,
    /// The engine needs a Tokio runtime, and the caller is not inside one.
    NoRuntime,
    /// It was not consented to, or the consent was revoked. Ask for it.
    NoConsent,
    /// One's own relay has no directory. Nobody can be looked up or listed.
    NoDirectory,
    /// One's own relay was not reached yet, so it is not known what its directory wants. Call
    /// [`crate::DiscoveryAccess::terms`] once.
    DirectoryUnknown,
    /// The directory asks for more than a device bears, or says what makes no sense. Nothing was computed or sent; its
    /// operator has to mend it.
    DirectoryRefused,
    /// A key service is not what the directory says: another key, another part of the salt, or a proof that does not
    /// hold. Nothing it said was used.
    KeyServiceRefused,
    /// The epoch is not open at the other end. Try again: what is open may just have changed.
    EpochOver,
    /// The device has not the memory that the directory's hash takes. Close something, and try again.
    Memory,
    /// The number has not been proved in this epoch, or the proof is too old. Prove it.
    NotProved,
    /// The directory wants no proof, so there is nobody to ask for a code. Publish the number at once.
    NoAttester,
    /// The attester takes no code for this number: no plan has room for it, or it cannot send there. Check the number.
    NumberRefused,
    /// The code is not the one that was sent last, or is no longer good. Type it again, or ask for another.
    WrongCode,
    /// Too many codes, or too many tries. Wait for [`Error::retry_after`].
    TooManyTries,
    /// The server cannot be reached, did not answer in time, or asks to be left alone for a while. Try again later.
    Unreachable,
    /// The proxy cannot be reached, or cannot reach the server. Nothing goes around it; try again later.
    ProxyUnreachable,
    /// The proxy does not pass on to this server, or both have one operator. Name another proxy.
    ProxyUnfit,
    /// Collecting apart takes a proxy. Name one: [`crate::Options::proxy`].
    ProxyNeeded,
    /// The server is not the one that was pinned, or not of the kind that it must be. Nothing was sent to it.
    NotTrusted,
    /// The server's answer cannot be used, or it refuses for good. Update the app, or tell its operator.
    Refused,
    /// The tripwire stopped bytes in which one of the device's own numbers appears. See [`crate::Event::TripwireHit`].
    Tripwire,
    /// One's mailboxes are on this relay already.
    AlreadyThere,
    /// The relay keeps its data, as its signed manifest says, in a region that [`crate::Options::regions`] does not allow.
    RegionNotAllowed,
    /// A server asks for tickets, there are none left, and nothing that pays for some. Ask its operator for an invite code and
    /// give it to [`crate::Client::add_invite`]; or prove a number ([`crate::DiscoveryAccess::prove_number`]), where it gives
    /// tickets on its attester's word; or wait, when a renewal is good from next week.
    NeedsTickets,
    /// A server did not make tickets with the key that it tells everyone, or told two. Nothing of them was taken; its operator
    /// has to say why.
    IssuerRefused,
    /// Somebody was found by this number, so it gets no SMS. Write to the contact.
    SealedRoute,
    /// The app's SMS sender refused.
    SmsRefused,
    /// Something of this library contradicts itself; please report it.
    Internal,
}

impl Error {
    /// What the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// How long the server asks to be left alone, where it said so.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self { kind, retry_after: None, source: None }
    }
}

impl From<StoreError> for Error {
    fn from(source: StoreError) -> Self {
        Self { kind: source.kind(), retry_after: None, source: Some(Source::Store(source)) }
    }
}

impl From<NetError> for Error {
    fn from(source: NetError) -> Self {
        Self { kind: source.kind(), retry_after: source.retry_after(), source: Some(Source::Network(source)) }
    }
}

impl Error {
    /// The same, for a caller who knows better what it means.
    pub(crate) fn meaning(self, kind: ErrorKind) -> Self {
        Self { kind, ..self }
    }
}

impl ErrorKind {
    const fn text(self) -> &'static str {
        match self {
            Self::WrongKey => "the passphrase or key does not open this profile",
            Self::Corrupt => "the profile's files are damaged",
            Self::Foreign => "the directory holds files of something else",
            Self::NewerVersion => "a newer version wrote this profile",
            Self::StorageFull => "the disk is full",
            Self::StorageBusy => "another process held the profile for too long",
            Self::Storage => "the profile's files cannot be read or written",
            Self::OptedOut => "this profile has opted out",
            Self::NotFound => "there is no such contact or message",
            Self::TextTooLong => "the text is too long for one message",
            Self::BadName => "the name is empty, too long or has control characters",
            Self::NameTaken => "another contact has this name",
            Self::OwnCard => "the card is one's own",
            Self::NotAccepted => "they have not been accepted",
            Self::Blocked => "the contact is blocked",
            Self::KeyNotKnownYet => "nothing was exchanged with this contact yet, so its key is not known",
            Self::NoRuntime => "the engine needs a Tokio runtime",
            Self::NoConsent => "there is no consent to this",
            Self::NoDirectory => "the relay has no directory",
            Self::DirectoryUnknown => "it is not known yet what the relay's directory wants",
            Self::DirectoryRefused => "the directory asks for what a device does not bear",
            Self::KeyServiceRefused => "a key service is not what the directory says",
            Self::EpochOver => "the epoch is not open",
            Self::Memory => "the device has not the memory that the directory's hash takes",
            Self::NotProved => "the number was not proved",
            Self::NoAttester => "the directory wants no proof of a number",
            Self::NumberRefused => "the attester does not take this number",
            Self::WrongCode => "the code is not the one that was sent, or has expired",
            Self::TooManyTries => "too many codes or tries",
            Self::Unreachable => "the server cannot be reached",
            Self::ProxyUnreachable => "the server cannot be reached through the proxy",
            Self::ProxyUnfit => "the proxy does not pass on to this server",
            Self::ProxyNeeded => "collecting apart takes a proxy",
            Self::NotTrusted => "the server is not the one that was pinned",
            Self::Refused => "the server refuses",
            Self::Tripwire => "stopped by the tripwire",
            Self::AlreadyThere => "one's mailboxes are on this relay already",
            Self::RegionNotAllowed => "the relay keeps its data in a region that is not allowed",
            Self::NeedsTickets => "the server asks for tickets, and there are none",
            Self::IssuerRefused => "the server made tickets with another key than it tells",
            Self::SealedRoute => "somebody was found by this number, so it gets no SMS",
            Self::SmsRefused => "the SMS was not sent",
            Self::Internal => "an internal contradiction; please report it",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.text())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Some(Source::Store(source)) => write!(f, "Error({:?}: {source:?})", self.kind),
            Some(Source::Network(source)) => write!(f, "Error({:?}: {source:?})", self.kind),
            None => write!(f, "Error({:?})", self.kind),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| match source {
            Source::Store(source) => source as _,
            Source::Network(source) => source as _,
        })
    }
}
