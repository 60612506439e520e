//! One direction of a TCP connection, put in order.

use std::collections::BTreeMap;

use super::Segment;

/// What waits for bytes before it, at most; then those are taken to be missing.
const MOST_WAITING: usize = 8 * 1024 * 1024;
/// What each waiting segment costs besides its bytes.
const OVERHEAD: usize = 64;

/// One direction of a connection.
#[derive(Default)]
pub struct Half {
    /// Where the next byte that has not been seen stands, counted from the first.
    next: Option<Next>,
    /// Segments that came too early, by where they stand.
    waiting: BTreeMap<u64, Vec<u8>>,
    held: usize,
    repeated: u64,
}

/// A place in the stream, and in TCP's numbers of 32 bits.
#[derive(Clone, Copy)]
struct Next {
    place: u64,
    number: u32,
}

/// A part of the stream, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// The next bytes.
    Bytes(&'a [u8]),
    /// So many bytes are not in the capture.
    Gap(u64),
}

impl Half {
    /// Takes a segment and hands on what is in order now.
    ///
    /// Bytes that came before are not handed on again, even if they are others this time.
    pub fn push(&mut self, segment: &Segment<'_>, each: &mut dyn FnMut(Piece<'_>)) {
        let number = if segment.flags.syn { segment.sequence.wrapping_add(1) } else { segment.sequence };
        let next = *self.next.get_or_insert(Next { place: 0, number });
        let Some(place) = next.place_of(number) else {
            self.repeated += segment.payload.len() as u64;
            return;
        };
        self.take(place, segment.payload, each);
        if self.held > MOST_WAITING {
            self.skip(each);
        }
    }

    /// Hands on what still waits, with the gaps before it.
    pub fn finish(&mut self, each: &mut dyn FnMut(Piece<'_>)) {
        while !self.waiting.is_empty() {
            self.skip(each);
        }
    }

    /// Whether anything was seen.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.next.is_some()
    }

    /// Bytes that came more than once.
    #[must_use]
    pub fn repeated(&self) -> u64 {
        self.repeated
    }

    /// Takes bytes that stand at `place`, or keeps them until those before them are there.
    fn take(&mut self, place: u64, bytes: &[u8], each: &mut dyn FnMut(Piece<'_>)) {
        let Some(next) = self.next else { return };
        if place > next.place {
            self.keep(place, bytes);
            return;
        }
        let old = usize::try_from(next.place - place).unwrap_or(usize::MAX).min(bytes.len());
        self.repeated += old as u64;
        if let Some(new) = bytes.get(old..).filter(|new| !new.is_empty()) {
            each(Piece::Bytes(new));
            self.next = Some(next.behind(new.len() as u64));
            self.take_waiting(each);
        }
    }

    fn take_waiting(&mut self, each: &mut dyn FnMut(Piece<'_>)) {
        while let Some(next) = self.next
            && let Some(first) = self.waiting.first_entry().filter(|first| *first.key() <= next.place)
        {
            let (place, bytes) = first.remove_entry();
            self.held -= bytes.len() + OVERHEAD;
            self.take(place, &bytes, each);
        }
    }

    fn keep(&mut self, place: u64, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let known = self.waiting.get(&place).map_or(0, Vec::len);
        if known >= bytes.len() {
            self.repeated += bytes.len() as u64;
            return;
        }
        self.held += bytes.len() + OVERHEAD;
        if let Some(shorter) = self.waiting.insert(place, bytes.to_vec()) {
            self.repeated += shorter.len() as u64;
            self.held -= shorter.len() + OVERHEAD;
        }
    }

    /// Gives up on what is missing before the first segment that waits.
    fn skip(&mut self, each: &mut dyn FnMut(Piece<'_>)) {
        if let (Some(next), Some((&place, _))) = (self.next, self.waiting.first_key_value()) {
            each(Piece::Gap(place - next.place));
            self.next = Some(next.behind(place - next.place));
            self.take_waiting(each);
        }
    }
}

impl Next {
    /// The place of the byte with this number, within two gigabytes of here; nothing if it is before the first.
    fn place_of(self, number: u32) -> Option<u64> {
        let distance = number.wrapping_sub(self.number).cast_signed();
        self.place.checked_add_signed(i64::from(distance))
    }

    fn behind(self, count: u64) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "TCP's numbers wrap")]
        let number = self.number.wrapping_add(count as u32);
        Self { place: self.place + count, number }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use proptest::prelude::*;

    use super::*;
    use crate::capture::Flags;

    fn segment(sequence: u32, syn: bool, payload: &[u8]) -> Segment<'_> {
        let address = SocketAddr::from(([127, 0, 0, 1], 1));
        Segment { from: address, to: address, sequence, flags: Flags { syn, ..Flags::default() }, payload }
    }

    /// What comes out, with a `_` for each byte that is missing.
    fn assembled(segments: &[(u32, bool, &[u8])]) -> String {
        let (mut half, mut out) = (Half::default(), String::new());
        let mut each = |piece: Piece<'_>| match piece {
            Piece::Bytes(bytes) => out.push_str(&String::from_utf8_lossy(bytes)),
            Piece::Gap(count) => out.push_str(&"_".repeat(usize::try_from(count).unwrap())),
        };
        segments.iter().for_each(|(sequence, syn, payload)| half.push(&segment(*sequence, *syn, payload), &mut each));
        half.finish(&mut each);
        out
    }

    #[test]
    fn order_repetitions_and_overlaps_do_not_matter() {
        assert_eq!(
            assembled(&[(9, true, b""), (13, false, b"def"), (10, false, b"abc"), (10, false, b"abc")]),
            "abcdef"
        );
        assert_eq!(
            assembled(&[(10, false, b"abc"), (11, false, b"BCd"), (16, false, b"g"), (13, false, b"def")]),
            "abcdefg"
        );
        assert_eq!(
            assembled(&[
                (10, false, b"ab"),
                (9, false, b"x"),
                (14, false, b"e"),
                (14, false, b"ef"),
                (12, false, b"cd")
            ]),
            "abcdef"
        );
    }

    #[test]
    fn numbers_wrap() {
        assert_eq!(assembled(&[(u32::MAX - 1, true, b""), (1, false, b"cd"), (u32::MAX, false, b"ab")]), "abcd");
    }

    #[test]
    fn what_is_missing_is_told() {
        assert_eq!(assembled(&[(9, true, b""), (12, false, b"cd"), (20, false, b"x")]), "__cd______x");
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut half = Half::default();
        let mut gaps = 0;
        let bytes = vec![0; 1 << 16];
        half.push(&segment(0, true, b""), &mut |_| {});
        for number in 0..1_000_u32 {
            // Each 64 KiB lack the byte before them.
            half.push(&segment(2 + number * ((1 << 16) + 1), false, &bytes), &mut |piece| {
                gaps += u32::from(matches!(piece, Piece::Gap(1)));
            });
            assert!(half.held <= MOST_WAITING);
        }
        assert!(gaps > 800, "{gaps}");
    }

    proptest! {
        #[test]
        fn segments_in_any_order_give_the_stream(
            cuts in proptest::collection::vec((0_usize..2_000, 1_usize..300), 1..60), first in any::<u32>(),
        ) {
            let stream: Vec<u8> = (0..2_300_u32).map(|place| b'a' + u8::try_from(place % 23).unwrap()).collect();
            let mut segments = vec![(first, true, &b""[..])];
            let part = |at: usize, length| (first.wrapping_add(1).wrapping_add(u32::try_from(at).unwrap()), false, &stream[at..at + length]);
            segments.extend(cuts.iter().map(|(at, length)| part(*at, *length)));
            segments.push(part(0, stream.len()));
            prop_assert_eq!(assembled(&segments).into_bytes(), stream);
        }
    }
}
