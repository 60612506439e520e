//! Randomness that comes again from its seed: a request for tickets can be made once more, bit for bit.

use rand::{CryptoRng, RngCore};
use zeroize::Zeroize;

/// The output of BLAKE3 under a seed, as long as is wanted. Wiped when dropped.
pub(super) struct Again(blake3::OutputReader);

impl Again {
    pub(super) fn from(seed: &[u8; 32]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("sealpost v1 ticket request");
        hasher.update(seed);
        let reader = hasher.finalize_xof();
        hasher.zeroize();
        Self(reader)
    }
}

impl RngCore for Again {
    fn next_u32(&mut self) -> u32 {
        rand_bytes(self, u32::from_le_bytes)
    }

    fn next_u64(&mut self) -> u64 {
        rand_bytes(self, u64::from_le_bytes)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }
}

impl CryptoRng for Again {}

impl Drop for Again {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

fn rand_bytes<const N: usize, T>(source: &mut Again, read: fn([u8; N]) -> T) -> T {
    let mut bytes = [0; N];
    source.fill_bytes(&mut bytes);
    read(bytes)
}
