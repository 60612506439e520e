//! What a relay is told and may not keep.

use std::collections::BTreeMap;

use sealpost_identity::traces::Value;
use sealpost_tests::Result;
use sealpost_tests::search::{Canary, Search};
use sealpost_tests::tap::{Connection, Seen};
use sealpost_wire::at_rest::at_rest_key;
use sealpost_wire::frame::{COLLECT_SOCKET, DEPOSIT_SOCKET, DepositFrame, OwnerFrame};
use sealpost_wire::request::{
    Acknowledge, CloseMailbox, CloseShelf, Collect, CountItems, Deposit, OpenMailbox, OpenShelf, Request, Stock, Take,
};
use sealpost_wire::{CollectKey, DepositKey, StockKey, TakeKey, from_bytes};

use super::strangers::Strangers;

/// What the key of an unfinished request is called.
pub(super) const LIVE: &str = "the deposit key of a request that is not finished";

/// Keys and texts, each with what it is.
#[derive(Default)]
pub(super) struct Secrets {
    keys: BTreeMap<[u8; 32], String>,
    texts: Vec<String>,
}

impl Secrets {
    pub(super) fn texts<'a>(&mut self, texts: impl Iterator<Item = &'a str>) {
        self.texts.extend(texts.map(str::to_owned));
    }

    /// Every key in every request and frame of a client.
    pub(super) fn traffic(&mut self, connections: &[Connection]) {
        connections.iter().flat_map(Connection::requests).for_each(|seen| self.note(&seen));
    }

    pub(super) fn strangers(&mut self, strangers: &Strangers) {
        strangers.deposits().iter().for_each(|(way, key)| self.deposit(way, key));
        self.keys.insert(*strangers.withdrawal().expose(), "an entry key".to_owned());
        strangers.takes().iter().for_each(|key| self.take(key));
    }

    fn note(&mut self, Seen { path, body }: &Seen) {
        match path.as_str() {
            OpenMailbox::PATH => from_bytes::<OpenMailbox>(body).iter().for_each(|it| self.collect(&it.collect)),
            Acknowledge::PATH => from_bytes::<Acknowledge>(body).iter().for_each(|it| self.collect(&it.collect)),
            CloseMailbox::PATH => from_bytes::<CloseMailbox>(body).iter().for_each(|it| self.collect(&it.collect)),
            OpenShelf::PATH => from_bytes::<OpenShelf>(body).iter().for_each(|it| self.stock(&it.stock)),
            Stock::PATH => from_bytes::<Stock>(body).iter().for_each(|it| self.stock(&it.stock)),
            CountItems::PATH => from_bytes::<CountItems>(body).iter().for_each(|it| self.stock(&it.stock)),
            CloseShelf::PATH => from_bytes::<CloseShelf>(body).iter().for_each(|it| self.stock(&it.stock)),
            Take::PATH => from_bytes::<Take>(body).iter().for_each(|it| self.take(&it.take)),
            // Sockets have the paths of requests.
            COLLECT_SOCKET => {
                from_bytes::<Collect>(body).iter().for_each(|it| self.collect(&it.collect));
                let frame = from_bytes::<OwnerFrame>(body).unwrap_or_default();
                frame.subscribe.iter().for_each(|it| self.collect(&it.collect));
            }
            DEPOSIT_SOCKET => {
                from_bytes::<Deposit>(body).iter().for_each(|it| self.deposit("a person's by itself", &it.deposit));
                let frame = from_bytes::<DepositFrame>(body).unwrap_or_default();
                frame.deposits.iter().for_each(|it| self.deposit("a person's on a socket", &it.deposit.deposit));
            }
            _ => {}
        }
    }

    fn deposit(&mut self, way: &str, key: &DepositKey) {
        self.keys.insert(*key.expose(), format!("a deposit key, {way}"));
        self.keys.insert(*at_rest_key(key).expose(), format!("a key at rest, {way}"));
    }

    fn collect(&mut self, key: &CollectKey) {
        self.keys.insert(*key.expose(), "a collect key".to_owned());
    }

    fn stock(&mut self, key: &StockKey) {
        self.keys.insert(*key.expose(), "a stock key".to_owned());
    }

    fn take(&mut self, key: &TakeKey) {
        self.keys.insert(*key.expose(), "a take key".to_owned());
    }

    pub(super) fn count(&self) -> usize {
        self.keys.len() + self.texts.len()
    }

    /// The search for all of them, and for a key that is to be found.
    pub(super) fn search(&self, live: &DepositKey) -> Result<Search> {
        let canary = |what: &str, value| Canary { what: what.to_owned(), value };
        let keys = self.keys.iter().map(|(key, what)| canary(what, Value::bytes(key)));
        let texts = self.texts.iter().map(|text| canary("a text", Value::text(text)));
        Ok(Search::new(keys.chain(texts).chain([canary(LIVE, Value::bytes(live.expose()))]).collect())?)
    }
}
