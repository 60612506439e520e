//! What the relay saw: its requests, read with the relay's own decoders.

use std::collections::BTreeMap;

use sealpost_wire::frame::{DEPOSIT_SOCKET, DepositFrame};
use sealpost_wire::request::Deposit;
use sealpost_wire::{EnvelopeId, MailboxId, from_bytes};

use crate::tap::{Connection, Seen};

/// Bytes of an envelope that are shown.
const GLIMPSE: usize = 12;

/// All requests that reached the relay.
#[derive(Debug, Default, Clone)]
pub struct Relayed {
    /// Envelopes that were deposited, each once, in the order of arrival.
    pub deposits: Vec<Deposited>,
    /// How many requests there were, and frames of WebSockets, by their path.
    pub requests: BTreeMap<String, usize>,
    /// How many connections there were.
    pub connections: usize,
}

/// One envelope, as the relay saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deposited {
    /// Which mailbox it was for.
    pub mailbox: MailboxId,
    /// Its id.
    pub id: EnvelopeId,
    /// Its length, one of three.
    pub length: usize,
    /// Its first bytes.
    pub glimpse: Vec<u8>,
}

impl Relayed {
    /// Reads what was recorded.
    #[must_use]
    pub fn of(connections: &[Connection]) -> Self {
        let mut relayed = Self { connections: connections.len(), ..Self::default() };
        for seen in connections.iter().flat_map(Connection::requests) {
            relayed.add(&seen);
        }
        relayed
    }

    fn add(&mut self, seen: &Seen) {
        *self.requests.entry(seen.path.clone()).or_default() += 1;
        if seen.path != DEPOSIT_SOCKET {
            return;
        }
        // A request of its own, or a frame of the socket of the same path.
        if let Ok(deposit) = from_bytes::<Deposit>(&seen.body) {
            self.add_deposit(&deposit);
        } else if let Ok(frame) = from_bytes::<DepositFrame>(&seen.body) {
            frame.deposits.iter().for_each(|tagged| self.add_deposit(&tagged.deposit));
        }
    }

    /// A sender that did not hear the answer deposits the same envelope again.
    fn add_deposit(&mut self, deposit: &Deposit) {
        if self.deposits.iter().any(|known| known.id == deposit.id) {
            return;
        }
        let bytes = deposit.envelope.as_bytes();
        self.deposits.push(Deposited {
            mailbox: MailboxId::of(&deposit.deposit, &deposit.collect),
            id: deposit.id,
            length: bytes.len(),
            glimpse: bytes.get(..GLIMPSE).unwrap_or_default().to_vec(),
        });
    }
}
