//! What a relay was told of a person's objects, and what it can have stored of that.

use std::collections::BTreeSet;

use sealpost_tests::tap::{Connection, Seen};
use sealpost_wire::frame::{DEPOSIT_SOCKET, DepositFrame};
use sealpost_wire::from_bytes;
use sealpost_wire::request::{Deposit, OpenMailbox, OpenShelf, Request};

/// Ids and hashes of objects, and ids of envelopes.
#[derive(Default)]
pub(super) struct LeftBehind {
    mailboxes: BTreeSet<Vec<u8>>,
    shelves: BTreeSet<Vec<u8>>,
    /// Hashes of collect and stock keys.
    hashes: BTreeSet<Vec<u8>>,
    envelopes: BTreeSet<Vec<u8>>,
}

impl LeftBehind {
    pub(super) fn of(connections: &[Connection]) -> Self {
        let mut left = Self::default();
        connections.iter().flat_map(Connection::requests).for_each(|seen| left.note(&seen));
        left
    }

    fn note(&mut self, Seen { path, body }: &Seen) {
        match path.as_str() {
            OpenMailbox::PATH => {
                let Ok(open) = from_bytes::<OpenMailbox>(body) else { return };
                self.mailboxes.insert(open.mailbox.as_bytes().to_vec());
                self.hashes.insert(open.collect.hash().as_bytes().to_vec());
            }
            OpenShelf::PATH => {
                let Ok(open) = from_bytes::<OpenShelf>(body) else { return };
                self.shelves.insert(open.shelf.as_bytes().to_vec());
                self.hashes.insert(open.stock.hash().as_bytes().to_vec());
            }
            // The socket has the path of the request.
            DEPOSIT_SOCKET => {
                let frame = from_bytes::<DepositFrame>(body).unwrap_or_default();
                let framed = frame.deposits.into_vec().into_iter().map(|tagged| tagged.deposit);
                let deposits = framed.chain(from_bytes::<Deposit>(body).ok());
                self.envelopes.extend(deposits.map(|deposit| deposit.id.as_bytes().to_vec()));
            }
            _ => {}
        }
    }

    pub(super) fn extend(&mut self, more: Self) {
        self.mailboxes.extend(more.mailboxes);
        self.shelves.extend(more.shelves);
        self.hashes.extend(more.hashes);
        self.envelopes.extend(more.envelopes);
    }

    pub(super) fn take_deposits(&mut self) -> BTreeSet<Vec<u8>> {
        std::mem::take(&mut self.envelopes)
    }

    pub(super) fn add_deposits(&mut self, envelopes: BTreeSet<Vec<u8>>) {
        self.envelopes.extend(envelopes);
    }

    pub(super) fn mailboxes(&self) -> usize {
        self.mailboxes.len()
    }

    pub(super) fn shelves(&self) -> usize {
        self.shelves.len()
    }

    /// How many objects, by id or by hash, are not in `bytes`.
    pub(super) fn objects_missing_in(&self, bytes: &[u8]) -> usize {
        let objects = self.mailboxes.iter().chain(&self.shelves).chain(&self.hashes);
        objects.filter(|value| !contains(bytes, value)).count()
    }

    /// How many of all these values are in `bytes`.
    pub(super) fn found_in(&self, bytes: &[u8]) -> usize {
        let values = self.mailboxes.iter().chain(&self.shelves).chain(&self.hashes).chain(&self.envelopes);
        values.filter(|value| contains(bytes, value)).count()
    }
}

fn contains(bytes: &[u8], value: &[u8]) -> bool {
    let Some(first) = value.first() else { return false };
    let mut places = bytes.iter().enumerate().filter(|(_, byte)| *byte == first);
    places.any(|(place, _)| bytes[place..].starts_with(value))
}
