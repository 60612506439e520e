//! What every sender does, however its deposits go: finding what is due, and counting what became of it.

use std::sync::Arc;
use std::time::Duration;

use sealpost_wire::request::Outcome;
use tokio::time::sleep;

use super::latency::Latency;
use super::pace::Pace;
use super::verify::Sent;
use super::window::{Window, room};
use crate::failure::Failure;
use crate::scenario::phase::Phase;

/// A sender's pace, and what it has done.
pub struct Tally {
    pace: Pace,
    window: Arc<Window>,
    phase: Arc<Phase>,
    sent: u64,
    answered: u64,
    latency: Latency,
    put_off: u64,
    held_back: u64,
    /// When it may send again that was told to try later, in nanoseconds since the run began.
    held: u64,
}

/// What a sender has done.
pub struct Posted {
    /// By mailbox.
    pub sent: Vec<(u32, Sent)>,
    /// From when a deposit was due to its acceptance.
    pub latency: Latency,
    /// Deposits that the relay put off.
    pub put_off: u64,
    /// Deposits that were due, and not sent because of that.
    pub held_back: u64,
}

impl Tally {
    /// Nothing is done yet.
    #[must_use]
    pub fn new(pace: Pace, window: Arc<Window>, phase: Arc<Phase>) -> Self {
        let (sent, answered, put_off, held_back, held) = (0, 0, 0, 0, 0);
        Self { pace, window, phase, sent, answered, latency: Latency::default(), put_off, held_back, held }
    }

    /// Nanoseconds since the run began.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.phase.now()
    }

    /// Whether no more is to be sent, and all was answered.
    #[must_use]
    pub fn is_done(&self) -> bool {
        let enough = self.phase.is_over() || matches!(self.pace, Pace::Count { left: 0, .. });
        enough && self.sent == self.answered
    }

    /// When those were due that are to be sent now; they count as sent.
    pub fn due(&mut self) -> Vec<u64> {
        let due = if self.phase.is_over() { Vec::new() } else { self.due_by(self.phase.now()) };
        self.sent += due.len() as u64;
        due
    }

    fn due_by(&mut self, now: u64) -> Vec<u64> {
        // What was put off is answered, and will not be delivered.
        let (sent, answered) = (self.sent - self.put_off, self.answered - self.put_off);
        match &mut self.pace {
            Pace::Closed { .. } | Pace::Count { .. } if now < self.held => Vec::new(),
            Pace::Closed { window } => {
                let count = room(*window, sent, answered, self.window.delivered());
                std::iter::repeat_n(now, count as usize).collect()
            }
            Pace::Open { schedule, .. } => std::iter::from_fn(|| schedule.due(now)).collect(),
            Pace::Patient { schedule, .. } => {
                let due: Vec<u64> = std::iter::from_fn(|| schedule.due(now)).collect();
                if now >= self.held {
                    return due;
                }
                self.held_back += due.len() as u64;
                Vec::new()
            }
            Pace::Count { left, window } => {
                let count = room(*window, sent, answered, u64::MAX).min(*left);
                *left -= count;
                std::iter::repeat_n(now, count as usize).collect()
            }
        }
    }

    /// Waits until something may be due.
    pub async fn stirred(&self) {
        let looks = async {
            match &self.pace {
                Pace::Open { ticks, .. } | Pace::Patient { ticks, .. } => ticks.notified().await,
                Pace::Closed { .. } | Pace::Count { .. } => match self.held.checked_sub(self.phase.now()) {
                    Some(held) => sleep(Duration::from_nanos(held)).await,
                    None => self.window.moved().await,
                },
            }
        };
        tokio::select! {
            () = looks => {}
            () = self.phase.over(), if !self.phase.is_over() => {}
        }
    }

    /// A deposit was answered that was due then; tells whether it was accepted.
    ///
    /// # Errors
    /// [`Failure::NotAccepted`], [`Failure::NoHint`].
    pub fn answer(&mut self, due: u64, outcome: Outcome, hint: Option<u16>, now: u64) -> Result<bool, Failure> {
        self.answered += 1;
        match outcome {
            Outcome::Accepted => {
                if self.phase.is_measured(due) {
                    self.latency.record(now.saturating_sub(due));
                }
                Ok(true)
            }
            Outcome::TryLater => {
                self.put_off(due, now + u64::from(hint.ok_or(Failure::NoHint)?) * 1_000_000_000);
                Ok(false)
            }
            other => Err(Failure::NotAccepted(other)),
        }
    }

    /// It was told to try again then. At a rate that nothing holds up, that counts as a wait until then, at the least.
    fn put_off(&mut self, due: u64, until: u64) {
        self.put_off += 1;
        match &mut self.pace {
            Pace::Open { .. } if self.phase.is_measured(due) => self.latency.record(until.saturating_sub(due)),
            Pace::Open { .. } => {}
            Pace::Patient { .. } | Pace::Closed { .. } => self.held = until,
            Pace::Count { left, .. } => {
                *left += 1;
                self.held = until;
            }
        }
    }

    /// What was done, with what was sent to each mailbox.
    #[must_use]
    pub fn posted(self, sent: Vec<(u32, Sent)>) -> Posted {
        Posted { sent, latency: self.latency, put_off: self.put_off, held_back: self.held_back }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::pace::Schedule;

    fn tally(pace: Pace) -> Tally {
        Tally::new(pace, Arc::default(), Arc::default())
    }

    #[test]
    fn a_window_is_filled_and_no_more() {
        let mut tally = tally(Pace::Closed { window: 5 });
        assert_eq!((tally.due().len(), tally.due().len()), (5, 0));
        assert!(tally.answer(0, Outcome::Accepted, None, 1).unwrap());
        assert!(tally.due().is_empty(), "it is not delivered yet");
        tally.window.deliver(1);
        assert_eq!(tally.due().len(), 1);
    }

    #[test]
    fn whoever_sends_a_number_is_done_once_all_are_answered() {
        let mut tally = tally(Pace::Count { left: 2, window: 9 });
        assert_eq!(tally.due().len(), 2);
        assert!(!tally.is_done());
        for _ in 0..2 {
            tally.answer(0, Outcome::Accepted, None, 1).unwrap();
        }
        assert!(tally.is_done());
    }

    #[test]
    fn being_put_off_is_borne_with_a_hint() {
        let open = || {
            let schedule = Box::new(Schedule::new(1.0, Duration::ZERO, 1));
            tally(Pace::Open { schedule, ticks: Arc::default() })
        };
        assert!(!open().answer(0, Outcome::TryLater, Some(1), 1).unwrap());
        assert!(matches!(open().answer(0, Outcome::TryLater, None, 1), Err(Failure::NoHint)));
    }

    #[test]
    fn whoever_was_put_off_waits_and_has_as_much_room_as_before() {
        for pace in [Pace::Closed { window: 2 }, Pace::Count { left: 2, window: 2 }] {
            let mut tally = tally(pace);
            assert_eq!(tally.due_by(0).len(), 2);
            tally.sent = 2;
            assert!(tally.answer(0, Outcome::Accepted, None, 1).unwrap());
            assert!(!tally.answer(0, Outcome::TryLater, Some(1), 1).unwrap());
            tally.window.deliver(1);
            assert!(tally.due_by(1).is_empty(), "it was told to wait for a second");
            let again = if matches!(tally.pace, Pace::Count { .. }) { 1 } else { 2 };
            assert_eq!(tally.due_by(1_000_000_001).len(), again);
        }
    }
}
