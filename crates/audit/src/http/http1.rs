//! HTTP/1.1: messages of one direction, one behind the other, and the WebSocket that may follow.

use httparse::Status;

use super::websocket::Frames;
use super::{Event, LONGEST_BODY, LONGEST_HEAD, Lost, Request};
use crate::capture::Who;

const MOST_FIELDS: usize = 256;
const SWITCHING: u16 = 101;

/// Both directions.
#[derive(Default)]
pub(super) struct Http1 {
    client: Reader,
    server: Reader,
    /// Where the client asked for a WebSocket.
    asked: Option<Vec<u8>>,
}

/// One direction.
#[derive(Default)]
struct Reader {
    bytes: Vec<u8>,
    state: State,
}

#[derive(Default)]
enum State {
    /// The head of a message comes next.
    #[default]
    Head,
    /// A body follows.
    Body(Request, Framing),
    /// It asked for a WebSocket, and waits.
    Asked,
    /// Frames.
    Frames(Frames),
    /// Nothing is read any more.
    Lost,
}

/// How long a body is (RFC 9112, section 6.3).
enum Framing {
    /// So many bytes are missing.
    Length(u64),
    /// Chunks; so many bytes of the present one are missing, of its end too.
    Chunks(u64),
    /// To the end of the connection.
    ToTheEnd,
}

impl Http1 {
    pub(super) fn feed(&mut self, who: Who, bytes: &[u8], each: &mut dyn FnMut(Event)) {
        let reader = self.reader(who);
        if !matches!(reader.state, State::Lost) {
            reader.bytes.extend_from_slice(bytes);
        }
        for who in [who, who.other()] {
            while self.step(who, each).unwrap_or_else(|lost| self.lost(who, lost, each)) {}
        }
    }

    pub(super) fn lose(&mut self, who: Who, lost: Lost, each: &mut dyn FnMut(Event)) {
        self.lost(who, lost, each);
    }

    pub(super) fn finish(&mut self, each: &mut dyn FnMut(Event)) {
        for who in Who::BOTH {
            if let State::Body(request, framing) = std::mem::take(&mut self.reader(who).state) {
                let whole = matches!(framing, Framing::ToTheEnd);
                tell(who, Request { whole, ..request }, each);
            } else if !self.reader(who).bytes.is_empty() {
                self.lost(who, Lost::NoHttp, each);
            }
        }
    }

    fn reader(&mut self, who: Who) -> &mut Reader {
        match who {
            Who::Client => &mut self.client,
            Who::Server => &mut self.server,
        }
    }

    /// Tells it once; there is no step behind it.
    fn lost(&mut self, who: Who, lost: Lost, each: &mut dyn FnMut(Event)) -> bool {
        let reader = self.reader(who);
        reader.bytes = Vec::new();
        if !matches!(std::mem::replace(&mut reader.state, State::Lost), State::Lost) {
            each(Event::Lost(who, lost));
        }
        if who == Who::Server {
            // Whether it agreed is not known: what follows would be nothing else.
            self.answered(SWITCHING);
        }
        false
    }

    /// Takes what comes next; whether there was something.
    fn step(&mut self, who: Who, each: &mut dyn FnMut(Event)) -> Result<bool, Lost> {
        let reader = self.reader(who);
        match &reader.state {
            State::Head if reader.bytes.is_empty() => Ok(false),
            State::Head => self.head(who),
            State::Body(..) => self.body(who, each),
            State::Asked if reader.bytes.len() > LONGEST_BODY => Err(Lost::TooLong),
            State::Asked | State::Lost => Ok(false),
            State::Frames(_) => self.frame(who, each),
        }
    }

    fn head(&mut self, who: Who) -> Result<bool, Lost> {
        let head = match who {
            Who::Client => request(&self.client.bytes)?,
            Who::Server => response(&self.server.bytes)?,
        };
        let reader = self.reader(who);
        let Some((length, status, request)) = head else {
            return if reader.bytes.len() > LONGEST_HEAD { Err(Lost::TooLong) } else { Ok(false) };
        };
        reader.bytes.drain(..length);
        let framing = framing(who, status, &request);
        reader.state = State::Body(request, framing);
        if who == Who::Server {
            self.answered(status);
        }
        Ok(true)
    }

    /// The server agrees to a WebSocket, or does not.
    fn answered(&mut self, status: u16) {
        if status == SWITCHING && !matches!(self.server.state, State::Lost) {
            self.server.state = State::Frames(Frames::default());
        }
        if let State::Asked = self.client.state {
            self.client.state = if status == SWITCHING { State::Frames(Frames::default()) } else { State::Head };
        }
    }

    fn body(&mut self, who: Who, each: &mut dyn FnMut(Event)) -> Result<bool, Lost> {
        let deaf = matches!(self.server.state, State::Lost);
        let reader = self.reader(who);
        let State::Body(request, framing) = &mut reader.state else { return Ok(false) };
        if !framing.take(&mut reader.bytes, request)? {
            return Ok(false);
        }
        let request = std::mem::take(request);
        let upgrades = who == Who::Client && is_upgrade(&request);
        reader.state = match upgrades {
            true if deaf => State::Frames(Frames::default()),
            true => State::Asked,
            false => State::Head,
        };
        if upgrades {
            self.asked = Some(request.path.clone());
        }
        tell(who, request, each);
        Ok(true)
    }

    fn frame(&mut self, who: Who, each: &mut dyn FnMut(Event)) -> Result<bool, Lost> {
        let path = self.asked.clone().unwrap_or_default();
        let reader = self.reader(who);
        let State::Frames(frames) = &mut reader.state else { return Ok(false) };
        frames.add(&std::mem::take(&mut reader.bytes));
        let Some(frame) = frames.next()? else { return Ok(false) };
        each(Event::Said(who, frame.payload.clone()));
        if who == Who::Client {
            each(Event::Frame(path, frame));
        }
        Ok(true)
    }
}

/// Tells a message. A body that came in one piece stands in the stream as it is; said again, it is found where chunks
/// had cut it.
fn tell(who: Who, request: Request, each: &mut dyn FnMut(Event)) {
    if !request.body.is_empty() {
        each(Event::Said(who, request.body.clone()));
    }
    if who == Who::Client {
        each(Event::Request(request));
    }
}

impl Framing {
    /// Moves what there is of the body into `request`; whether that is all.
    fn take(&mut self, bytes: &mut Vec<u8>, request: &mut Request) -> Result<bool, Lost> {
        match self {
            Self::Length(missing) => {
                take(bytes, missing, request);
                Ok(*missing == 0)
            }
            Self::ToTheEnd => {
                let mut endless = u64::MAX;
                take(bytes, &mut endless, request);
                Ok(false)
            }
            Self::Chunks(missing) => loop {
                take(bytes, missing, request);
                if *missing > 0 {
                    return Ok(false);
                }
                match chunk(bytes)? {
                    Chunk::Wait => return Ok(false),
                    Chunk::Last => return Ok(true),
                    Chunk::Next(length) => *missing = length,
                }
            },
        }
    }
}

enum Chunk {
    Wait,
    Last,
    Next(u64),
}

/// Takes the line that tells a chunk's length, with the end of the one before it; and what follows the last one.
fn chunk(bytes: &mut Vec<u8>) -> Result<Chunk, Lost> {
    let behind = if bytes.starts_with(b"\r\n") { 2 } else { 0 };
    let line = bytes.get(behind..).unwrap_or_default();
    let (length, size) = match httparse::parse_chunk_size(line) {
        Ok(Status::Complete((length, size))) => (behind + length, size),
        Ok(Status::Partial) if bytes.len() <= LONGEST_HEAD => return Ok(Chunk::Wait),
        _ => return Err(Lost::NoHttp),
    };
    if size > 0 {
        bytes.drain(..length);
        return Ok(Chunk::Next(size));
    }
    let end = trailers(bytes.get(length..).unwrap_or_default());
    match end {
        Some(end) => {
            bytes.drain(..length + end);
            Ok(Chunk::Last)
        }
        None if bytes.len() <= LONGEST_HEAD => Ok(Chunk::Wait),
        None => Err(Lost::TooLong),
    }
}

/// How long the fields behind the last chunk are, with the empty line.
fn trailers(bytes: &[u8]) -> Option<usize> {
    if bytes.starts_with(b"\r\n") {
        return Some(2);
    }
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|place| place + 4)
}

/// Moves as much as is there, and is wanted. What is over the limit is left out, and the body is not whole.
fn take(bytes: &mut Vec<u8>, missing: &mut u64, request: &mut Request) {
    let count = usize::try_from(*missing).map_or(bytes.len(), |missing| missing.min(bytes.len()));
    let part = bytes.drain(..count);
    *missing -= count as u64;
    if request.body.len() + part.len() <= LONGEST_BODY {
        request.body.extend(part);
    } else {
        request.whole = false;
    }
}

fn framing(who: Who, status: u16, request: &Request) -> Framing {
    if request.field("transfer-encoding").is_some() {
        return Framing::Chunks(0);
    }
    let length = request.field("content-length").and_then(|value| std::str::from_utf8(value).ok()?.parse().ok());
    match length {
        Some(length) => Framing::Length(length),
        None if who == Who::Client || status < 200 || status == 204 || status == 304 => Framing::Length(0),
        None => Framing::ToTheEnd,
    }
}

fn is_upgrade(request: &Request) -> bool {
    request.field("upgrade").is_some_and(|value| value.eq_ignore_ascii_case(b"websocket"))
}

type Head = Option<(usize, u16, Request)>;

fn request(bytes: &[u8]) -> Result<Head, Lost> {
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut parsed = httparse::Request::new(&mut fields);
    let Status::Complete(length) = parsed.parse(bytes).map_err(|_| Lost::NoHttp)? else { return Ok(None) };
    let (method, path) = (parsed.method.unwrap_or_default(), parsed.path.unwrap_or_default());
    let fields = owned(parsed.headers);
    let (method, path) = (method.to_owned(), path.as_bytes().to_vec());
    Ok(Some((length, 0, Request { method, path, fields, body: Vec::new(), whole: true })))
}

fn response(bytes: &[u8]) -> Result<Head, Lost> {
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut parsed = httparse::Response::new(&mut fields);
    let Status::Complete(length) = parsed.parse(bytes).map_err(|_| Lost::NoHttp)? else { return Ok(None) };
    let status = parsed.code.unwrap_or_default();
    Ok(Some((length, status, Request { fields: owned(parsed.headers), whole: true, ..Request::default() })))
}

fn owned(fields: &[httparse::Header<'_>]) -> Vec<(String, Vec<u8>)> {
    fields.iter().map(|field| (field.name.to_ascii_lowercase(), field.value.to_vec())).collect()
}
