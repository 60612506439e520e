//! One-time codes: who may have one, and whether the one that is shown is right.
//!
//! ```text
//! name = keyed BLAKE3(day key, E.164)        BLAKE3 specification, section 2.3; the day key is drawn anew every day
//! ```
//!
//! A number is known here by its name alone, and its name is another one tomorrow. All of it is in memory, so that an
//! attester that is switched off has forgotten whom it sent codes to.
//!
//! **Time is how long the program has run**, not the time of day: no setting of a clock makes a code good for longer or
//! gives a number more of them. A *day* is 24 hours of it.

mod book;
mod draw;
mod pace;
#[cfg(test)]
mod tests;

use std::time::Duration;

use rand::CryptoRng;
use sealpost_identity::PhoneNumber;
use sealpost_identity::attester::Code;
use thiserror::Error;

use self::book::{Book, Live, Name};
use self::pace::Pace;
use crate::redacted::redacted;

/// How long a code is good for.
pub const GOOD_FOR: Duration = Duration::from_secs(600);
/// How many wrong guesses end a code.
pub const TRIES: u8 = 5;
/// How many codes a number gets in a day.
pub const CODES_A_DAY: u8 = 5;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How many codes all numbers together get: what bounds the bill for SMS, and the memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// In any minute.
    pub per_minute: u32,
    /// In a day.
    pub per_day: u32,
}

/// The codes that are good now, and how many were sent today.
pub struct Codes {
    limits: Limits,
    pace: Pace,
    today: Book,
    /// Of the day before, what is still good.
    yesterday: Option<Book>,
    /// The latest time that it was told: time does not go back here.
    latest: Duration,
    drawn: u64,
}

/// A code that was drawn, and by which it is known here.
#[derive(Debug)]
pub struct Drawn {
    /// What to send.
    pub code: Code,
    /// For [`Codes::unsent`].
    pub id: CodeId,
}

/// Which code. It names no number to whoever lacks the day key. There is one of each, so that nothing is undone twice.
#[derive(PartialEq, Eq)]
pub struct CodeId {
    name: Name,
    serial: u64,
}

/// No code is drawn: a limit is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no code for {} seconds", wait.as_secs())]
pub struct TooMany {
    /// How long it stays so, at the least.
    pub wait: Duration,
}

/// Why a code is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotTaken {
    /// It is not the number's, or is no longer good, or was used, or the number has none: nobody can tell which.
    #[error("the code is not right")]
    Wrong,
    /// It is right, and another request is being answered that shows it too.
    #[error("the code is being used")]
    InUse,
}

redacted!(Codes, CodeId);

impl Codes {
    /// Knows of nothing, at the time `now`.
    pub fn new(limits: Limits, now: Duration, rng: &mut impl CryptoRng) -> Self {
        let (pace, today) = (Pace::new(limits.per_minute), Book::new(now, rng));
        Self { limits, pace, today, yesterday: None, latest: now, drawn: 0 }
    }

    /// Draws a code for `number`. It takes the place of the one before, which is good no more.
    ///
    /// # Errors
    /// [`TooMany`], if this number or all together have had as many as they get.
    pub fn draw(&mut self, number: &PhoneNumber, now: Duration, rng: &mut impl CryptoRng) -> Result<Drawn, TooMany> {
        let now = self.turn_to(now, rng);
        let name = self.today.name(number);
        if self.today.drawn_for(&name) >= CODES_A_DAY || self.today.drawn >= self.limits.per_day {
            return Err(TooMany { wait: (self.today.began + DAY).saturating_sub(now) });
        }
        self.pace.count(now).map_err(|wait| TooMany { wait })?;
        if let Some(book) = &mut self.yesterday {
            book.forget(&book.name(number));
        }
        let (code, id) = (draw::code(rng), CodeId { name, serial: self.drawn });
        self.drawn += 1;
        self.today.put(name, Live { code: code.clone(), serial: id.serial, since: now, wrong: 0, held: false });
        Ok(Drawn { code, id })
    }

    /// Forgets a code that was certainly not sent, and that it was drawn.
    pub fn unsent(&mut self, id: CodeId) {
        self.books().for_each(|book| book.unput(&id));
    }

    /// Takes the code that someone shows for `number`, if it is right: nobody else can use it until it is given back.
    ///
    /// A wrong one counts as a try.
    ///
    /// # Errors
    /// [`NotTaken`].
    pub fn take(&mut self, number: &PhoneNumber, code: &Code, now: Duration) -> Result<CodeId, NotTaken> {
        self.latest = self.latest.max(now);
        let now = self.latest;
        // A number has one code at most, whichever of them it is in.
        let is_right = |taken: &Result<CodeId, NotTaken>| *taken != Err(NotTaken::Wrong);
        let mut taken = self.books().map(|book| book.take(book.name(number), code, now));
        taken.find(is_right).unwrap_or(Err(NotTaken::Wrong))
    }

    /// Gives a code back that was taken for nothing. It is as good as before.
    pub fn give_back(&mut self, id: CodeId) {
        if let Some(live) = self.books().find_map(|book| book.live(&id)) {
            live.held = false;
        }
    }

    /// Ends a code that has served.
    pub fn spend(&mut self, id: CodeId) {
        self.books().for_each(|book| book.end(&id));
    }

    /// Wipes what is no longer good, and begins a new day when it is time to. To be called every minute or so.
    pub fn sweep(&mut self, now: Duration, rng: &mut impl CryptoRng) {
        let now = self.turn_to(now, rng);
        self.books().for_each(|book| book.sweep(now));
        self.yesterday.take_if(|book| book.is_spent());
    }

    fn turn_to(&mut self, now: Duration, rng: &mut impl CryptoRng) -> Duration {
        self.latest = self.latest.max(now);
        if self.latest.saturating_sub(self.today.began) >= DAY {
            self.yesterday = Some(std::mem::replace(&mut self.today, Book::new(self.latest, rng)));
        }
        self.latest
    }

    fn books(&mut self) -> impl Iterator<Item = &mut Book> {
        std::iter::once(&mut self.today).chain(&mut self.yesterday)
    }
}
