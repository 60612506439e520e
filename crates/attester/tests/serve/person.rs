//! Someone who has a phone.

use sealpost_identity::PhoneNumber;
use sealpost_identity::attester::{AskCode, Attested, Code, DisclosedNumber, EntryOf, ProveNumber};
use sealpost_identity::consent::{Consent, Prompt};
use sealpost_server::Denial;
use sealpost_server::peer::{Patience, Peer, PeerError};
use sealpost_wire::codec::{List, V1};
use sealpost_wire::directory::Epoch;
use sealpost_wire::request::Request;
use sealpost_wire::time::Day;
use sealpost_wire::{EntryKey, RelayRef};

pub(crate) const NUMBER: &str = "+4915123456789";

pub(crate) struct Person {
    pub(crate) peer: Peer,
    pub(crate) entry: EntryKey,
}

impl Person {
    /// Connects, once the attester listens.
    pub(crate) async fn at(attester: &RelayRef) -> Self {
        let peer = Peer::connect(attester, Patience::default()).await.unwrap();
        Self { peer, entry: EntryKey::random(&mut rand::rng()) }
    }

    pub(crate) async fn ask(&mut self) -> Result<(), Denial> {
        self.call(&AskCode { version: V1, number: disclosed() }).await.map(drop)
    }

    pub(crate) async fn prove(&mut self, code: &Code, epoch: Epoch) -> Result<Attested, Denial> {
        let entries = List::new(vec![EntryOf { epoch, entry: self.entry.hash() }]).unwrap();
        self.call(&ProveNumber { version: V1, number: disclosed(), code: code.clone(), entries }).await
    }

    async fn call<R: Request>(&mut self, request: &R) -> Result<R::Reply, Denial> {
        match self.peer.call(request).await {
            Ok(reply) => Ok(reply),
            Err(PeerError::Refused(denial)) => Err(denial),
            Err(error) => panic!("{error}"),
        }
    }
}

pub(crate) fn number() -> PhoneNumber {
    PhoneNumber::parse(NUMBER, None).unwrap()
}

pub(crate) fn other_than(code: &Code) -> Code {
    Code::of((code.expose().parse::<u32>().unwrap() + 1) % 1_000_000).unwrap()
}

fn disclosed() -> DisclosedNumber {
    DisclosedNumber::of(&number(), &Consent::given(Prompt::standard(), Day(20_000)))
}
