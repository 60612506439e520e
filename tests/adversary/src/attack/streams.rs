//! The log of a relay, sorted by mailbox.

use crate::log::{Kind, Mailbox, Request, Seen};

/// Polls that follow each other so fast, in seconds, are no background clock's.
const FAST: f64 = 40.0;
/// So many in a row are a conversation that somebody has open.
const IN_A_ROW: usize = 4;
/// What is within so many seconds of the last request counts as one visit.
const VISIT: f64 = 600.0;

/// All that happened at one mailbox; times in seconds.
#[derive(Debug, Clone)]
pub struct Stream {
    /// What the relay knows of it besides.
    pub kind: Kind,
    /// Deposits, with their sizes.
    pub deposits: Vec<(f64, u8)>,
    /// When something was collected.
    pub collects: Vec<f64>,
    /// All times at which its owner asked, whether or not something was there.
    pub asks: Vec<f64>,
    /// From when to when its owner asked as nobody does in the background.
    pub bursts: Vec<(f64, f64)>,
    /// The first thing that was seen of it, and the last.
    pub life: (f64, f64),
}

/// Sorts a log.
#[must_use]
pub fn streams(seen: &Seen) -> Vec<Stream> {
    let mut streams: Vec<Stream> = seen.mailboxes.iter().map(|kind| Stream::new(*kind)).collect();
    for event in &seen.events {
        streams[event.mailbox as usize].take(f64::from(event.at) / 1_000.0, event.request);
    }
    for stream in &mut streams {
        stream.bursts = bursts(&stream.asks);
    }
    streams
}

impl Stream {
    fn new(kind: Kind) -> Self {
        let (deposits, collects, asks, bursts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { kind, deposits, collects, asks, bursts, life: (f64::INFINITY, 0.0) }
    }

    fn take(&mut self, at: f64, request: Request) {
        self.life = (self.life.0.min(at), at);
        match request {
            Request::Deposit(size) => self.deposits.push((at, size)),
            Request::Collect => {
                self.collects.push(at);
                self.asks.push(at);
            }
            Request::Poll => self.asks.push(at),
            Request::Open | Request::Close => {}
        }
    }

    /// Whether both were there at one time for a day at least.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        self.life.1.min(other.life.1) - self.life.0.max(other.life.0) > 86_400.0
    }

    /// When visits of whoever writes into it began.
    pub fn fed(&self) -> impl Iterator<Item = f64> + '_ {
        let before = std::iter::once(f64::NEG_INFINITY).chain(self.deposits.iter().map(|(at, _)| *at));
        self.deposits.iter().zip(before).filter(|((at, _), before)| at - before > VISIT).map(|((at, _), _)| *at)
    }

    /// When visits of whoever writes into it ended.
    pub fn left_off(&self) -> impl Iterator<Item = f64> + '_ {
        let after = self.deposits.iter().skip(1).map(|(at, _)| *at).chain(std::iter::once(f64::INFINITY));
        self.deposits.iter().zip(after).filter(|((at, _), after)| after - at > VISIT).map(|((at, _), _)| *at)
    }

    /// Everything that was left in it, by mailbox.
    pub fn left(&self, mailbox: Mailbox, larger: bool) -> impl Iterator<Item = (f64, Mailbox)> + '_ {
        self.deposits.iter().filter(move |(_, size)| (*size > 0) == larger).map(move |(at, _)| (*at, mailbox))
    }
}

fn bursts(asks: &[f64]) -> Vec<(f64, f64)> {
    let runs = asks.chunk_by(|before, after| after - before < FAST);
    runs.filter(|run| run.len() >= IN_A_ROW).map(|run| (run[0], run[run.len() - 1])).collect()
}
