//! What has been opened, so that nothing is opened twice: whoever passes a request on could send it again, and so undo what
//! was closed or withdrawn since.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::mem::take;
use std::sync::{Mutex, PoisonError};

/// How many are remembered at least: some 19 MB when there are so many, and twice that before the older half is forgotten.
const REMEMBERED: usize = 1_835_008;

/// Which requests have been opened under one key: 64 bits of each, hashed under a secret of this run of the process.
pub(super) struct Memory {
    hasher: RandomState,
    halves: Mutex<Halves>,
    remembered: usize,
}

#[derive(Default)]
struct Halves {
    young: HashSet<u64>,
    old: HashSet<u64>,
}

impl Memory {
    pub(super) fn new() -> Self {
        Self::of(REMEMBERED)
    }

    fn of(remembered: usize) -> Self {
        Self { hasher: RandomState::new(), halves: Mutex::default(), remembered }
    }

    /// Remembers a request by the share of a secret that only it has; tells whether it is the first with that share.
    pub(super) fn is_first(&self, share: &[u8]) -> bool {
        let mark = self.hasher.hash_one(share);
        let mut halves = self.halves.lock().unwrap_or_else(PoisonError::into_inner);
        if halves.old.contains(&mark) || !halves.young.insert(mark) {
            return false;
        }
        if halves.young.len() >= self.remembered {
            halves.old = take(&mut halves.young);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_before_is_not_the_first() {
        let memory = Memory::new();
        assert!(memory.is_first(b"one") && memory.is_first(b"two"));
        assert!(!memory.is_first(b"one") && !memory.is_first(b"two"));
    }

    #[test]
    fn so_many_are_remembered_at_least_and_no_more_than_twice_as_many() {
        let memory = Memory::of(100);
        for number in 0..1_000_u32 {
            assert!(memory.is_first(&number.to_be_bytes()));
            let remembered = number.saturating_sub(99)..=number;
            assert!(remembered.into_iter().all(|earlier| !memory.is_first(&earlier.to_be_bytes())), "{number}");
            let halves = memory.halves.lock().unwrap();
            assert!(halves.young.len() + halves.old.len() <= 200);
        }
    }
}
