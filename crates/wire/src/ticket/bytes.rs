//! What travels, at exact lengths.

use minicbor::{Decode, Encode};

use super::TicketKind;
use crate::codec::redacted;
use crate::secret::Secret;
use crate::time::Day;

/// The most elements of one kind and day in one request.
pub const MAX_BATCH: usize = 64;

const ELEMENT: usize = 32;
const PROOF: usize = 64;

/// An anonymous right to make a server work, spent by showing it.
///
/// **Relay learns:** that it issued it, of which kind and under the key of which day; blind issue keeps it from knowing to
/// whom.
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket {
    kind: TicketKind,
    first_day: Day,
    nonce: Secret<32>,
    output: Secret<64>,
}

impl Ticket {
    /// The length, in bytes.
    pub const LENGTH: usize = 101;

    /// Puts a ticket together. Whether it is one, its issuer alone can tell.
    #[must_use]
    pub const fn new(kind: TicketKind, first_day: Day, nonce: Secret<32>, output: Secret<64>) -> Self {
        Self { kind, first_day, nonce, output }
    }

    /// Reads a ticket; `None` for another length or an unknown kind.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        let (first_day, rest) = rest.split_first_chunk()?;
        let (nonce, output) = rest.split_first_chunk()?;
        let (nonce, output) = (Secret::new(*nonce), Secret::new(output.try_into().ok()?));
        Some(Self { kind: TicketKind::of(*kind)?, first_day: Day(u32::from_be_bytes(*first_day)), nonce, output })
    }

    /// The bytes, as stored and sent.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        let head = [self.kind.number()].into_iter().chain(self.first_day.0.to_be_bytes());
        let rest = self.nonce.expose().iter().chain(self.output.expose()).copied();
        bytes.iter_mut().zip(head.chain(rest)).for_each(|(to, from)| *to = from);
        bytes
    }

    /// What it is for.
    #[must_use]
    pub const fn kind(&self) -> TicketKind {
        self.kind
    }

    /// The first day of the key that made it.
    #[must_use]
    pub const fn first_day(&self) -> Day {
        self.first_day
    }

    /// What its client drew, and its issuer did not see.
    #[must_use]
    pub const fn nonce(&self) -> &Secret<32> {
        &self.nonce
    }

    /// What the key makes of the nonce.
    #[must_use]
    pub const fn output(&self) -> &Secret<64> {
        &self.output
    }
}

redacted!(Ticket);

/// Gives a type its CBOR form, a byte string that `$read` accepts.
macro_rules! byte_string {
    ($name:ty, $bytes:expr) => {
        impl<C> Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.bytes(&$bytes(self)[..])?.ok()
            }
        }

        impl<'b, C> Decode<'b, C> for $name {
            fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                Self::from_bytes(d.bytes()?).ok_or_else(|| minicbor::decode::Error::message("no such bytes"))
            }
        }
    };
}

byte_string!(Ticket, Ticket::to_bytes);

/// Elements to be evaluated under one key: 1 to [`MAX_BATCH`], 32 bytes each.
///
/// **Relay learns:** how many. Every nonce is blinded to every element with the same probability.
#[derive(Clone, PartialEq, Eq)]
pub struct BlindedTickets(Box<[u8]>);

impl BlindedTickets {
    /// Reads 1 to [`MAX_BATCH`] times 32 bytes; `None` for any other length.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        is_batch(bytes.len()).then(|| Self(bytes.into()))
    }

    /// The bytes, as sent.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// How many elements there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len() / ELEMENT
    }
}

/// Evaluated elements in the order of the blinded ones, and one proof of 64 bytes for all.
#[derive(Clone, PartialEq, Eq)]
pub struct EvaluatedTickets(Box<[u8]>);

impl EvaluatedTickets {
    /// Reads 1 to [`MAX_BATCH`] times 32 bytes and 64 more; `None` for any other length.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.len().checked_sub(PROOF).is_some_and(is_batch).then(|| Self(bytes.into()))
    }

    /// The bytes, as sent.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

byte_string!(BlindedTickets, BlindedTickets::as_bytes);
byte_string!(EvaluatedTickets, EvaluatedTickets::as_bytes);
redacted!(BlindedTickets);
redacted!(EvaluatedTickets);

fn is_batch(bytes: usize) -> bool {
    bytes.is_multiple_of(ELEMENT) && (1..=MAX_BATCH).contains(&(bytes / ELEMENT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket() -> Ticket {
        Ticket::new(TicketKind::Shelf, Day(0x0102), Secret::new([3; 32]), Secret::new([4; 64]))
    }

    #[test]
    fn a_ticket_is_its_kind_its_day_its_nonce_and_its_output() {
        let expected = [[1, 0, 0, 1, 2].as_slice(), &[3; 32], &[4; 64]].concat();
        assert_eq!(ticket().to_bytes().as_slice(), expected);
        assert_eq!(Ticket::from_bytes(&ticket().to_bytes()), Some(ticket()));
    }

    #[test]
    fn nothing_else_is_a_ticket() {
        let bytes = ticket().to_bytes();
        assert_eq!(Ticket::from_bytes(&bytes[1..]), None);
        assert_eq!(Ticket::from_bytes(&[bytes.as_slice(), &[0]].concat()), None);
        assert_eq!(Ticket::from_bytes(&[&[6], &bytes[1..]].concat()), None, "of no known kind");
        assert_eq!(Ticket::from_bytes(&[]), None);
    }

    #[test]
    fn batches_have_one_to_sixty_four_elements() {
        let blinded = |bytes| BlindedTickets::from_bytes(&vec![0; bytes]).map(|batch| batch.count());
        assert_eq!([0, 31, 32, 33, 2_048, 2_080].map(blinded), [None, None, Some(1), None, Some(64), None]);
        let evaluated = |bytes| EvaluatedTickets::from_bytes(&vec![0; bytes]).is_some();
        assert_eq!([63, 64, 96, 97, 2_112, 2_144].map(evaluated), [false, false, true, false, true, false]);
    }
}
