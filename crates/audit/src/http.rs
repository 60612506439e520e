//! What two programs say to each other over HTTP: requests, WebSocket messages, and the bytes that neither is clear on
//! the wire. HTTP/1.1 (RFC 9112) with WebSockets (RFC 6455), and HTTP/2 (RFC 9113).
//!
//! What comes out is for a search and a judge: a request as a whole, and everything that stood in parts, under a mask or
//! compressed, put together.

mod http1;
mod http2;
mod websocket;

use std::fmt;

use crate::capture::Who;
use http1::Http1;
use http2::Http2;

pub use websocket::{Frame, Opcode, messages};

/// A longer body or message is searched and not judged.
const LONGEST_BODY: usize = 4 * 1024 * 1024;
/// A longer head is none.
const LONGEST_HEAD: usize = 64 * 1024;
/// What HTTP/2 begins with.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Both directions of a connection.
#[derive(Default)]
pub struct Conversation {
    language: Language,
    /// Whether what the server says cannot be read, since before it was known what they speak.
    deaf: bool,
}

#[derive(Default)]
enum Language {
    /// The client has said too little.
    #[default]
    Unknown,
    Undecided(Vec<u8>, Vec<u8>),
    Http1(Box<Http1>),
    Http2(Box<Http2>),
    /// Neither: there is nothing to put together.
    Other,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// `POST`.
    pub method: String,
    /// With what follows a question mark.
    pub path: Vec<u8>,
    /// Its header fields, names in lower case; of HTTP/2 also those that begin with a colon, but for method and path.
    pub fields: Vec<(String, Vec<u8>)>,
    /// Its body.
    pub body: Vec<u8>,
    /// Whether its end was seen, and its body is not too long to be judged.
    pub whole: bool,
}

/// What was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The client asks.
    Request(Request),
    /// The client sends a frame on the WebSocket at this path.
    Frame(Vec<u8>, Frame),
    /// Bytes that do not stand like this in what was fed.
    Said(Who, Vec<u8>),
    /// From here on, nothing of this direction is put together.
    Lost(Who, Lost),
}

/// Why a direction is not followed any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lost {
    /// It is no HTTP, or no longer.
    NoHttp,
    /// Bytes are missing before it.
    Gap,
    /// One frame or head is longer than this program reads.
    TooLong,
}

impl Conversation {
    /// Reads on.
    pub fn feed(&mut self, who: Who, bytes: &[u8], each: &mut dyn FnMut(Event)) {
        if let Language::Unknown = self.language {
            self.language = Language::Undecided(Vec::new(), Vec::new());
        }
        match &mut self.language {
            Language::Undecided(client, server) => {
                (if who == Who::Client { client } else { server }).extend_from_slice(bytes);
                self.decide(each);
            }
            Language::Http1(http) => http.feed(who, bytes, each),
            Language::Http2(http) => http.feed(who, bytes, each),
            Language::Unknown | Language::Other => {}
        }
    }

    /// Bytes are missing.
    pub fn gap(&mut self, who: Who, each: &mut dyn FnMut(Event)) {
        match &mut self.language {
            Language::Http1(http) => http.lose(who, Lost::Gap, each),
            Language::Http2(http) => http.lose(who, Lost::Gap, each),
            Language::Other => {}
            Language::Unknown | Language::Undecided(..) if who == Who::Server => self.deaf = true,
            Language::Unknown | Language::Undecided(..) => {
                self.language = Language::Other;
                each(Event::Lost(who, Lost::Gap));
            }
        }
    }

    /// The connection has ended; what has begun is told as far as it came.
    pub fn finish(&mut self, each: &mut dyn FnMut(Event)) {
        match &mut self.language {
            Language::Http1(http) => http.finish(each),
            Language::Http2(http) => http.finish(each),
            Language::Undecided(client, _) if !client.is_empty() => each(Event::Lost(Who::Client, Lost::NoHttp)),
            _ => {}
        }
    }

    /// The client's first bytes tell.
    fn decide(&mut self, each: &mut dyn FnMut(Event)) {
        let Language::Undecided(client, server) = &mut self.language else { return };
        let (client, server) = match language(client) {
            None if server.len() <= LONGEST_HEAD => return,
            _ => (std::mem::take(client), std::mem::take(server)),
        };
        self.language = language(&client).unwrap_or(Language::Other);
        if let Language::Other = self.language {
            each(Event::Lost(Who::Client, Lost::NoHttp));
        } else if self.deaf {
            self.gap(Who::Server, each);
        }
        self.feed(Who::Client, &client, each);
        self.feed(Who::Server, &server, each);
    }
}

/// What begins like this; nothing as long as that cannot be told.
fn language(bytes: &[u8]) -> Option<Language> {
    let same = bytes.iter().zip(PREFACE).take_while(|(one, other)| one == other).count();
    if same == PREFACE.len() {
        return Some(Language::Http2(Box::default()));
    }
    if same == bytes.len() {
        return None;
    }
    let method = bytes.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    match bytes.get(method) {
        Some(b' ') if method > 0 => Some(Language::Http1(Box::default())),
        None if method <= 16 => None,
        _ => Some(Language::Other),
    }
}

impl Request {
    /// The value of a field, if there is exactly one of that name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        let mut values = self.fields.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_slice());
        values.next().filter(|_| values.next().is_none())
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoHttp => "it is no HTTP, or no longer",
            Self::Gap => "bytes are missing",
            Self::TooLong => "a head or frame is longer than is read here",
        })
    }
}
