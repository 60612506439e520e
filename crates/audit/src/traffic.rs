//! Everything in a capture: searched packet by packet, stream by stream, and as what it says when it is opened and put
//! together; and every request of a client held against the leak budget.

mod connection;
mod seen;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;

use crate::budget::Budgets;
use crate::capture::{self, CaptureError, Frame, Packet, Segment};
use crate::oblivious::GatewayKeys;
use crate::search::{Search, Stream};
use crate::tls::KeyLog;
use connection::{Connection, Context};

pub(crate) use connection::AT_ATTESTER;
pub use seen::{Seen, Violation};

/// How a capture is looked at.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The servers whose clients' requests are judged; if none is named, all. Everything is searched in any case.
    pub servers: Vec<SocketAddr>,
    /// The servers that are attesters, and whose clients' requests are judged as such.
    pub attesters: Vec<SocketAddr>,
    /// The keys that gateways of Oblivious HTTP had on the days of the capture.
    pub gateways: GatewayKeys,
}

/// Looks at a whole capture. What is found is in `search`.
///
/// # Errors
/// When it cannot be read. That it is damaged or cut off is told among what could not be searched.
pub fn scan(
    capture: &Path,
    log: KeyLog,
    options: &Options,
    search: &mut Search,
    budgets: &mut Budgets,
    progress: &mut dyn FnMut(u64),
) -> Result<Seen, CaptureError> {
    let mut packets = search.stream("a packet");
    let mut wire = Wire { options, search, budgets, connections: HashMap::new(), seen: Seen::default() };
    // A key log in the capture comes before the packets that need it.
    let log = std::cell::RefCell::new(log);
    let read = capture::read(
        capture,
        &mut |frame| {
            progress(frame.bytes.len() as u64);
            wire.frame(&frame, &mut packets, &log.borrow());
        },
        &mut |secrets| log.borrow_mut().add(secrets),
    );
    match read {
        Err(CaptureError::Damaged { at, .. }) => {
            wire.seen.unsearched("the capture is damaged or cut off".to_owned(), format!("what follows byte {at}"));
        }
        other => other?,
    }
    Ok(wire.finish(packets, &log.into_inner()))
}

/// All connections that are open.
struct Wire<'a> {
    options: &'a Options,
    search: &'a mut Search,
    budgets: &'a mut Budgets,
    connections: HashMap<(SocketAddr, SocketAddr), Connection>,
    seen: Seen,
}

impl Wire<'_> {
    fn frame(&mut self, frame: &Frame<'_>, packets: &mut Stream, log: &KeyLog) {
        packets.feed(frame.bytes);
        // The next one has nothing to do with this one.
        packets.gap(0);
        self.seen.packets += 1;
        self.seen.cut += u64::from(frame.cut);
        match capture::packet(frame.link, frame.bytes) {
            Packet::Tcp(segment) => self.segment(&segment, log),
            Packet::Fragment => self.seen.fragments += 1,
            Packet::Other(kind) => *self.seen.others.entry(kind.to_owned()).or_default() += 1,
            Packet::UnknownLink => self.seen.unknown_links += 1,
            Packet::Unknown => *self.seen.others.entry("not IP".to_owned()).or_default() += 1,
        }
    }

    fn segment(&mut self, segment: &Segment<'_>, log: &KeyLog) {
        let (from, to) = (segment.from, segment.to);
        let key = if from < to { (from, to) } else { (to, from) };
        let known = self.connections.get(&key);
        if known.is_some_and(|known| known.is_over(segment)) {
            self.close(key, log);
        }
        if segment.flags.rst
            || (segment.payload.is_empty() && !self.connections.contains_key(&key) && !segment.flags.syn)
        {
            return;
        }
        let mut connection = self.connections.remove(&key).unwrap_or_else(|| self.open(segment));
        connection.push(segment, &mut self.context(log));
        self.connections.insert(key, connection);
    }

    fn open(&mut self, segment: &Segment<'_>) -> Connection {
        self.seen.connections += 1;
        Connection::new(self.seen.connections, segment, self.options, self.search)
    }

    fn close(&mut self, key: (SocketAddr, SocketAddr), log: &KeyLog) {
        if let Some(connection) = self.connections.remove(&key) {
            connection.finish(&mut self.context(log));
        }
    }

    fn context<'a>(&'a mut self, log: &'a KeyLog) -> Context<'a> {
        Context {
            log,
            gateways: &self.options.gateways,
            search: self.search,
            budgets: self.budgets,
            seen: &mut self.seen,
        }
    }

    fn finish(mut self, packets: Stream, log: &KeyLog) -> Seen {
        let mut open: Vec<_> = std::mem::take(&mut self.connections).into_values().collect();
        open.sort_by_key(Connection::number);
        for connection in open {
            connection.finish(&mut self.context(log));
        }
        self.search.end(packets);
        self.seen.secrets = log.connections();
        self.seen.finish();
        self.seen
    }
}

#[cfg(test)]
mod tests;
