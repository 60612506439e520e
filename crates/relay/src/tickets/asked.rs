//! A client's half, for tests.

use sealpost_blind::{EvaluatedBatch, PublicKey, TicketRequest};
use sealpost_wire::codec::{List, V1};
use sealpost_wire::manifest::TicketKey;
use sealpost_wire::request::{IssueTickets, IssuedTickets, WantedTickets};
use sealpost_wire::ticket::{BlindedTickets, Ticket};

/// Tickets that were asked for and are not there yet.
pub(crate) struct Asked {
    pub(crate) request: IssueTickets,
    keys: Vec<TicketKey>,
    waiting: Vec<TicketRequest>,
}

impl Asked {
    /// At most two under each key.
    pub(crate) fn two_of_each(keys: Vec<TicketKey>) -> Self {
        let (mut wanted, mut waiting) = (Vec::new(), Vec::new());
        for key in &keys {
            let count = key.count.min(2);
            let (request, batch) = TicketRequest::new(key.kind, key.first_day, count, &mut rand::rng()).unwrap();
            let elements = BlindedTickets::from_bytes(&batch.to_bytes()).unwrap();
            wanted.push(WantedTickets { kind: key.kind, first_day: key.first_day, elements });
            waiting.push(request);
        }
        let wanted = List::new(wanted).unwrap();
        let request = IssueTickets { version: V1, invite: None, attested: None, renewal: None, wanted };
        Self { request, keys, waiting }
    }

    /// Checks an answer against the keys that were told, and takes the tickets out.
    pub(crate) fn take(self, issued: &IssuedTickets) -> Vec<Ticket> {
        let mut tickets = Vec::new();
        for ((request, key), batch) in self.waiting.into_iter().zip(&self.keys).zip(issued.issued.iter()) {
            let key = PublicKey::from_bytes(&key.bytes().unwrap()).unwrap();
            tickets.extend(request.finish(&key, &EvaluatedBatch::from_bytes(batch.as_bytes()).unwrap()).unwrap());
        }
        tickets
    }
}
