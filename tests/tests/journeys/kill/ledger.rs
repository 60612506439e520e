//! Who wrote what, what `send` said of it, and the verdict on what was shown.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use sealpost_tests::Result;

/// In every line, so that a leak of any of them is found by one search.
pub(super) const MARK: &str = "the kingfisher of this journey";
const DIGITS: usize = 8;
/// Most lines are short; some need the next class of envelope.
const LONG_EVERY: u64 = 40;
const LONG: usize = 6_000;

/// One direction. Clones are the same one.
#[derive(Clone, Default)]
pub(super) struct Ledger(Arc<Mutex<Entries>>);

#[derive(Default)]
struct Entries {
    offered: u64,
    accepted: BTreeSet<u64>,
}

impl Ledger {
    /// The next line to write. Numbers are given once, in order.
    pub(super) fn next_line(&self) -> (u64, String) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.offered += 1;
        (entries.offered, line(entries.offered))
    }

    /// `send` said that it has stored this one.
    pub(super) fn accept(&self, number: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).accepted.insert(number);
    }

    pub(super) fn accepted(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).accepted.len()
    }

    /// How many accepted lines are not among `shown`.
    pub(super) fn missing(&self, shown: &[String]) -> Result<usize> {
        let shown = shown.iter().map(|text| number(text)).collect::<Result<BTreeSet<_>>>()?;
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).accepted.difference(&shown).count())
    }

    /// Accepted lines are there; all lines are ones that were written, whole, once and in order.
    pub(super) fn judge(&self, shown: &[String]) -> Result<()> {
        let mut last = 0;
        for text in shown {
            let number = number(text)?;
            if *text != line(number) || number > self.0.lock().unwrap_or_else(PoisonError::into_inner).offered {
                return Err(format!("line {number} is not what was written").into());
            }
            match number.cmp(&last) {
                std::cmp::Ordering::Greater => last = number,
                std::cmp::Ordering::Equal => return Err(format!("line {number} was shown twice in a row").into()),
                std::cmp::Ordering::Less => return Err(format!("line {number} was shown after {last}").into()),
            }
        }
        match self.missing(shown)? {
            0 => Ok(()),
            missing => Err(format!("{missing} of {} accepted lines are lost", self.accepted()).into()),
        }
    }
}

fn line(number: u64) -> String {
    let filler = if number.is_multiple_of(LONG_EVERY) { "ä".repeat(LONG / 2) } else { String::new() };
    format!("{number:0DIGITS$} {MARK} {filler}")
}

fn number(text: &str) -> Result<u64> {
    Ok(text.get(..DIGITS).ok_or("a line without a number")?.parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger() -> Ledger {
        let ledger = Ledger::default();
        (0..4).for_each(|_| drop(ledger.next_line()));
        [1, 2, 4].into_iter().for_each(|number| ledger.accept(number));
        ledger
    }

    fn verdict(numbers: &[u64]) -> bool {
        ledger().judge(&numbers.iter().map(|number| line(*number)).collect::<Vec<_>>()).is_ok()
    }

    #[test]
    fn the_verdict_can_go_either_way() {
        assert!(verdict(&[1, 2, 4]));
        assert!(verdict(&[1, 2, 3, 4]), "what send was killed over may arrive");
        assert!(!verdict(&[1, 2]), "lost");
        assert!(!verdict(&[1, 2, 2, 4]), "twice");
        assert!(!verdict(&[1, 2, 4, 1]), "twice, later");
        assert!(!verdict(&[2, 1, 4]), "out of order");
        assert!(!verdict(&[1, 2, 4, 5]), "never written");
    }
}
