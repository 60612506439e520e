//! HTTP/2 (RFC 9113): frames of one direction, put together to streams; header compression by a library.

use std::collections::BTreeMap;

use loona_hpack::Decoder;

use super::{Event, LONGEST_BODY, Lost, PREFACE, Request};
use crate::capture::Who;

const HEAD: usize = 9;
/// The most bytes of header fields in one block, as they are decompressed.
const LONGEST_FIELDS: usize = 1 << 20;
/// The most streams that are open at once in one direction.
const MOST_STREAMS: usize = 4096;
/// A larger table is not what anyone asks for.
const LARGEST_TABLE: usize = 1 << 20;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const PUSH_PROMISE: u8 = 5;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 0x01;
const END_HEADERS: u8 = 0x04;
const PADDED: u8 = 0x08;
const PRIORITY: u8 = 0x20;

/// Both directions.
#[derive(Default)]
pub(super) struct Http2 {
    ends: [End; 2],
}

/// One direction.
struct End {
    bytes: Vec<u8>,
    preface: bool,
    decoder: Decoder<'static>,
    streams: BTreeMap<u32, Request>,
    /// A header block that goes on: its stream, whether the stream ends with it, and what is there.
    block: Option<(u32, bool, Vec<u8>)>,
    lost: bool,
}

/// Names and values.
type Fields = Vec<(Vec<u8>, Vec<u8>)>;

/// One frame.
struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

impl Default for End {
    fn default() -> Self {
        let mut decoder = Decoder::new();
        decoder.set_max_allowed_table_size(LARGEST_TABLE);
        Self { bytes: Vec::new(), preface: false, decoder, streams: BTreeMap::new(), block: None, lost: false }
    }
}

impl Http2 {
    pub(super) fn feed(&mut self, who: Who, bytes: &[u8], each: &mut dyn FnMut(Event)) {
        let end = who.of(&mut self.ends);
        if end.lost {
            return;
        }
        end.bytes.extend_from_slice(bytes);
        if who == Who::Client && !end.preface && end.bytes.starts_with(PREFACE) {
            end.bytes.drain(..PREFACE.len());
            end.preface = true;
        }
        loop {
            match end.step(who, each) {
                Ok(true) => {}
                Ok(false) => return,
                Err(lost) => return self.lose(who, lost, each),
            }
        }
    }

    pub(super) fn lose(&mut self, who: Who, lost: Lost, each: &mut dyn FnMut(Event)) {
        let end = who.of(&mut self.ends);
        end.bytes = Vec::new();
        end.rest(who, each);
        if !std::mem::replace(&mut end.lost, true) {
            each(Event::Lost(who, lost));
        }
    }

    pub(super) fn finish(&mut self, each: &mut dyn FnMut(Event)) {
        for who in Who::BOTH {
            who.of(&mut self.ends).rest(who, each);
        }
    }
}

impl End {
    /// Takes one frame; whether there was one.
    fn step(&mut self, who: Who, each: &mut dyn FnMut(Event)) -> Result<bool, Lost> {
        let Some(frame) = self.frame()? else { return Ok(false) };
        let ends = frame.flags & END_STREAM != 0;
        match frame.kind {
            DATA => {
                let bytes = unpadded(&frame, 0)?;
                self.add(frame.stream, bytes)?;
                if ends {
                    self.end(who, frame.stream, each);
                }
            }
            HEADERS => {
                let extra = if frame.flags & PRIORITY != 0 { 5 } else { 0 };
                let block = unpadded(&frame, extra)?.to_vec();
                self.block(who, frame.stream, ends, block, frame.flags, each)?;
            }
            PUSH_PROMISE => {
                let block = unpadded(&frame, 4)?.to_vec();
                self.block(who, frame.stream, false, block, frame.flags, each)?;
            }
            CONTINUATION => {
                let (stream, ends, mut block) = self.block.take().ok_or(Lost::NoHttp)?;
                if block.len() + frame.payload.len() > LONGEST_FIELDS {
                    return Err(Lost::TooLong);
                }
                block.extend(frame.payload);
                self.block(who, stream, ends, block, frame.flags, each)?;
            }
            RST_STREAM => {
                if let Some(request) = self.streams.remove(&frame.stream) {
                    tell(who, request, each);
                }
            }
            // What else there is stands in the clear.
            _ => {}
        }
        Ok(true)
    }

    fn frame(&mut self) -> Result<Option<Frame>, Lost> {
        let Some(&[a, b, c, kind, flags, s, t, u, v]) = self.bytes.first_chunk::<HEAD>() else { return Ok(None) };
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        if length > LONGEST_BODY {
            return Err(Lost::TooLong);
        }
        if self.bytes.len() < HEAD + length {
            return Ok(None);
        }
        let payload = self.bytes.drain(..HEAD + length).skip(HEAD).collect();
        Ok(Some(Frame { kind, flags, stream: u32::from_be_bytes([s & 0x7F, t, u, v]), payload }))
    }

    /// Takes a header block, or a part of one.
    fn block(
        &mut self,
        who: Who,
        stream: u32,
        ends: bool,
        block: Vec<u8>,
        flags: u8,
        each: &mut dyn FnMut(Event),
    ) -> Result<(), Lost> {
        if flags & END_HEADERS == 0 {
            self.block = Some((stream, ends, block));
            return Ok(());
        }
        let fields = self.fields(&block)?;
        each(Event::Said(who, lines(&fields)));
        let request = self.stream(stream)?;
        for (name, value) in fields {
            match &*name {
                b":method" if request.method.is_empty() => request.method = text(&value),
                b":path" if request.path.is_empty() => request.path = value,
                _ => request.fields.push((text(&name), value)),
            }
        }
        if ends {
            self.end(who, stream, each);
        }
        Ok(())
    }

    fn fields(&mut self, block: &[u8]) -> Result<Fields, Lost> {
        let (mut fields, mut size) = (Vec::new(), 0);
        let decoded = self.decoder.decode_with_cb(block, |name, value| {
            size += name.len() + value.len() + 32;
            if size <= LONGEST_FIELDS {
                fields.push((name.into_owned(), value.into_owned()));
            }
        });
        decoded.map_err(|_| Lost::NoHttp)?;
        if size > LONGEST_FIELDS { Err(Lost::TooLong) } else { Ok(fields) }
    }

    fn stream(&mut self, stream: u32) -> Result<&mut Request, Lost> {
        if self.streams.len() >= MOST_STREAMS && !self.streams.contains_key(&stream) {
            return Err(Lost::TooLong);
        }
        Ok(self.streams.entry(stream).or_insert_with(|| Request { whole: true, ..Request::default() }))
    }

    fn add(&mut self, stream: u32, bytes: &[u8]) -> Result<(), Lost> {
        let request = self.stream(stream)?;
        if request.body.len() + bytes.len() <= LONGEST_BODY {
            request.body.extend_from_slice(bytes);
        } else {
            request.whole = false;
        }
        Ok(())
    }

    fn end(&mut self, who: Who, stream: u32, each: &mut dyn FnMut(Event)) {
        if let Some(request) = self.streams.remove(&stream) {
            tell(who, request, each);
        }
    }

    /// Tells all that has not ended.
    fn rest(&mut self, who: Who, each: &mut dyn FnMut(Event)) {
        for request in std::mem::take(&mut self.streams).into_values() {
            tell(who, Request { whole: false, ..request }, each);
        }
    }
}

fn tell(who: Who, request: Request, each: &mut dyn FnMut(Event)) {
    if !request.body.is_empty() {
        each(Event::Said(who, request.body.clone()));
    }
    // A stream that the server began is a push, and one that only data came on was lost before.
    if who == Who::Client && !request.method.is_empty() {
        each(Event::Request(request));
    }
}

/// A frame's payload without padding, and without the first `extra` bytes behind the padding's length.
fn unpadded(frame: &Frame, extra: usize) -> Result<&[u8], Lost> {
    let payload = frame.payload.as_slice();
    let (padding, rest) = match payload.split_first() {
        Some((padding, rest)) if frame.flags & PADDED != 0 => (usize::from(*padding), rest),
        _ => (0, payload),
    };
    let end = rest.len().checked_sub(padding).ok_or(Lost::NoHttp)?;
    rest.get(extra..end).ok_or(Lost::NoHttp)
}

/// Fields as HTTP/1.1 would write them.
fn lines(fields: &Fields) -> Vec<u8> {
    fields.iter().flat_map(|(name, value)| [name, &b": "[..], value, b"\n"].concat()).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
