//! WebSocket frames as they were recorded (RFC 6455, section 5.2), unmasked.
//!
//! ```text
//! FIN·rsv·opcode[1]  MASK·length[1]  length[0, 2 or 8]  mask[0 or 4]  payload
//! ```

const BINARY: u8 = 2;
const CONTINUATION: u8 = 0;
const MASKED: u8 = 0x80;
const FINAL: u8 = 0x80;

/// The binary messages of one direction; a message that was cut off by the end of the connection is left out.
#[must_use]
pub fn messages(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let (mut messages, mut open) = (Vec::new(), Vec::new());
    while let Some((first, payload, rest)) = frame(bytes) {
        bytes = rest;
        if matches!(first & 0x0F, BINARY | CONTINUATION) {
            open.extend(payload);
            if first & FINAL != 0 {
                messages.push(std::mem::take(&mut open));
            }
        }
    }
    messages
}

fn frame(bytes: &[u8]) -> Option<(u8, Vec<u8>, &[u8])> {
    let (&[first, second], rest) = bytes.split_first_chunk()?;
    let (length, rest) = length(second & !MASKED, rest)?;
    let (mask, rest) = match second & MASKED {
        0 => ([0; 4], rest),
        _ => rest.split_first_chunk().map(|(mask, rest)| (*mask, rest))?,
    };
    let (payload, rest) = rest.split_at_checked(length)?;
    let unmasked = payload.iter().zip(mask.into_iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
    Some((first, unmasked, rest))
}

fn length(short: u8, rest: &[u8]) -> Option<(usize, &[u8])> {
    match short {
        126 => rest.split_first_chunk().map(|(length, rest)| (usize::from(u16::from_be_bytes(*length)), rest)),
        127 => {
            let (length, rest) = rest.split_first_chunk()?;
            Some((usize::try_from(u64::from_be_bytes(*length)).ok()?, rest))
        }
        _ => Some((usize::from(short), rest)),
    }
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
}
