//! When what is to be done on the relay is done: together, at once; apart, each thing at a random time of its own, so that no
//! moment links what is opened or closed.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tokio::time::Instant;

use crate::policy::wait;

/// One thing to do, by the row of what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Errand {
    /// A mailbox is to be opened or closed.
    Mailbox(i64),
    /// A card's shelf is to be opened, counted, stocked.
    Shelf(i64),
}

/// What is overdue by more than this was slept through, with everything else: its time is drawn anew.
const OVERDUE: Duration = Duration::from_secs(2);

/// When each is due.
pub(super) struct Errands {
    apart: bool,
    due: HashMap<Errand, Instant>,
    /// Those that this round has looked at.
    asked: HashSet<Errand>,
}

impl Errands {
    pub(super) fn new(apart: bool) -> Self {
        Self { apart, due: HashMap::new(), asked: HashSet::new() }
    }

    /// Begins a round: what the last one has not looked at is not to be done any more.
    pub(super) fn begin(&mut self) {
        let asked = std::mem::take(&mut self.asked);
        self.due.retain(|errand, _| asked.contains(errand));
    }

    /// Whether it is to be done now; apart, that is after a random time around `mean` from the first call on.
    pub(super) fn is_due(&mut self, errand: Errand, mean: Duration) -> bool {
        if !self.apart {
            return true;
        }
        self.asked.insert(errand);
        let now = Instant::now();
        let slept = |due: &Instant| now.saturating_duration_since(*due) > OVERDUE;
        if self.due.get(&errand).is_none_or(slept) {
            self.again(errand, mean);
        }
        self.due.get(&errand).is_some_and(|due| *due <= now)
    }

    /// It was done.
    pub(super) fn done(&mut self, errand: Errand) {
        self.due.remove(&errand);
    }

    /// It was done, and is to be done again after a random time around `mean`.
    pub(super) fn again(&mut self, errand: Errand, mean: Duration) {
        self.due.insert(errand, Instant::now() + wait(mean, &mut rand::rng()));
    }

    /// How long until the next one is due, of those that were looked at.
    pub(super) fn next(&self) -> Option<Duration> {
        let now = Instant::now();
        let due = self.due.iter().filter(|(errand, _)| self.asked.contains(errand)).map(|(_, due)| *due).min()?;
        Some(due.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEAN: Duration = Duration::from_secs(30);

    #[test]
    fn together_everything_is_done_at_once() {
        let mut errands = Errands::new(false);
        assert!(errands.is_due(Errand::Mailbox(1), MEAN) && errands.next().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn apart_each_is_done_at_a_time_of_its_own() {
        let mut errands = Errands::new(true);
        let of = |row| [Errand::Mailbox(row), Errand::Shelf(row)];
        let all: Vec<_> = (0..20).flat_map(of).collect();
        let mut moments = Vec::new();
        assert!(all.iter().all(|errand| !errands.is_due(*errand, MEAN)));
        while let Some(pause) = errands.next() {
            tokio::time::sleep(pause).await;
            let due: Vec<_> = all.iter().filter(|errand| errands.due.contains_key(errand)).copied().collect();
            errands.begin();
            let due: Vec<_> = due.into_iter().filter(|errand| errands.is_due(*errand, MEAN)).collect();
            due.iter().for_each(|errand| errands.done(*errand));
            moments.push(due.len());
        }
        assert_eq!(moments.iter().sum::<usize>(), 40);
        assert!(moments.iter().all(|together| *together <= 3), "{moments:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_came_due_while_others_were_done_is_next_and_what_is_gone_is_not() {
        let mut errands = Errands::new(true);
        assert!(!errands.is_due(Errand::Mailbox(1), MEAN));
        let pause = errands.next().unwrap();
        tokio::time::advance(pause + Duration::from_secs(1)).await;
        assert_eq!(errands.next(), Some(Duration::ZERO));
        errands.begin();
        assert_eq!(errands.next(), None);
        errands.begin();
        assert!(errands.due.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_slept_through_is_not_done_in_one_go() {
        let mut errands = Errands::new(true);
        let all: Vec<_> = (0..40).map(Errand::Mailbox).collect();
        for errand in &all {
            errands.is_due(*errand, MEAN);
        }
        tokio::time::advance(100 * MEAN).await;
        assert!(all.iter().filter(|errand| errands.is_due(**errand, MEAN)).count() <= 1);
    }
}
