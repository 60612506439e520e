//! What one can consent to.

use minicbor::{Decode, Encode};

/// Something that needs consent. Sealed: there are the three scopes of this module.
pub trait Scope: sealed::Sealed {
    /// The scope's name in records.
    const NAME: ScopeName;
    /// This crate's own English prompt.
    const TEXT: &'static str;
    /// Raised with every change of [`Scope::TEXT`].
    const TEXT_VERSION: u32;
}

/// A scope's name, as records and apps show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum ScopeName {
    /// See [`Messaging`].
    #[n(0)]
    Messaging,
    /// See [`Discovery`].
    #[n(1)]
    Discovery,
    /// See [`SmsFallback`].
    #[n(2)]
    SmsFallback,
}

/// Connecting to a relay, to send and receive sealed messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Messaging;

/// Being found by one's number, and finding others by theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Discovery;

/// Sending by ordinary SMS what cannot be sent sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SmsFallback;

impl Scope for Messaging {
    const NAME: ScopeName = ScopeName::Messaging;
    const TEXT: &'static str = "Turn on sealed messages? This device will connect to the relay you choose. The relay \
        keeps sealed messages for you until you collect them. It cannot read them and does not learn your name, your \
        number or your contacts. It does see this device's network address and when messages come and go. You can turn \
        this off at any time; what the relay holds for you is then erased.";
    const TEXT_VERSION: u32 = 1;
}

impl Scope for Discovery {
    const NAME: ScopeName = ScopeName::Discovery;
    const TEXT: &'static str = "Let people who have your phone number find you here? You prove once to an attester that \
        the number is yours; the attester learns the number. The directory gets only a sealed card under a blinded tag. \
        Looking up your own contacts happens only when you ask for it. You can turn this off at any time; your entry is \
        then withdrawn.";
    const TEXT_VERSION: u32 = 1;
}

impl Scope for SmsFallback {
    const NAME: ScopeName = ScopeName::SmsFallback;
    const TEXT: &'static str = "Send by ordinary SMS when a message cannot be sent sealed? SMS is not sealed: your \
        carrier and others on its way can read it, and who sent it to whom. The relay takes no part in it. You can turn \
        this off at any time.";
    const TEXT_VERSION: u32 = 1;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Messaging {}
    impl Sealed for super::Discovery {}
    impl Sealed for super::SmsFallback {}
}
