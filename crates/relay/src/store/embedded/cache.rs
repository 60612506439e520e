//! The objects in use, in bounded memory.

use std::hash::Hash;

use foldhash::{HashMap, HashMapExt};

/// How much memory a value takes, about.
pub(super) trait Weight {
    /// In bytes.
    fn weight(&self) -> usize;
}

/// The number of a batch, counted from the start of the process.
pub(super) type BatchNumber = u64;

/// A cache in two generations: what is used moves to the young one; when that is full, the old one is forgotten.
///
/// What a batch changes that is not yet durable stays, since the disk does not know it.
pub(super) struct Cache<K, V> {
    young: HashMap<K, Held<V>>,
    old: HashMap<K, Held<V>>,
    young_bytes: usize,
    most_bytes: usize,
}

/// What a change is taken to add: an entry, with some room to spare.
const GROWTH: usize = 64;

struct Held<V> {
    /// `None`: known not to be there.
    value: Option<V>,
    changed_by: BatchNumber,
}

impl<K: Hash + Eq + Copy, V: Weight> Cache<K, V> {
    pub(super) fn new(most_bytes: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), young_bytes: 0, most_bytes }
    }

    /// Whether it knows of `key`, be it that it is not there.
    pub(super) fn holds(&mut self, key: &K) -> bool {
        if let Some(held) = self.old.remove(key) {
            self.add(*key, held);
        }
        self.young.contains_key(key)
    }

    /// Takes in what was read from disk.
    pub(super) fn learn(&mut self, key: K, value: V) {
        self.add(key, Held { value: Some(value), changed_by: 0 });
    }

    /// The value; only for a key that it [`holds`](Self::holds).
    pub(super) fn find(&self, key: &K) -> Option<&V> {
        self.young.get(key)?.value.as_ref()
    }

    /// The value, to be changed by that batch.
    pub(super) fn change(&mut self, key: &K, by: BatchNumber) -> Option<&mut V> {
        let held = self.young.get_mut(key)?;
        held.changed_by = by;
        self.young_bytes += GROWTH;
        held.value.as_mut()
    }

    /// What was changed is only written by that batch.
    pub(super) fn hold(&mut self, key: &K, until: BatchNumber) {
        if self.holds(key)
            && let Some(held) = self.young.get_mut(key)
        {
            held.changed_by = until;
        }
    }

    /// Puts a value in the place of whatever is there, for that batch; `None`: it is not there any more.
    pub(super) fn set(&mut self, key: K, value: Option<V>, by: BatchNumber) {
        self.old.remove(&key);
        self.add(key, Held { value, changed_by: by });
    }

    /// Forgets what has not been used lately, if there is too much of it and the disk knows it: whatever was changed by
    /// batches up to `durable`.
    pub(super) fn trim(&mut self, durable: BatchNumber) {
        if self.young_bytes <= self.most_bytes / 2 {
            return;
        }
        let forgotten = std::mem::replace(&mut self.old, std::mem::take(&mut self.young));
        self.young_bytes = 0;
        for (key, held) in forgotten.into_iter().filter(|(_, held)| held.changed_by > durable) {
            self.add(key, held);
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.young = HashMap::new();
        self.old = HashMap::new();
        self.young_bytes = 0;
    }

    fn add(&mut self, key: K, held: Held<V>) {
        self.young_bytes += held.value.as_ref().map_or(0, Weight::weight) + size_of::<(K, Held<V>)>();
        self.young.insert(key, held);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Weight for u32 {
        fn weight(&self) -> usize {
            1_000
        }
    }

    fn full() -> Cache<u32, u32> {
        let mut cache = Cache::new(10_000);
        for key in 0..10 {
            cache.learn(key, key);
        }
        cache
    }

    #[test]
    fn what_is_used_stays_and_the_rest_is_forgotten() {
        let mut cache = full();
        cache.trim(0);
        assert!(cache.holds(&3));
        for key in 10..20 {
            cache.learn(key, key);
        }
        cache.trim(0);
        assert!(cache.holds(&3));
        assert!(!cache.holds(&4));
    }

    #[test]
    fn what_the_disk_does_not_know_is_never_forgotten() {
        let mut cache = full();
        *cache.change(&4, 7).unwrap() = 44;
        cache.set(5, None, 7);
        for _ in 0..5 {
            cache.trim(6);
            (10..20).for_each(|key| cache.learn(key, key));
        }
        assert!(cache.holds(&4) && cache.holds(&5));
        assert_eq!((cache.find(&4), cache.find(&5)), (Some(&44), None));
        for _ in 0..5 {
            cache.trim(7);
            (10..20).for_each(|key| cache.learn(key, key));
        }
        assert!(!cache.holds(&4) && !cache.holds(&5));
    }

    #[test]
    fn what_a_later_batch_writes_is_held_until_then() {
        let mut cache = full();
        *cache.change(&4, 7).unwrap() = 44;
        cache.hold(&4, 8);
        for _ in 0..5 {
            cache.trim(7);
            (10..20).for_each(|key| cache.learn(key, key));
        }
        assert!(cache.holds(&4));
        assert_eq!(cache.find(&4), Some(&44));
    }
}
