//! What all items hash to.

use blake3::Hasher;

/// So many bytes are hashed at a time: a hundredth of that, which is an item, takes three times as long for each byte.
const TOGETHER: usize = 256 * 1024;

/// BLAKE3 of all items, each behind its length in four bytes.
pub(super) struct Digest {
    hasher: Hasher,
    waiting: Vec<u8>,
}

impl Digest {
    pub(super) fn new() -> Self {
        Self { hasher: Hasher::new(), waiting: Vec::with_capacity(TOGETHER) }
    }

    pub(super) fn add(&mut self, item: &[u8]) {
        self.update(&u32::try_from(item.len()).unwrap_or(u32::MAX).to_be_bytes());
        self.update(item);
    }

    fn update(&mut self, mut bytes: &[u8]) {
        while let Some((now, rest)) = bytes.split_at_checked((TOGETHER - self.waiting.len()).min(bytes.len())) {
            self.waiting.extend_from_slice(now);
            if self.waiting.len() < TOGETHER {
                break;
            }
            self.hasher.update(&self.waiting);
            self.waiting.clear();
            bytes = rest;
        }
    }

    /// The hash of what was added so far.
    pub(super) fn value(&mut self) -> [u8; 32] {
        self.hasher.update(&self.waiting);
        self.waiting.clear();
        *self.hasher.finalize().as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_of_any_length_hash_as_one_stream() {
        let (mut digest, mut stream) = (Digest::new(), Vec::new());
        for length in [0, 1, 100, TOGETHER - 200, 4, 3 * TOGETHER, TOGETHER - 4, 5_000] {
            let item = vec![7; length];
            digest.add(&item);
            stream.extend_from_slice(&(length as u32).to_be_bytes());
            stream.extend_from_slice(&item);
            assert_eq!(digest.value(), *blake3::hash(&stream).as_bytes());
        }
    }

    #[test]
    fn what_is_hashed_at_once_is_the_same() {
        let (mut digest, mut stream) = (Digest::new(), Vec::new());
        for length in (0..2_000).map(|number| number * 7 % 4_001) {
            let item = vec![3; length];
            digest.add(&item);
            stream.extend_from_slice(&(length as u32).to_be_bytes());
            stream.extend_from_slice(&item);
        }
        assert_eq!(digest.value(), *blake3::hash(&stream).as_bytes());
    }
}
