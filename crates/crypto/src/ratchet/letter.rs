//! The sender's seal, opened: who wrote, proven, and the session message, not yet decrypted.

use futures_util::FutureExt;
use libsignal_protocol::{
    CiphertextMessageType, ContentHint, PreKeySignalMessage, PublicKey, SignalMessage,
    UnidentifiedSenderMessageContent, sealed_sender_decrypt_to_usmc,
};
use sealpost_identity::IdentityKey;

use super::certificate::proven_key;
use super::quiet::caught;
use super::stores::Identities;
use crate::local::Local;
use crate::open::OpenError;

/// How every sender's seal begins: version 1 of sealed sender, then the protobuf header of a key of 33 bytes. libsignal
/// would also read version 2, which nobody here makes.
const FRAME: [u8; 3] = [0x11, 0x0A, 33];
const KEY: usize = 33;
/// The version of the post-quantum ratchet that its field begins with. Without the field there is none in the message;
/// a greater one libsignal would take and leave out.
const SPQR_V1: u8 = 1;

/// A session message with its proven sender.
pub(crate) struct Letter {
    sender: IdentityKey,
    pub(super) message: Message,
}

/// The two kinds of session message.
pub(super) enum Message {
    First(Box<PreKeySignalMessage>),
    Later(Box<SignalMessage>),
}

impl Letter {
    /// The key that sealed it.
    pub(crate) const fn sender(&self) -> &IdentityKey {
        &self.sender
    }
}

impl Message {
    fn inner(&self) -> &SignalMessage {
        match self {
            Self::First(first) => first.message(),
            Self::Later(later) => later,
        }
    }
}

/// Opens the sender's seal and checks everything that needs no record. Who is `expected` need not be the sender.
pub(crate) fn open_sender_seal(
    local: &Local,
    sealed: &[u8],
    expected: Option<&IdentityKey>,
) -> Result<Letter, OpenError> {
    check_frame(sealed).ok_or(OpenError::SenderSeal)?;
    let identities = Identities::without_peer(local);
    let opened = caught(|| sealed_sender_decrypt_to_usmc(sealed, &identities).now_or_never());
    let opened = opened.flatten().and_then(Result::ok).ok_or(OpenError::SenderSeal)?;
    let sender = caught(|| proven_key(opened.sender().ok()?, expected)).flatten().ok_or(OpenError::Certificate)?;
    let message = caught(|| message(&opened)).flatten().ok_or(OpenError::Invalid)?;
    check_keys(&message, &sender).ok_or(OpenError::Invalid)?;
    match message.inner().pq_ratchet().first() {
        Some(&SPQR_V1) => Ok(Letter { sender, message }),
        _ => Err(OpenError::NotPostQuantum),
    }
}

/// The ephemeral key stands in front, so that it can be checked before libsignal computes with it.
fn check_frame(sealed: &[u8]) -> Option<()> {
    let (frame, rest) = sealed.split_first_chunk::<{ FRAME.len() }>()?;
    let ephemeral = PublicKey::deserialize(rest.get(..KEY)?).ok()?;
    (*frame == FRAME && ephemeral.is_canonical()).then_some(())
}

/// The message in its own type; `None` for types and hints that nobody here makes.
fn message(opened: &UnidentifiedSenderMessageContent) -> Option<Message> {
    if opened.content_hint().ok()? != ContentHint::Default || opened.group_id().ok()?.is_some() {
        return None;
    }
    let contents = opened.contents().ok()?;
    match opened.msg_type().ok()? {
        CiphertextMessageType::PreKey => Some(Message::First(Box::new(contents.try_into().ok()?))),
        CiphertextMessageType::Whisper => Some(Message::Later(Box::new(contents.try_into().ok()?))),
        CiphertextMessageType::SenderKey | CiphertextMessageType::Plaintext => None,
    }
}

/// All public keys are canonical, and a first message is of the identity that sealed it.
fn check_keys(message: &Message, sender: &IdentityKey) -> Option<()> {
    let first = match message {
        Message::First(first) => first.identity_key() == sender.libsignal() && first.base_key().is_canonical(),
        Message::Later(_) => true,
    };
    (first && message.inner().sender_ratchet_key().is_canonical()).then_some(())
}
