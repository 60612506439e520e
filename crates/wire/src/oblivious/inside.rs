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
/// An empty trailer: how long it is.
const NO_TRAILER: &[u8] = &[0];

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
        padded(&self.head()?, self.posted(), &REQUEST_LENGTHS, least)
    }

    /// Reads what was sealed.
    ///
    /// # Errors
    /// [`InsideError`]
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InsideError> {
        let request = read(bytes, &REQUEST_LENGTHS, Self::read)?;
        check(bytes, request.head(), request.posted())?;
        Ok(request)
    }

    fn head(&self) -> Option<Vec<u8>> {
        let method = if self.body.is_some() { POST } else { GET };
        let mut message = Message::request(method.into(), SCHEME.into(), Vec::new(), self.path.clone().into());
        if self.body.is_some() {
            message.put_header(CONTENT_TYPE, CBOR);
        }
        head(&message, self.posted())
    }

    fn posted(&self) -> &[u8] {
        self.body.as_deref().unwrap_or_default()
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
        padded(&self.head()?, &self.body, &REPLY_LENGTHS, least)
    }

    /// Reads what was sealed.
    ///
    /// # Errors
    /// [`InsideError`]
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InsideError> {
        let reply = read(bytes, &REPLY_LENGTHS, Self::read)?;
        check(bytes, reply.head(), &reply.body)?;
        Ok(reply)
    }

    fn head(&self) -> Option<Vec<u8>> {
        let mut message = Message::response(StatusCode::try_from(self.status).ok().filter(|it| !it.informational())?);
        message.put_header(CONTENT_TYPE, self.content_type.as_str());
        head(&message, &self.body)
    }

    fn read(message: &Message) -> Option<Self> {
        let status = message.control().status()?.code();
        let content_type = text(message.header().get(CONTENT_TYPE.as_bytes())?)?;
        Some(Self { status, content_type, body: message.content().to_vec() })
    }
}

/// What comes before `body` in a message of known length: all of `message`, which has no content, and how long the body is (RFC
/// 9292, section 3.1). The body is left where it lies: it is most of a message.
fn head(message: &Message, body: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    message.write_bhttp(Mode::KnownLength, &mut bytes).ok()?;
    // No content, and no trailer.
    bytes.truncate(bytes.len().checked_sub(2)?);
    bytes.extend(integer(body.len())?);
    Some(bytes)
}

/// The shortest encoding of an integer (RFC 9000, section 16), as far as bodies go.
fn integer(number: usize) -> Option<Vec<u8>> {
    match u32::try_from(number).ok()? {
        short @ ..0x40 => Some(vec![short.to_be_bytes()[3]]),
        medium @ ..0x4000 => Some((medium | 0x4000).to_be_bytes()[2..].to_vec()),
        long @ ..0x4000_0000 => Some((long | 0x8000_0000).to_be_bytes().to_vec()),
        _ => None,
    }
}

fn padded(head: &[u8], body: &[u8], lengths: &[usize], least: usize) -> Option<Vec<u8>> {
    let shortest = head.len() + body.len() + NO_TRAILER.len();
    let length = *lengths.iter().find(|length| **length >= shortest.max(least))?;
    let mut bytes = Vec::with_capacity(length);
    bytes.extend_from_slice(head);
    bytes.extend_from_slice(body);
    // The trailer, which is empty, looks like the padding.
    bytes.resize(length, 0);
    Some(bytes)
}

fn read<T>(bytes: &[u8], lengths: &[usize], read: impl FnOnce(&Message) -> Option<T>) -> Result<T, InsideError> {
    if !lengths.contains(&bytes.len()) {
        return Err(InsideError::Length);
    }
    let message = Message::read_bhttp(&mut Cursor::new(bytes)).map_err(|_| InsideError::Unreadable)?;
    read(&message).ok_or(InsideError::Form)
}

/// Whether `bytes` are the one encoding of what was read from them, and zeros.
fn check(bytes: &[u8], head: Option<Vec<u8>>, body: &[u8]) -> Result<(), InsideError> {
    let rest = head.and_then(|head| bytes.strip_prefix(&*head)?.strip_prefix(body)?.strip_prefix(NO_TRAILER));
    let padding = rest.ok_or(InsideError::Form)?;
    if padding.iter().all(|byte| *byte == 0) { Ok(()) } else { Err(InsideError::Padding) }
}

fn text(bytes: &[u8]) -> Option<String> {
    String::from_utf8(bytes.to_vec()).ok()
}

/// Whether a text is a path and nothing besides.
fn is_path(path: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_graphic() && byte != b'?' && byte != b'#';
    path.starts_with('/') && path.bytes().all(allowed)
}
