//! What the relay saw: its requests, read with the relay's own decoders.

use std::collections::BTreeMap;

use sealpost_wire::directory::BucketRead;
use sealpost_wire::frame::{DEPOSIT_SOCKET, DepositFrame};
use sealpost_wire::request::{Deposit, IssueTickets, Publish, Request, Take, Withdraw};
use sealpost_wire::{EnvelopeId, MailboxId, from_bytes, manifest, oblivious};

use super::Policy;

use crate::tap::{Connection, Seen};

/// Bytes of an envelope that are shown.
const GLIMPSE: usize = 12;

/// What a sealed request begins with: the day's key and the suite, the same for everyone.
const HEADER: usize = 7;

/// All requests that reached the relay.
#[derive(Debug, Default, Clone)]
pub struct Relayed {
    /// Envelopes that were deposited, each once, in the order of arrival.
    pub deposits: Vec<Deposited>,
    /// What came sealed, through a proxy, in the order of arrival.
    pub sealed: Vec<Sealed>,
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

/// One sealed request, of which the relay's line shows no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Its length, one of three.
    pub length: usize,
    /// The first bytes that are not the same for everyone.
    pub glimpse: Vec<u8>,
}

/// What is asked on behalf of a sender or of neither side, by the beginnings of its path.
const OF_NO_OWNER: [&str; 6] =
    [Deposit::PATH, Take::PATH, Publish::PATH, Withdraw::PATH, IssueTickets::PATH, BucketRead::PATH];

impl Relayed {
    /// How many requests came in another way than through a proxy, of those that should not.
    #[must_use]
    pub fn around(&self, policy: Policy) -> usize {
        let for_anyone = [oblivious::PATH, oblivious::KEYS_PATH, manifest::PATH];
        let is_around = |path: &str| match policy {
            Policy::Apart => !for_anyone.contains(&path),
            Policy::Together => OF_NO_OWNER.iter().any(|start| path.starts_with(start)),
        };
        self.requests.iter().filter(|(path, _)| is_around(path)).map(|(_, count)| count).sum()
    }

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
        if seen.path == oblivious::PATH {
            let glimpse = seen.body.iter().skip(HEADER).take(GLIMPSE).copied().collect();
            self.sealed.push(Sealed { length: seen.body.len(), glimpse });
        }
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
