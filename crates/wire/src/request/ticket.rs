//! Tickets: opaque here, and in this version of the protocol nowhere else.

use minicbor::{Decode, Encode};

use crate::codec::redacted;

/// The longest ticket, in bytes.
pub const MAX_TICKET: usize = 256;

/// An anonymous right to make the relay work. A relay with `tickets = "off"` ignores it.
///
/// **Relay learns:** that it issued it once; blind issue keeps it from knowing to whom.
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket(Box<[u8]>);

impl Ticket {
    /// Takes over 1 to [`MAX_TICKET`] bytes; `None` for any other length.
    #[must_use]
    pub fn new(bytes: Box<[u8]>) -> Option<Self> {
        Self::is_length(bytes.len()).then_some(Self(bytes))
    }

    fn is_length(length: usize) -> bool {
        (1..=MAX_TICKET).contains(&length)
    }
}

redacted!(Ticket);

impl<C> Encode<C> for Ticket {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(&self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Ticket {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let bytes = d.bytes()?;
        let ticket = Self::is_length(bytes.len()).then(|| Self(bytes.into()));
        ticket.ok_or_else(|| minicbor::decode::Error::message("another length"))
    }
}
