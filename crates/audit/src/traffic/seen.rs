//! What a capture turned out to hold: counts, what no budget has a place for, what could not be looked into.

use std::collections::BTreeMap;

use sealpost_wire::oblivious::PROXY_PATH;
use serde::Serialize;

use crate::budget::Undeclared;
use crate::capture::{OTHER_IP, QUIC};
use crate::http::Request;
use crate::unsearched::Unsearched;

/// Of kinds of requests, so many are told apart.
const MOST_KINDS: usize = 100;

/// What was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// Packets.
    pub packets: u64,
    /// Packets of which the capture has the beginning alone.
    pub cut: u64,
    /// Parts of packets that were not put together.
    pub fragments: u64,
    /// Packets on links of kinds that are not understood.
    pub unknown_links: u64,
    /// Packets that are no TCP, by kind.
    pub others: BTreeMap<String, u64>,
    /// TCP connections.
    pub connections: u64,
    /// Those with TLS.
    pub encrypted: u64,
    /// Those on which nobody said anything.
    pub silent: u64,
    /// Connections of which the key log has secrets.
    pub secrets: usize,
    /// Bytes that were inside TLS and could be read.
    pub opened: u64,
    /// Bytes that the capture lacks.
    pub missing: u64,
    /// Bytes that were sent more than once.
    pub repeated: u64,
    /// Requests that were judged, by path.
    pub requests: BTreeMap<String, u64>,
    /// Requests that were inside Oblivious HTTP, opened and judged, by path.
    pub inside: BTreeMap<String, u64>,
    /// WebSocket messages that were judged, by path.
    pub messages: BTreeMap<String, u64>,
    /// What no budget has a place for.
    pub violations: Vec<Violation>,
    /// What could not be looked into, and where.
    pub unsearched: Unsearched,
}

/// Something that was sent and is not in the leak budget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// What: a path, a header field, a body, a frame.
    #[serde(serialize_with = "displayed")]
    pub what: Undeclared,
    /// The connection where it was first.
    pub connection: u64,
    /// How often.
    pub times: u64,
}

impl Seen {
    /// Counts a request, and what is wrong with it.
    pub(super) fn request(&mut self, connection: u64, request: &Request, verdict: Vec<Undeclared>) {
        let declared = !verdict.iter().any(|undeclared| matches!(undeclared, Undeclared::Path(_)));
        count(&mut self.requests, if declared { &request.path } else { b"elsewhere" });
        if !request.whole {
            let why = "a request was not seen to its end, or is longer than is judged here".to_owned();
            self.unsearched(why, format!("connection {connection}"));
        }
        verdict.into_iter().for_each(|what| self.violation(connection, what));
    }

    /// Counts a request that was sealed inside another, and what is wrong with it.
    pub(super) fn inside(&mut self, connection: u64, path: &[u8], verdict: Vec<Undeclared>) {
        count(&mut self.inside, if verdict.is_empty() { path } else { b"elsewhere" });
        verdict.into_iter().for_each(|what| self.violation(connection, what));
    }

    /// Counts a message on a WebSocket, and what is wrong with it.
    pub(super) fn frame(&mut self, connection: u64, path: &[u8], verdict: Option<Undeclared>) {
        count(&mut self.messages, path);
        verdict.into_iter().for_each(|what| self.violation(connection, what));
    }

    /// Notes that something could not be looked into.
    pub(super) fn unsearched(&mut self, why: String, place: String) {
        self.unsearched.add(why, place);
    }

    /// Says what the counts mean.
    pub(super) fn finish(&mut self) {
        let others = |kind: &str| self.others.get(kind).copied().unwrap_or_default();
        let counts = [
            (self.cut, "packets", "the capture has only their beginning"),
            (self.fragments, "fragments of IP packets", "they are not put together"),
            (self.unknown_links, "packets", "their link is of a kind that is not understood here"),
            (others(QUIC), "packets of QUIC", "it is not opened here"),
            (others(OTHER_IP), "packets that are neither TCP nor UDP", "what is inside is not known here"),
            (self.missing, "bytes of TCP streams", "they are not in the capture"),
        ];
        for (count, what, why) in counts.into_iter().filter(|(count, ..)| *count > 0) {
            self.unsearched(why.to_owned(), format!("{count} {what}"));
        }
    }

    fn violation(&mut self, connection: u64, what: Undeclared) {
        match self.violations.iter_mut().find(|known| known.what == what) {
            Some(known) => known.times += 1,
            None => self.violations.push(Violation { what, connection, times: 1 }),
        }
    }
}

/// A bucket's path has numbers, and a proxy's the name of a gateway, which say nothing here.
fn count(kinds: &mut BTreeMap<String, u64>, path: &[u8]) {
    let mut path = String::from_utf8_lossy(path).into_owned();
    if path.starts_with("/v1/bucket/") {
        path = "/v1/bucket".to_owned();
    }
    if path.starts_with(PROXY_PATH) {
        path = "/v1/proxy".to_owned();
    }
    if kinds.len() < MOST_KINDS || kinds.contains_key(&path) {
        *kinds.entry(path).or_default() += 1;
    }
}

fn displayed<S: serde::Serializer>(what: &Undeclared, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(what)
}
