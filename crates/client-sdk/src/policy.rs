//! When mailboxes are collected: the decisions alone, with time and randomness as arguments and nothing of a network.
//!
//! ```text
//! together   one connection for all pairwise mailboxes, on which envelopes arrive as they are deposited
//! apart      every mailbox, front doors among them, is asked for on a clock of its own:
//!
//!            wait = mean · min(-ln(1 - u), 10)        u uniform in [0, 1), drawn anew for every wait
//! ```
//!
//! Such waits are those of a Poisson process (but for their longest, which one wait in 22,000 would exceed), and that is why
//! they are taken: how long a mailbox has not been asked for says nothing of when it will be, so a clock that starts, or
//! changes its pace, is drawn as all others are and shows no phase that it would share with another. A first poll comes after
//! such a wait too. So a client that starts never goes through its mailboxes in one sweep, and neither does one that was
//! asleep: what is overdue by more than a moment is drawn anew.
//!
//! A program that wants to know what a relay sees of that can run [`Schedule`] on a clock of its own, as the engine does.

mod front;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rand::Rng;
use sealpost_wire::SizeClass;
use sealpost_wire::oblivious::{ANSWER_OVERHEAD, REPLY_LENGTHS, REQUEST_LENGTHS, REQUEST_OVERHEAD};

pub use front::{Held, in_front};

/// How a client collects its mailboxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CollectPolicy {
    /// Over one connection, at once. The relay sees an address, and which mailboxes belong together.
    #[default]
    Together,
    /// Each on its own random clock, through a proxy. The relay sees no address, and no connection says what belongs together;
    /// one that looks for weeks can group mailboxes by when all of a phone's fall silent. Messages take as long as the clock.
    Apart,
}

/// How fast clocks go when mailboxes are collected apart: means of random times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// From one poll of a mailbox to the next.
    pub background: Duration,
    /// The same while the app says that the conversation is open, for [one](in_front) of its mailboxes. The relay can tell that
    /// one from others.
    pub foreground: Duration,
    /// From one poll of a front door to the next: so long a stranger's first message waits. A door stands for a person, and
    /// is asked for so seldom that the hours in which it is are not told from those of others (`docs/adversary.md`).
    pub door: Duration,
    /// From a poll that left something behind to the next: the relay knows what lies there.
    pub drain: Duration,
    /// Until a mailbox is opened or closed, a shelf opened, stocked or counted: each on its own.
    pub errand: Duration,
}

/// Whether somebody looks at a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Attention {
    /// Nobody does.
    #[default]
    Background,
    /// It is a front door, where nobody waits for anybody.
    Door,
    /// The app has it open, and this is the mailbox that the other end writes to.
    Foreground,
}

/// What collecting apart takes in a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Requests to the proxy.
    pub requests: u64,
    /// Bytes in both directions, without those of TCP and TLS.
    pub bytes: u64,
}

/// No wait is so much longer than its mean.
const LONGEST: f64 = 10.0;
/// What is overdue by more than this was not waited for: the device was asleep.
const OVERDUE: Duration = Duration::from_secs(2);
/// Heads of a request to a proxy and of its answer, with a gateway's name of common length.
const HEADS: usize = 256;
const DAY: Duration = Duration::from_secs(86_400);

impl Pace {
    /// Another mean in the background; all else as by default, but at least three times as fast.
    ///
    /// ```
    /// use std::time::Duration;
    /// use sealpost_client::policy::Pace;
    ///
    /// let pace = Pace::around(Duration::from_secs(3));
    /// assert_eq!((pace.foreground, pace.drain, pace.errand), (Duration::from_secs(1), Duration::from_secs(1), Duration::from_secs(1)));
    /// assert_eq!(Pace::around(Duration::from_secs(900)), Pace::default());
    /// ```
    #[must_use]
    pub fn around(background: Duration) -> Self {
        let usual = Self::default();
        let at_most = |mean: Duration| mean.min(background / 3);
        Self {
            background,
            foreground: at_most(usual.foreground),
            // Whoever is in a hurry does not wait for strangers either, and can be told by it.
            door: if background < usual.background { background } else { usual.door },
            drain: at_most(usual.drain),
            errand: at_most(usual.errand),
        }
    }

    /// What it takes a day to collect so many mailboxes, of which so many have somebody looking at them all day: in the mean,
    /// if nothing arrives. What arrives takes one poll more for each envelope.
    ///
    /// ```
    /// use sealpost_client::policy::{Cost, Pace};
    ///
    /// assert_eq!(Pace::default().cost(100, 0), Cost { requests: 9_600, bytes: 91_459_200 });
    /// ```
    #[must_use]
    pub fn cost(&self, mailboxes: u32, looked_at: u32) -> Cost {
        let polls = |count: u32, mean: Duration| u64::from(count) * per_day(mean);
        let requests = polls(mailboxes.saturating_sub(looked_at), self.background) + polls(looked_at, self.foreground);
        Cost { requests, bytes: requests * poll_length() as u64 }
    }

    const fn mean(&self, attention: Attention) -> Duration {
        match attention {
            Attention::Background => self.background,
            Attention::Door => self.door,
            Attention::Foreground => self.foreground,
        }
    }
}

impl Default for Pace {
    /// A quarter of an hour in the background, five seconds in the foreground, three days at a front door, one second while
    /// something is left, half a minute for an errand.
    fn default() -> Self {
        Self {
            background: Duration::from_secs(900),
            foreground: Duration::from_secs(5),
            door: Duration::from_secs(3 * 86_400),
            drain: Duration::from_secs(1),
            errand: Duration::from_secs(30),
        }
    }
}

fn per_day(mean: Duration) -> u64 {
    u64::try_from(DAY.as_millis() / mean.as_millis().max(1)).unwrap_or(u64::MAX)
}

/// The bytes of one poll that finds nothing, or one envelope of the smallest class.
const fn poll_length() -> usize {
    const { assert!(REQUEST_LENGTHS[0] == REPLY_LENGTHS[0] && REPLY_LENGTHS[0] > SizeClass::Small.stored_length()) };
    REQUEST_LENGTHS[0] + REQUEST_OVERHEAD + REPLY_LENGTHS[0] + ANSWER_OVERHEAD + HEADS
}

/// A random time around `mean`, as between events that know nothing of each other.
pub fn wait(mean: Duration, rng: &mut (impl Rng + ?Sized)) -> Duration {
    let uniform: f64 = rng.random();
    mean.mul_f64((-(1.0 - uniform).ln()).min(LONGEST))
}

/// When which mailbox is asked for next. Times are counted from any one moment, the same for all calls.
#[derive(Debug, Clone)]
pub struct Schedule<K> {
    pace: Pace,
    clocks: BTreeMap<K, Clock>,
    /// The same clocks by when they are due.
    queue: BTreeSet<(Duration, K)>,
}

#[derive(Debug, Clone, Copy)]
struct Clock {
    attention: Attention,
    due: Duration,
}

impl<K: Ord + Copy> Schedule<K> {
    /// A schedule without mailboxes.
    #[must_use]
    pub const fn new(pace: Pace) -> Self {
        Self { pace, clocks: BTreeMap::new(), queue: BTreeSet::new() }
    }

    /// Says which mailboxes there are. Those that are new get a clock, those that are gone lose theirs, and where attention has
    /// changed the time is drawn anew; the clocks of all others go on.
    pub fn set(&mut self, mailboxes: &BTreeMap<K, Attention>, now: Duration, rng: &mut (impl Rng + ?Sized)) {
        let queue = &mut self.queue;
        self.clocks.retain(|key, clock| {
            let stays = mailboxes.get(key) == Some(&clock.attention);
            stays || !queue.remove(&(clock.due, *key))
        });
        for (key, attention) in mailboxes {
            if !self.clocks.contains_key(key) {
                self.draw(*key, *attention, now, rng);
            }
        }
    }

    /// When the next mailbox is to be asked for; `None` when there is none.
    #[must_use]
    pub fn next(&self) -> Option<Duration> {
        self.queue.first().map(|(due, _)| *due)
    }

    /// A mailbox that is to be asked for now; its next time is drawn. Call again until there is none.
    pub fn take_due(&mut self, now: Duration, rng: &mut (impl Rng + ?Sized)) -> Option<K> {
        loop {
            let (due, key) = *self.queue.first().filter(|(due, _)| *due <= now)?;
            let attention = self.clocks.get(&key)?.attention;
            self.queue.remove(&(due, key));
            self.draw(key, attention, now, rng);
            if now - due <= OVERDUE {
                return Some(key);
            }
        }
    }

    /// A poll has left something behind: the next one comes soon.
    pub fn hasten(&mut self, key: K, now: Duration, rng: &mut (impl Rng + ?Sized)) {
        if let Some(clock) = self.clocks.get_mut(&key) {
            self.queue.remove(&(clock.due, key));
            clock.due = clock.due.min(now + wait(self.pace.drain, rng));
            self.queue.insert((clock.due, key));
        }
    }

    fn draw(&mut self, key: K, attention: Attention, now: Duration, rng: &mut (impl Rng + ?Sized)) {
        let due = now + wait(self.pace.mean(attention), rng);
        self.clocks.insert(key, Clock { attention, due });
        self.queue.insert((due, key));
    }
}

#[cfg(test)]
mod tests;
