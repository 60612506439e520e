//! WebSocket frames (RFC 6455, section 5.2), unmasked and put together.
//!
//! ```text
//! FIN·rsv·opcode[1]  MASK·length[1]  length[0, 2 or 8]  mask[0 or 4]  payload
//! ```

use super::{LONGEST_BODY, Lost};

const MASKED: u8 = 0x80;
const FINAL: u8 = 0x80;
const RESERVED: u8 = 0x70;

/// A message, or a control frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// What it is.
    pub opcode: Opcode,
    /// Its bytes, of all its fragments.
    pub payload: Vec<u8>,
    /// Whether a bit was set that only an extension gives a meaning.
    pub extended: bool,
}

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opcode {
    /// A message of text.
    Text,
    /// A message of bytes.
    Binary,
    /// The end.
    Close,
    /// Is somebody there?
    Ping,
    /// Somebody is.
    Pong,
    /// None that the standard knows.
    Other,
}

/// The frames of one direction.
#[derive(Default)]
pub(super) struct Frames {
    bytes: Vec<u8>,
    /// A message of which fragments are still to come.
    open: Option<Frame>,
}

impl Opcode {
    const fn of(number: u8) -> Self {
        match number {
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => Self::Other,
        }
    }
}

impl Frames {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next message or control frame that is there as a whole.
    pub(super) fn next(&mut self) -> Result<Option<Frame>, Lost> {
        while let Some((first, payload, length)) = one(&self.bytes)? {
            self.bytes.drain(..length);
            if let Some(frame) = self.take(first, payload)? {
                return Ok(Some(frame));
            }
        }
        Ok(None)
    }

    fn take(&mut self, first: u8, payload: Vec<u8>) -> Result<Option<Frame>, Lost> {
        let (opcode, extended) = (first & 0x0F, first & RESERVED != 0);
        if opcode >= 8 {
            return Ok(Some(Frame { opcode: Opcode::of(opcode), payload, extended }));
        }
        let mut frame = match (opcode, self.open.take()) {
            (0, Some(open)) => open,
            (0, None) => return Err(Lost::NoHttp),
            // A message that was never finished is told as it is.
            (_, _) => Frame { opcode: Opcode::of(opcode), payload: Vec::new(), extended: false },
        };
        frame.extended |= extended;
        if frame.payload.len() + payload.len() > LONGEST_BODY {
            return Err(Lost::TooLong);
        }
        frame.payload.extend(payload);
        if first & FINAL != 0 {
            return Ok(Some(frame));
        }
        self.open = Some(frame);
        Ok(None)
    }
}

/// The binary messages of one direction; a message that was cut off by the end of the connection is left out.
#[must_use]
pub fn messages(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut frames = Frames::default();
    frames.add(bytes);
    let next = || frames.next().ok().flatten();
    std::iter::from_fn(next).filter(|frame| frame.opcode == Opcode::Binary).map(|frame| frame.payload).collect()
}

/// The first frame: its first byte, its payload, and how long all of it is.
fn one(bytes: &[u8]) -> Result<Option<(u8, Vec<u8>, usize)>, Lost> {
    let Some((first, masked, length, rest)) = head(bytes) else { return Ok(None) };
    let length = usize::try_from(length).ok().filter(|length| *length <= LONGEST_BODY).ok_or(Lost::TooLong)?;
    let whole = || {
        let (mask, rest) = if masked { rest.split_first_chunk()? } else { (&[0; 4], rest) };
        let (payload, rest) = rest.split_at_checked(length)?;
        let unmasked = payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
        Some((first, unmasked, bytes.len() - rest.len()))
    };
    Ok(whole())
}

/// A frame's first byte, whether it is masked, its length, and what follows.
fn head(bytes: &[u8]) -> Option<(u8, bool, u64, &[u8])> {
    let (&[first, second], rest) = bytes.split_first_chunk()?;
    let (length, rest) = match second & !MASKED {
        126 => rest.split_first_chunk().map(|(length, rest)| (u64::from(u16::from_be_bytes(*length)), rest))?,
        127 => rest.split_first_chunk().map(|(length, rest)| (u64::from_be_bytes(*length), rest))?,
        short => (u64::from(short), rest),
    };
    Some((first, second & MASKED != 0, length, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masked_frames_are_unmasked() {
        // The example of RFC 6455, section 5.7, as a binary message.
        let bytes = [0x82, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        assert_eq!(messages(&bytes), [b"Hello"]);
    }

    #[test]
    fn long_and_fragmented_messages_are_put_together_and_pings_left_out() {
        let mut bytes = vec![0x02, 126, 1, 0];
        bytes.extend([7; 256]);
        bytes.extend([0x89, 0, 0x80, 1, 9, 0x82, 5, 1]);
        let whole = messages(&bytes);
        assert_eq!((whole.len(), whole[0].len(), whole[0][256]), (1, 257, 9));
    }

    #[test]
    fn a_frame_of_absurd_length_is_no_reason_to_allocate() {
        let mut frames = Frames::default();
        frames.add(&[0x82, 127, 0xFF, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(frames.next(), Err(Lost::TooLong));
    }
}
