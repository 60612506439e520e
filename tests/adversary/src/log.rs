//! What the relay sees, and, apart from it, the truth that only scores.

use std::time::Duration;

/// A mailbox as the relay names it.
pub type Mailbox = u32;

/// What was asked of a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// It was opened.
    Open,
    /// Something of this size was left.
    Deposit(u8),
    /// Its owner asked, and something was there.
    Collect,
    /// Its owner asked for nothing.
    Poll,
    /// It was closed.
    Close,
}

/// One request, in the order of time. Nothing of it names who asked.
#[derive(Debug, Clone, Copy)]
pub struct Event {
    /// Milliseconds since the relay began to look.
    pub at: u32,
    /// Of what mailbox.
    pub mailbox: Mailbox,
    /// What was asked.
    pub request: Request,
}

/// What the relay knows of a mailbox besides requests.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// A stranger with the card can find it: it stands for a person.
    pub door: bool,
    /// The connection, and with it the address, by which it is collected, where that shows.
    pub collected_by: Option<u32>,
}

/// Everything that the relay sees.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// In the order of time.
    pub events: Vec<Event>,
    /// By mailbox.
    pub mailboxes: Vec<Kind>,
    /// How long it looked, in seconds.
    pub seconds: f64,
}

/// What a mailbox is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Strangers, and all there is where a person has but one.
    Everyone,
    /// One end of an acquaintance, by its index: 0 or 1.
    Tie {
        /// Which acquaintance.
        tie: u32,
        /// Whose end.
        end: u8,
    },
}

/// What the relay does not see.
#[derive(Debug, Clone, Default)]
pub struct Truth {
    /// Whose a mailbox is and what for.
    pub mailboxes: Vec<(u32, Purpose)>,
    /// The ends of each acquaintance.
    pub ties: Vec<[u32; 2]>,
    /// Texts in each direction.
    pub texts: Vec<[u32; 2]>,
    /// How many people there are.
    pub people: usize,
    /// The mean time from when a text was sent to when it was there, in seconds.
    pub latency: f64,
}

impl Seen {
    pub(crate) fn note(&mut self, at: Duration, mailbox: Mailbox, request: Request) {
        let at = u32::try_from(at.as_millis()).unwrap_or(u32::MAX);
        self.events.push(Event { at, mailbox, request });
    }
}

impl Truth {
    /// Whether these two wrote to each other.
    #[must_use]
    pub fn acquainted(&self, one: u32, other: u32) -> bool {
        self.tie_of(one, other).is_some()
    }

    /// The acquaintance of two people who wrote to each other.
    #[must_use]
    pub fn tie_of(&self, one: u32, other: u32) -> Option<usize> {
        let is = |ends: &[u32; 2]| *ends == [one, other] || *ends == [other, one];
        let ties = self.ties.iter().zip(&self.texts);
        ties.into_iter().position(|(ends, texts)| is(ends) && texts.iter().any(|count| *count > 0))
    }
}
