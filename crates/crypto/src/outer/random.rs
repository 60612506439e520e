//! `hpke` draws through rand_core 0.10, all else here through 0.9.

use std::convert::Infallible;

use hpke::rand_core::{TryCryptoRng, TryRng};
use rand::CryptoRng;

/// Lends a generator of rand_core 0.9 to one who asks for 0.10.
pub(super) struct Lent<'a, R>(pub(super) &'a mut R);

impl<R: CryptoRng> TryRng for Lent<'_, R> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.0.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.next_u64())
    }

    fn try_fill_bytes(&mut self, destination: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill_bytes(destination);
        Ok(())
    }
}

impl<R: CryptoRng> TryCryptoRng for Lent<'_, R> {}
