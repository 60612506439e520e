//! Blinds, nonces and a proof's scalar that are known beforehand.

use rand::{CryptoRng, RngCore};

/// A source of randomness that yields given bytes, and nothing after them.
///
/// The library under the blinding draws a scalar as 64 bytes, little-endian, reduced modulo the order of the group: so the
/// 32 bytes of a scalar below the order and 32 zeros come out as that scalar.
pub(super) struct Given(Vec<u8>);

impl Given {
    pub(super) fn scalar(scalar: [u8; 32]) -> Self {
        Self([scalar, [0; 32]].concat())
    }

    pub(super) fn bytes(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl RngCore for Given {
    fn next_u32(&mut self) -> u32 {
        unreachable!("all that is drawn here is drawn as bytes")
    }

    fn next_u64(&mut self) -> u64 {
        unreachable!("all that is drawn here is drawn as bytes")
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        let rest = self.0.split_off(bytes.len());
        bytes.copy_from_slice(&std::mem::replace(&mut self.0, rest));
    }
}

impl CryptoRng for Given {}
