//! What was received, held against what was sent.

use serde::Serialize;

use crate::person::Received;
use crate::talk::Talk;

/// Counts over both directions.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Messages that were shown.
    pub received: usize,
    /// Messages that were sent and never shown.
    pub lost: usize,
    /// Messages that were shown more often than they were sent.
    pub duplicates: usize,
    /// Messages that were shown after a later one of the same sender.
    pub out_of_order: usize,
}

impl Account {
    /// Over what each of the two was shown.
    #[must_use]
    pub fn of(talk: &Talk, shown: &[Vec<Received>; 2]) -> Self {
        let [first, second] = shown;
        let one = |shown: &[Received], sender| {
            let texts: Vec<_> = shown.iter().map(|message| message.text.as_str()).collect();
            Self::of_direction(&talk.said_by(sender), &texts)
        };
        one(first, 1).plus(one(second, 0))
    }

    /// Over one direction. The same text may be sent twice: each one shown stands for the first one sent that nothing
    /// stands for yet.
    #[must_use]
    pub fn of_direction(sent: &[&str], shown: &[&str]) -> Self {
        let mut account = Self { received: shown.len(), ..Self::default() };
        let mut accounted = vec![false; sent.len()];
        let mut furthest = 0;
        for text in shown {
            let mut open = sent.iter().zip(&mut accounted).enumerate();
            match open.find(|(_, (sent, done))| *sent == text && !**done) {
                None => account.duplicates += 1,
                Some((place, (_, done))) => {
                    *done = true;
                    account.out_of_order += usize::from(place < furthest);
                    furthest = furthest.max(place);
                }
            }
        }
        account.lost = accounted.iter().filter(|done| !**done).count();
        account
    }

    fn plus(self, other: Self) -> Self {
        Self {
            received: self.received + other.received,
            lost: self.lost + other.lost,
            duplicates: self.duplicates + other.duplicates,
            out_of_order: self.out_of_order + other.out_of_order,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(sent: &[&str], shown: &[&str]) -> [usize; 4] {
        let Account { received, lost, duplicates, out_of_order } = Account::of_direction(sent, shown);
        [received, lost, duplicates, out_of_order]
    }

    #[test]
    fn equal_texts_are_told_apart_by_their_places() {
        assert_eq!(counts(&["ok", "a", "ok"], &["ok", "a", "ok"]), [3, 0, 0, 0]);
        assert_eq!(counts(&["ok", "a", "ok"], &["ok", "a"]), [2, 1, 0, 0]);
    }

    #[test]
    fn losses_repetitions_and_swaps_are_counted() {
        assert_eq!(counts(&["a", "b", "c"], &["a", "c"]), [2, 1, 0, 0]);
        assert_eq!(counts(&["a", "b"], &["a", "a", "b"]), [3, 0, 1, 0]);
        assert_eq!(counts(&["a", "b", "c"], &["b", "a", "c"]), [3, 0, 0, 1]);
        assert_eq!(counts(&[], &["never sent"]), [1, 0, 1, 0]);
    }
}
