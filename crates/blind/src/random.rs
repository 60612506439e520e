//! Randomness of this workspace (`rand` 0.9) for a library that knows an older trait (`rand_core` 0.6).

use rand::CryptoRng;
use rand_core_0_6::Error;

/// Hands every call on. The bound makes it exactly as good a source as the one below: nothing else becomes a `CryptoRng`.
pub(crate) struct Bridge<'r, R>(pub(crate) &'r mut R);

impl<R: CryptoRng> rand_core_0_6::RngCore for Bridge<'_, R> {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.0.fill_bytes(bytes);
        Ok(())
    }
}

impl<R: CryptoRng> rand_core_0_6::CryptoRng for Bridge<'_, R> {}
