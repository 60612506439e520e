//! What a key is for, and how purposes are kept apart.
//!
//! ```text
//! info  = "sealpost v1 discovery" ‖ epoch[4]
//!       | "sealpost v1 ticket" ‖ kind[1] ‖ day[4]           numbers big-endian
//! key   = DeriveKeyPair(seed, info)                         RFC 9497, section 3.2.1
//! input = info ‖ value[32]                                  what is hashed to the group and into the output
//! ```
//!
//! **Keys are what separates.** A server evaluates whatever element it is given and cannot see what is inside, so a key
//! with two purposes would evaluate for the one whoever may ask for the other. The same `info` in front of every input
//! is for the other side: what an honest client gets out under one purpose is no output under another, whatever keys
//! an operator mixes up.

use sealpost_wire::Secret;
use sealpost_wire::directory::Epoch;
use sealpost_wire::ticket::TicketKind;
use sealpost_wire::time::Day;
use zeroize::Zeroizing;

const DISCOVERY: &[u8] = b"sealpost v1 discovery";
const TICKET: &[u8] = b"sealpost v1 ticket";

/// What one key evaluates for, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Directory tags of one epoch.
    Discovery(Epoch),
    /// Tickets of one kind, by the key's first day.
    Ticket(TicketKind, Day),
}

impl Purpose {
    /// The purpose's own bytes. No purpose's are the beginning of another's.
    pub(crate) fn info(self) -> Vec<u8> {
        match self {
            Self::Discovery(Epoch(epoch)) => [DISCOVERY, &epoch.to_be_bytes()].concat(),
            Self::Ticket(kind, Day(day)) => [TICKET, &[kind.number()], &day.to_be_bytes()].concat(),
        }
    }
}

/// A value with its purpose in front: what RFC 9497 calls the private input.
pub(crate) struct Input(Zeroizing<Vec<u8>>);

impl Input {
    pub(crate) fn new(purpose: Purpose, value: &Secret<32>) -> Self {
        Self(Zeroizing::new([purpose.info().as_slice(), value.expose()].concat()))
    }

    /// An input of the RFC's vectors, which know no purpose.
    #[cfg(test)]
    pub(crate) fn bare(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }
}

impl AsRef<[u8]> for Input {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_purpose_begins_with_another() {
        let purposes = [
            Purpose::Discovery(Epoch(1)),
            Purpose::Discovery(Epoch(2)),
            Purpose::Ticket(TicketKind::Shelf, Day(1)),
            Purpose::Ticket(TicketKind::Shelf, Day(2)),
            Purpose::Ticket(TicketKind::Publish, Day(1)),
        ];
        for (index, one) in purposes.iter().enumerate() {
            for other in &purposes[index + 1..] {
                let (one, other) = (one.info(), other.info());
                assert!(!one.starts_with(&other) && !other.starts_with(&one), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn an_input_is_its_purpose_and_then_its_value() {
        let input = Input::new(Purpose::Ticket(TicketKind::Evaluate, Day(0x0102)), &Secret::new([9; 32]));
        let expected = [b"sealpost v1 ticket".as_slice(), &[3, 0, 0, 1, 2], &[9; 32]].concat();
        assert_eq!(input.as_ref(), expected);
    }
}
