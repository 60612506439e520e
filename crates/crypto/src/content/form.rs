//! The encoding of content: one deterministic CBOR map (RFC 8949, section 4.2) with small integer keys.
//!
//! ```text
//! 0 version = 1        3 sender        5 sender's device        7 counter            9 card       11 receipt
//! 1 kind               4 recipient     6 recipient's device     8 return address    10 text       12 typing at
//! 2 message id
//! ```
//!
//! Kind 0 is a text and has key 10, kind 2 is typing and has key 12; kind 1 is control and has neither. Absent optional fields
//! have no key.

use minicbor::{Decode, Decoder, Encode};
use sealpost_identity::{CardRef, PersonId};
use sealpost_wire::codec::{DecodeError, V1, exact};
use thiserror::Error;
use zeroize::Zeroizing;

use super::{Body, Content, DEVICE, MessageId, Receipt, Text};
use crate::route::ReturnAddress;

const TEXT: u64 = 0;
const CONTROL: u64 = 1;
const TYPING: u64 = 2;

/// Why a plaintext is no content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ContentError {
    /// It is of another version.
    #[error("the content is of version {0}, this side reads 1")]
    Version(u64),
    /// It is of a kind that this version does not know. A newer client wrote it.
    #[error("the content is of the unknown kind {0}")]
    UnknownKind(u64),
    /// It is not the one encoding of a content.
    #[error("the content is malformed")]
    Malformed(#[from] DecodeError),
    /// Its kind and its body disagree.
    #[error("the content has a body that its kind has not, or lacks one")]
    KindAndBody,
    /// Its receipt contradicts itself.
    #[error("the content has a receipt that cannot be")]
    Receipt,
    /// Its text is longer than [`MAX_TEXT`](super::MAX_TEXT).
    #[error("the content's text is too long")]
    TextTooLong,
}

/// Who writes to whom, and from which device to which.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parties {
    pub(crate) sender: PersonId,
    pub(crate) recipient: PersonId,
    pub(crate) devices: (u8, u8),
}

impl Parties {
    pub(crate) const fn new(sender: PersonId, recipient: PersonId) -> Self {
        Self { sender, recipient, devices: (DEVICE, DEVICE) }
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct Form<'a> {
    #[n(0)]
    version: V1,
    #[n(1)]
    kind: u64,
    #[n(2)]
    message: MessageId,
    #[n(3)]
    sender: PersonId,
    #[n(4)]
    recipient: PersonId,
    #[n(5)]
    sender_device: u8,
    #[n(6)]
    recipient_device: u8,
    #[n(7)]
    counter: u64,
    #[n(8)]
    return_address: Option<ReturnAddress>,
    #[n(9)]
    card: Option<CardRef>,
    #[b(10)]
    text: Option<&'a str>,
    #[n(11)]
    receipt: Option<Receipt>,
    #[n(12)]
    typing_at: Option<u64>,
}

/// Encodes a content between two parties.
pub(crate) fn write(content: &Content, parties: &Parties) -> Zeroizing<Vec<u8>> {
    let (kind, text, typing_at) = match &content.body {
        Body::Text(text) => (TEXT, Some(text.expose()), None),
        Body::Control => (CONTROL, None, None),
        Body::Typing(at) => (TYPING, None, Some(*at)),
    };
    let form = Form {
        version: V1,
        kind,
        message: content.message,
        sender: parties.sender,
        recipient: parties.recipient,
        sender_device: parties.devices.0,
        recipient_device: parties.devices.1,
        counter: content.counter,
        return_address: content.return_address.clone(),
        card: content.card.clone(),
        text,
        receipt: content.receipt.clone(),
        typing_at,
    };
    // Room beforehand, so that growing leaves no copies behind.
    let mut bytes = Vec::with_capacity(text.map_or(0, str::len).saturating_add(1_024));
    // Writing into a vector cannot fail, and no encoder here reports an error of its own.
    let _infallible = minicbor::encode(&form, &mut bytes);
    Zeroizing::new(bytes)
}

/// Decodes a content and the parties that it names.
pub(crate) fn read(bytes: &[u8]) -> Result<(Content, Parties), ContentError> {
    check_kind(bytes)?;
    let form: Form<'_> = exact(bytes)?;
    let body = body(form.kind, form.text, form.typing_at)?;
    if !form.receipt.as_ref().is_none_or(Receipt::is_possible) {
        return Err(ContentError::Receipt);
    }
    let parties = Parties {
        sender: form.sender,
        recipient: form.recipient,
        devices: (form.sender_device, form.recipient_device),
    };
    let Form { message, counter, return_address, card, receipt, .. } = form;
    Ok((Content { message, counter, return_address, card, receipt, body }, parties))
}

fn body(kind: u64, text: Option<&str>, typing_at: Option<u64>) -> Result<Body, ContentError> {
    match (kind, text, typing_at) {
        (TEXT, Some(text), None) => Text::new(text.to_owned()).map(Body::Text).map_err(|_| ContentError::TextTooLong),
        (CONTROL, None, None) => Ok(Body::Control),
        (TYPING, None, Some(at)) => Ok(Body::Typing(at)),
        _ => Err(ContentError::KindAndBody),
    }
}

/// Looks at version and kind before all else: what a newer client wrote may have keys that are unknown here.
fn check_kind(bytes: &[u8]) -> Result<(), ContentError> {
    let (version, kind) = read_kind(bytes).map_err(|error| match error.is_end_of_input() {
        true => DecodeError::Truncated,
        false => DecodeError::Malformed,
    })?;
    match (version, kind) {
        (1, TEXT | CONTROL | TYPING) => Ok(()),
        (1, kind) => Err(ContentError::UnknownKind(kind)),
        (version, _) => Err(ContentError::Version(version)),
    }
}

fn read_kind(bytes: &[u8]) -> Result<(u64, u64), minicbor::decode::Error> {
    let mut decoder = Decoder::new(bytes);
    decoder.map()?;
    let version = keyed(&mut decoder, 0)?;
    // Another version may put anything behind its number.
    let kind = if version == 1 { keyed(&mut decoder, 1)? } else { 0 };
    Ok((version, kind))
}

fn keyed(decoder: &mut Decoder<'_>, key: u8) -> Result<u64, minicbor::decode::Error> {
    if decoder.u8()? == key { decoder.u64() } else { Err(minicbor::decode::Error::message("another key")) }
}
