//! Opening, from the outside in: outer seal, padding, sender's seal, session, content.

use rand::CryptoRng;
use sealpost_identity::IdentityKey;
use sealpost_wire::Envelope;
use thiserror::Error;

use crate::content::{Content, ContentError, Parties, read};
use crate::keys::{Keys, Unavailable};
use crate::local::Local;
use crate::prekey::UsedPrekey;
use crate::redacted::redacted;
use crate::route::Door;
use crate::session::Session;
use crate::{outer, ratchet};

/// An opened message and what has changed by it: all of it is committed together, or none.
pub struct Opened {
    /// What it says.
    pub content: Content,
    /// Who wrote it: the key that signed, and equal to the pinned one if there is one.
    pub sender: IdentityKey,
    /// What to store in the place of the session with the sender.
    pub session: Session,
    /// The prekey that a first message used up.
    pub used: Option<UsedPrekey>,
}

/// Why an envelope cannot be opened. Nothing has changed.
///
/// All but [`OpenError::Unavailable`] are final: the envelope is recorded, then acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum OpenError {
    /// The local store could not be read: the envelope stays on the relay.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// No key of this mailbox opens the outer seal.
    #[error("no key of this mailbox opens the outer seal")]
    Outer,
    /// The sender's seal is not for the local identity, or malformed.
    #[error("the sender's seal does not open")]
    SenderSeal,
    /// The certificate inside is not one that its key has issued to itself.
    #[error("the sender's certificate is not issued by the sender's own key")]
    Certificate,
    /// The local identity itself is named as the sender.
    #[error("the message claims to be from the recipient")]
    FromOneself,
    /// It lies in a pairwise mailbox that is another person's.
    #[error("the message is in a mailbox that is not for its sender")]
    WrongPeer,
    /// The person is known by another key.
    #[error("the sender's key is not the pinned one")]
    OtherKey,
    /// It belongs to a session that is not there.
    #[error("there is no session that this message belongs to")]
    NoSession,
    /// It is a first message for prekeys that are not there: used up, expired, or never made.
    #[error("there are no prekeys that this first message is for")]
    NoPrekey,
    /// It is a first message that used its last item before.
    #[error("the first message was received before")]
    Replayed,
    /// It was opened before in this session.
    #[error("the message was received before")]
    Duplicate,
    /// The ratchet refuses it: forged, damaged or malformed.
    #[error("invalid message")]
    Invalid,
    /// It comes without the post-quantum ratchet.
    #[error("the message lacks the post-quantum ratchet")]
    NotPostQuantum,
    /// It names another sender, recipient or device than its seals do, or carries somebody else's card.
    #[error("the message is bound to another sender, recipient or device")]
    Binding,
    /// The plaintext is no content.
    #[error(transparent)]
    Content(#[from] ContentError),
}

/// Opens an envelope.
///
/// The records that `keys` gives are copies: whatever the envelope does to them, the caller's are as they were until it
/// commits what is returned.
///
/// # Errors
/// [`OpenError`] says which layer refused.
pub fn open(
    local: &Local,
    keys: &impl Keys,
    envelope: &Envelope,
    door: Door<'_>,
    rng: &mut impl CryptoRng,
) -> Result<Opened, OpenError> {
    let sealed = outer::open(envelope, &door).map_err(|_| OpenError::Outer)?;
    let letter = ratchet::open_sender_seal(local, &sealed, door.peer())?;
    let sender = *letter.sender();
    check_sender(local, keys, &sender, &door)?;
    let decrypted = ratchet::decrypt(local, keys, letter, rng)?;
    let (content, parties) = read(&decrypted.plaintext)?;
    let card = content.card.as_ref();
    if parties != Parties::new(sender.person(), local.person())
        || card.is_some_and(|card| card.identity != sender.hash())
    {
        return Err(OpenError::Binding);
    }
    Ok(Opened { content, sender, session: decrypted.session, used: decrypted.used })
}

/// Compares whole keys: an id is a hash of 122 bits, enough to find someone by, not to be sure of them.
fn check_sender(local: &Local, keys: &impl Keys, sender: &IdentityKey, door: &Door<'_>) -> Result<(), OpenError> {
    if sender == local.key() {
        return Err(OpenError::FromOneself);
    }
    match door.peer() {
        Some(peer) if peer == sender => Ok(()),
        Some(_) => Err(OpenError::WrongPeer),
        None => check_pinned(keys.pinned(sender.person())?, sender),
    }
}

fn check_pinned(pinned: Option<IdentityKey>, sender: &IdentityKey) -> Result<(), OpenError> {
    match pinned {
        Some(pinned) if pinned != *sender => Err(OpenError::OtherKey),
        _ => Ok(()),
    }
}

redacted!(Opened);
