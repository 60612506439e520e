//! What is inside: Binary HTTP (RFC 9292) in one form.

use std::io::Cursor;

use bhttp::{Message, Mode, StatusCode};
use thiserror::Error;

use super::{REPLY_LENGTHS, REQUEST_LENGTHS};
use crate::codec::redacted;

/// The media type of what is posted.
const CBOR: &str = "application/cbor";
const CONTENT_TYPE: &str = "content-type";
const GET: &str = "GET";
const POST: &str = "POST";
const SCHEME: &str = "https";

/// A request inside another one: `POST` with a CBOR body, or `GET` without one. A gateway answers for itself alone, so
/// there is no authority, and there is no field but the type of the body.
///
/// **Relay learns:** what the same request tells on a connection, but not from where it comes.
#[derive(Clone, PartialEq, Eq)]
pub struct InsideRequest {
    /// The path, which begins with `/` and has no query.
    pub path: String,
    /// What is posted; without it, the request is a `GET`.
    pub body: Option<Vec<u8>>,
}

/// The answer to an [`InsideRequest`].
#[derive(Clone, PartialEq, Eq)]
pub struct InsideReply {
    /// The status.
    pub status: u16,
    /// The media type of the body.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

redacted!(InsideRequest);
redacted!(InsideReply);

/// Why bytes are not what is inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InsideError {
    /// They are not as long as anything inside may be.
    #[error("what is inside has another length than it may have")]
    Length,
    /// They are not Binary HTTP.
    #[error("what is inside is not Binary HTTP")]
    Unreadable,
    /// They are Binary HTTP, but not in the one form that is read: other methods, more fields, longer integers.
    #[error("what is inside has more in it, or another form, than it may have")]
    Form,
    /// What follows on the message is not all zeros.
    #[error("what is inside is padded with something")]
    Padding,
}

impl InsideRequest {
    /// The bytes to be sealed: as short as they may be, but no shorter than `least`; none when they are too many.
    #[must_use]
    pub fn to_bytes(&self, least: usize) -> Option<Vec<u8>> {
        padded(self.encode(), &REQUEST_LENGTHS, least)
    }

    /// Reads what was sealed.
    ///
    /// # Errors
    /// [`InsideError`]
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InsideError> {
        exact(bytes, &REQUEST_LENGTHS, Self::read, Self::encode)
    }

    fn encode(&self) -> Option<Vec<u8>> {
        let method = if self.body.is_some() { POST } else { GET };
        let mut message = Message::request(method.into(), SCHEME.into(), Vec::new(), self.path.clone().into());
        if let Some(body) = &self.body {
            message.put_header(CONTENT_TYPE, CBOR);
            message.write_content(body);
        }
        encode(&message)
    }

    fn read(message: &Message) -> Option<Self> {
        let path = text(message.control().path()?).filter(|path| is_path(path))?;
        let body = (message.control().method()? == POST.as_bytes()).then(|| message.content().to_vec());
        Some(Self { path, body })
    }
}

impl InsideReply {
    /// The bytes to be sealed: as short as they may be, but no shorter than `least`; none when they are too many, or the
    /// status is none of an answer.
    #[must_use]
    pub fn to_bytes(&self, least: usize) -> Option<Vec<u8>> {
        padded(self.encode(), &REPLY_LENGTHS, least)
    }

    /// Reads what was sealed.
    ///
    /// # Errors
    /// [`InsideError`]
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InsideError> {
        exact(bytes, &REPLY_LENGTHS, Self::read, Self::encode)
    }

    fn encode(&self) -> Option<Vec<u8>> {
        let mut message = Message::response(StatusCode::try_from(self.status).ok().filter(|it| !it.informational())?);
        message.put_header(CONTENT_TYPE, self.content_type.as_str());
        message.write_content(&self.body);
        encode(&message)
    }

    fn read(message: &Message) -> Option<Self> {
        let status = message.control().status()?.code();
        let content_type = text(message.header().get(CONTENT_TYPE.as_bytes())?)?;
        Some(Self { status, content_type, body: message.content().to_vec() })
    }
}

fn encode(message: &Message) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    message.write_bhttp(Mode::KnownLength, &mut bytes).ok()?;
    Some(bytes)
}

fn padded(encoded: Option<Vec<u8>>, lengths: &[usize], least: usize) -> Option<Vec<u8>> {
    let mut bytes = encoded?;
    let length = lengths.iter().find(|length| **length >= bytes.len().max(least))?;
    bytes.resize(*length, 0);
    Some(bytes)
}

/// Reads `bytes` and takes the value if they are its encoding and zeros.
fn exact<T>(
    bytes: &[u8],
    lengths: &[usize],
    read: impl FnOnce(&Message) -> Option<T>,
    encode: impl FnOnce(&T) -> Option<Vec<u8>>,
) -> Result<T, InsideError> {
    if !lengths.contains(&bytes.len()) {
        return Err(InsideError::Length);
    }
    let message = Message::read_bhttp(&mut Cursor::new(bytes)).map_err(|_| InsideError::Unreadable)?;
    let value = read(&message).ok_or(InsideError::Form)?;
    let encoded = encode(&value).ok_or(InsideError::Form)?;
    let padding = bytes.strip_prefix(&*encoded).ok_or(InsideError::Form)?;
    if padding.iter().all(|byte| *byte == 0) { Ok(value) } else { Err(InsideError::Padding) }
}

fn text(bytes: &[u8]) -> Option<String> {
    String::from_utf8(bytes.to_vec()).ok()
}

/// Whether a text is a path and nothing besides.
fn is_path(path: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_graphic() && byte != b'?' && byte != b'#';
    path.starts_with('/') && path.bytes().all(allowed)
}
