//! Does what was delivered agree with what was accepted?
//!
//! Fails a run: an accepted envelope that was not delivered; one delivered after a later one of its mailbox; one that was
//! never sent, or to another mailbox; one whose bytes are not those that were sent. Does not fail it: an envelope that comes
//! again (at least once is what is promised, and both come in order), or one that was not accepted and was delivered. Where
//! deposits are requests that are under way at once, there is no order among them, and none is looked for.

use std::collections::BTreeSet;

use thiserror::Error;

use super::mark::Mark;

/// Why a run does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Wrong {
    /// Envelopes that were accepted did not come.
    #[error("{0} accepted envelopes were not delivered")]
    Lost(u64),
    /// One came after a later one.
    #[error("an envelope was delivered after a later one of its mailbox")]
    Order,
    /// One came that was not sent, or not there.
    #[error("an envelope was delivered that nobody had sent there")]
    Foreign,
    /// One came with other bytes.
    #[error("an envelope was delivered with other bytes than it was sent with")]
    Altered,
    /// What was erased or closed was still there.
    #[error("what was acknowledged, or a mailbox that was closed, was still there")]
    Kept,
    /// A key service's answer has no proof, or leads elsewhere than before.
    #[error("what a key service answered does not hold")]
    Unproven,
    /// An entry was not listed, or not found in its bucket.
    #[error("an entry is not where it was listed")]
    NotListed,
    /// One answer too many came, or none that was waited for.
    #[error("a deposit was answered that did not wait for an answer")]
    Answer,
}

/// What became of the envelopes of one mailbox, by their sender.
#[derive(Debug, Clone, Default)]
pub struct Sent {
    accepted: Vec<bool>,
    again: BTreeSet<u32>,
}

impl Sent {
    /// Numbers the next envelope.
    pub fn number(&mut self) -> u32 {
        self.accepted.push(false);
        u32::try_from(self.accepted.len() - 1).unwrap_or(u32::MAX)
    }

    /// The relay has accepted one.
    pub fn accept(&mut self, number: u32) {
        if let Some(accepted) = self.accepted.get_mut(number as usize) {
            *accepted = true;
        }
    }

    /// One is sent again, since nobody knows what became of it. Where it was put off, it comes behind those that were not.
    pub fn send_again(&mut self, number: u32) {
        self.again.insert(number);
    }

    /// How many were numbered, accepted or not.
    #[must_use]
    pub const fn numbered(&self) -> u64 {
        self.accepted.len() as u64
    }

    /// How many were accepted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.accepted.iter().filter(|accepted| **accepted).count() as u64
    }
}

/// What came of one mailbox, by its collector.
#[derive(Debug, Clone, Default)]
pub struct Received {
    delivered: Vec<bool>,
    /// One more than the greatest number that came.
    next: u32,
    repeats: u64,
    order: Order,
    /// Those that came after a later one.
    late: Vec<u32>,
}

/// What is asked of the order in which envelopes come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Order {
    /// That they come in it.
    #[default]
    Strict,
    /// That those do that were sent once.
    OfThoseSentOnce,
    /// Nothing.
    Any,
}

impl Received {
    /// Of a mailbox whose envelopes may come in any order.
    #[must_use]
    pub fn in_any_order() -> Self {
        Self { order: Order::Any, ..Self::default() }
    }

    /// Of a mailbox whose sender sends some again.
    #[must_use]
    pub fn with_some_sent_again() -> Self {
        Self { order: Order::OfThoseSentOnce, ..Self::default() }
    }

    /// An envelope has come; tells whether for the first time.
    ///
    /// # Errors
    /// [`Wrong::Order`].
    pub fn take(&mut self, mark: Mark) -> Result<bool, Wrong> {
        let number = mark.number as usize;
        if self.delivered.get(number) == Some(&true) {
            self.repeats += 1;
            return Ok(false);
        }
        if mark.number < self.next {
            match self.order {
                Order::Strict => return Err(Wrong::Order),
                Order::OfThoseSentOnce => self.late.push(mark.number),
                Order::Any => {}
            }
        }
        self.next = self.next.max(mark.number + 1);
        self.delivered.resize(self.next as usize, false);
        if let Some(delivered) = self.delivered.get_mut(number) {
            *delivered = true;
        }
        Ok(true)
    }

    /// How many came again.
    #[must_use]
    pub const fn repeats(&self) -> u64 {
        self.repeats
    }
}

/// Compares both ends of the mailboxes, in the same order.
///
/// # Errors
/// [`Wrong::Lost`], [`Wrong::Foreign`], [`Wrong::Order`].
pub fn compare<'a>(ends: impl IntoIterator<Item = (&'a Sent, &'a Received)>) -> Result<(), Wrong> {
    let mut lost = 0;
    for (sent, received) in ends {
        if received.delivered.len() > sent.accepted.len() {
            return Err(Wrong::Foreign);
        }
        if received.late.iter().any(|late| !sent.again.contains(late)) {
            return Err(Wrong::Order);
        }
        let delivered = received.delivered.iter().copied().chain(std::iter::repeat(false));
        lost += sent.accepted.iter().zip(delivered).filter(|(accepted, delivered)| **accepted && !delivered).count();
    }
    if lost == 0 { Ok(()) } else { Err(Wrong::Lost(lost as u64)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(number: u32) -> Mark {
        Mark { mailbox: 0, number, due: 0 }
    }

    fn sent(accepted: &[bool]) -> Sent {
        let mut sent = Sent::default();
        for accepted in accepted {
            let number = sent.number();
            if *accepted {
                sent.accept(number);
            }
        }
        sent
    }

    fn received(numbers: &[u32]) -> Result<Received, Wrong> {
        let mut received = Received::default();
        numbers.iter().try_for_each(|number| received.take(mark(*number)).map(drop))?;
        Ok(received)
    }

    fn verdict(accepted: &[bool], numbers: &[u32]) -> Result<(), Wrong> {
        compare([(&sent(accepted), &received(numbers)?)])
    }

    #[test]
    fn a_lost_envelope_is_noticed_wherever_it_was() {
        assert_eq!(verdict(&[true; 4], &[0, 1, 2, 3]), Ok(()));
        assert_eq!(verdict(&[true; 4], &[1, 2, 3]), Err(Wrong::Lost(1)));
        assert_eq!(verdict(&[true; 4], &[0, 3]), Err(Wrong::Lost(2)));
        assert_eq!(verdict(&[true; 4], &[0, 1, 2]), Err(Wrong::Lost(1)));
        assert_eq!(verdict(&[true; 4], &[]), Err(Wrong::Lost(4)));
    }

    #[test]
    fn repeats_are_counted_and_do_not_fail_a_run() {
        let received = received(&[0, 1, 0, 1, 2, 2]).unwrap();
        assert_eq!(received.repeats(), 3);
        assert_eq!(compare([(&sent(&[true; 3]), &received)]), Ok(()));
    }

    #[test]
    fn another_order_is_noticed() {
        assert_eq!(received(&[0, 2, 1]).map(drop), Err(Wrong::Order));
        assert_eq!(received(&[1, 0]).map(drop), Err(Wrong::Order));
    }

    #[test]
    fn only_what_was_sent_again_may_come_late() {
        let mut received = Received::with_some_sent_again();
        for number in [0, 2, 1] {
            received.take(mark(number)).unwrap();
        }
        let mut sent = sent(&[true; 3]);
        assert_eq!(compare([(&sent, &received)]), Err(Wrong::Order));
        sent.send_again(1);
        assert_eq!(compare([(&sent, &received)]), Ok(()));
    }

    #[test]
    fn where_there_is_no_order_all_have_to_come_still() {
        let received = |numbers: &[u32]| {
            let mut received = Received::in_any_order();
            for number in numbers {
                received.take(mark(*number)).unwrap();
            }
            received
        };
        assert_eq!(compare([(&sent(&[true; 4]), &received(&[3, 0, 2, 0, 1]))]), Ok(()));
        assert_eq!(received(&[1, 0, 1]).repeats(), 1);
        assert_eq!(compare([(&sent(&[true; 4]), &received(&[3, 1]))]), Err(Wrong::Lost(2)));
    }

    #[test]
    fn what_was_not_accepted_may_come_or_not() {
        assert_eq!(verdict(&[true, false, true], &[0, 2]), Ok(()));
        assert_eq!(verdict(&[true, false, true], &[0, 1, 2]), Ok(()));
    }

    #[test]
    fn what_was_never_sent_is_noticed() {
        assert_eq!(verdict(&[true; 2], &[0, 1, 2]), Err(Wrong::Foreign));
    }

    #[test]
    fn each_mailbox_is_looked_at() {
        let whole = (sent(&[true]), received(&[0]).unwrap());
        let broken = (sent(&[true]), received(&[]).unwrap());
        assert_eq!(compare([(&whole.0, &whole.1), (&broken.0, &broken.1)]), Err(Wrong::Lost(1)));
    }
}
