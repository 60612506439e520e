//! What people do: begin conversations, look when the phone rings, answer in bursts, go from one conversation to the next.
//!
//! ```text
//! looks when it rings      log-normal, median 4 min (a person's own), sigma 1.4; asleep or without a phone: afterwards
//! answers                  with probability 0.78; typing is log-normal, median 10 s; with 18 s in a conversation that is open,
//!                          two thirds of which are typing
//! texts in a row           1 + geometric(0.35), 7 s apart
//! goes on to another friend with probability 0.15, whenever done with a conversation: phones are used in sittings
//! stays after its own text log-normal, median 45 s, sigma 1; then goes through the other conversations with something new
//! ```

use std::collections::VecDeque;
use std::time::Duration;

use super::{Automatic, Happening, Life};
use crate::script::Act;
use crate::world::DAY;

/// The probability of an answer.
const ANSWERS: f64 = 0.78;
/// The probability of a further text in a row.
const GOES_ON: f64 = 0.35;

/// The probability of writing to somebody else, phone in hand.
const SITS_ON: f64 = 0.15;

/// What somebody is at.
#[derive(Debug, Default)]
pub(super) struct Mind {
    /// The conversation that they look at.
    pub(super) focus: Option<usize>,
    /// The conversations that they will look at next.
    agenda: VecDeque<usize>,
    looks: u32,
    will_look: bool,
    leaves: u32,
}

impl Life<'_> {
    /// Draws when somebody of this acquaintance will think of the other next.
    pub(super) fn think_later(&mut self, tie: usize) {
        // Whoever is asleep then does not, which is so two times of five; and as many are begun in a sitting.
        let mean = 1.1 * DAY / self.world.ties[tie].begun_a_day;
        let wait = self.dice.exponential(mean).min(1e8);
        self.after(Duration::from_secs_f64(wait), Happening::Begin { tie });
    }

    pub(super) fn begin(&mut self, tie: usize) {
        let of = self.world.ties[tie];
        let first = self.truth.texts[tie] == [0, 0] && !of.since.is_zero();
        let end = if first { 0 } else { self.dice.index(2) };
        let person = of.ends[end];
        if first && !self.world.people[person].active.contain(self.now) {
            let Some(at) = self.world.people[person].active.next_in(self.now) else { return };
            let wait = self.dice.between(0.0, DAY / 2.0);
            return self.at(at + wait, Happening::Begin { tie });
        }
        self.think_later(tie);
        if self.world.people[person].active.contain(self.now) {
            self.ends[tie][end].intends = true;
            self.turn_to(person, tie);
        }
    }

    /// Goes to a conversation now, or when the present one is done with.
    fn turn_to(&mut self, person: usize, tie: usize) {
        match self.minds[person].focus {
            None => self.focus(person, tie),
            Some(focus) if focus != tie && !self.minds[person].agenda.contains(&tie) => {
                self.minds[person].agenda.push_back(tie);
            }
            Some(_) => {}
        }
    }

    fn focus(&mut self, person: usize, tie: usize) {
        self.minds[person].focus = Some(tie);
        self.attend(person);
        let end = self.end_of(person, tie);
        let state = &mut self.ends[tie][end];
        let (read, intends) = (std::mem::take(&mut state.unread), std::mem::take(&mut state.intends));
        if intends || read > 0 && self.dice.chance(ANSWERS) {
            let reading = if read > 0 { self.dice.delay(5.0, 0.6) } else { Duration::ZERO };
            let typing = self.dice.delay(10.0, 0.8);
            self.will_write(person, tie, reading, typing);
        } else {
            let glance = self.dice.delay(8.0, 0.7);
            self.stay(person, glance);
        }
    }

    /// Begins to type after some time, and has finished a text after some more.
    fn will_write(&mut self, person: usize, tie: usize, begins: Duration, takes: Duration) {
        let end = self.end_of(person, tie);
        self.ends[tie][end].writing = true;
        self.minds[person].leaves += 1;
        let left = self.dice.runs(GOES_ON);
        self.types_between(person, tie, begins, takes);
        self.after(begins + takes, Happening::Write { person, tie, left });
    }

    fn types_between(&mut self, person: usize, tie: usize, begins: Duration, takes: Duration) {
        if self.setting.automatic == Automatic::Typing {
            let until = self.now + begins + takes;
            self.after(begins, Happening::Type { person, tie, until });
        }
    }

    pub(super) fn write(&mut self, person: usize, tie: usize, left: u32) {
        let end = self.end_of(person, tie);
        self.send_text(tie, end, None);
        if left > 0 {
            let wait = self.dice.delay(7.0, 0.7);
            self.types_between(person, tie, Duration::ZERO, wait);
            return self.after(wait, Happening::Write { person, tie, left: left - 1 });
        }
        self.ends[tie][end].writing = false;
        let wait = self.dice.delay(45.0, 1.0);
        self.stay(person, wait);
    }

    /// Looks at the present conversation for so much longer.
    fn stay(&mut self, person: usize, wait: Duration) {
        self.minds[person].leaves += 1;
        let token = self.minds[person].leaves;
        self.after(wait, Happening::Leave { person, token });
    }

    pub(super) fn leave(&mut self, person: usize, token: u32) {
        if self.minds[person].leaves != token {
            return;
        }
        self.minds[person].focus = None;
        match self.minds[person].agenda.pop_front() {
            Some(tie) => self.focus(person, tie),
            None if self.dice.chance(SITS_ON) => self.turn_to_another(person),
            None => self.attend(person),
        }
    }

    /// Thinks of somebody else, as likely as at other times.
    fn turn_to_another(&mut self, person: usize) {
        let known = |tie: &usize| self.world.ties[*tie].since < self.now && self.truth.texts[*tie] != [0, 0];
        let ties: Vec<usize> = self.ties_of(person).into_iter().filter(known).collect();
        let all: f64 = ties.iter().map(|tie| self.world.ties[*tie].begun_a_day).sum();
        let mut at = all * self.dice.uniform();
        for tie in ties {
            at -= self.world.ties[tie].begun_a_day;
            if at < 0.0 {
                let end = self.end_of(person, tie);
                self.ends[tie][end].intends = true;
                return self.focus(person, tie);
            }
        }
        self.attend(person);
    }

    /// What a script says.
    pub(super) fn act(&mut self, act: Act) {
        match act {
            Act::Look { person, tie } => {
                self.minds[person].focus = Some(tie);
                self.attend(person);
            }
            Act::Away { person } => {
                self.minds[person].focus = None;
                self.attend(person);
            }
            Act::Say { tie, from, size } => self.send_text(tie, from, Some(size)),
        }
    }

    /// A text has reached somebody's phone.
    pub(super) fn rings(&mut self, person: usize, tie: usize) {
        if self.scripted {
            return;
        }
        let end = self.end_of(person, tie);
        if self.minds[person].focus == Some(tie) {
            if self.ends[tie][end].writing {
                return;
            }
            if self.dice.chance(ANSWERS) {
                let wait = self.dice.delay(18.0, 0.9);
                self.will_write(person, tie, wait / 3, wait - wait / 3);
            } else {
                let wait = self.dice.delay(30.0, 0.8);
                self.stay(person, wait);
            }
            return;
        }
        self.ends[tie][end].unread += 1;
        if self.minds[person].focus.is_some() {
            self.turn_to(person, tie);
        } else if !self.minds[person].will_look {
            let wait = self.dice.delay(self.world.people[person].reaction, 1.4);
            self.will_look(person, self.now + wait);
        }
    }

    fn will_look(&mut self, person: usize, at: Duration) {
        self.minds[person].looks += 1;
        self.minds[person].will_look = true;
        let token = self.minds[person].looks;
        self.at(at, Happening::Look { person, token });
    }

    pub(super) fn look(&mut self, person: usize, token: u32) {
        if self.minds[person].looks != token {
            return;
        }
        let active = &self.world.people[person].active;
        if !active.contain(self.now) {
            if let Some(at) = active.next_in(self.now) {
                let wait = self.dice.delay(600.0, 1.0);
                self.will_look(person, at + wait);
            }
            return;
        }
        self.minds[person].will_look = false;
        for tie in self.ties_of(person) {
            let end = self.end_of(person, tie);
            if self.ends[tie][end].unread > 0 {
                self.turn_to(person, tie);
            }
        }
    }
}
