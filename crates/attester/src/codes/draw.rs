//! Six digits, each of the million with the same probability.

use rand::CryptoRng;
use sealpost_identity::attester::Code;

const CODES: u32 = 1_000_000;
/// The most that a multiple of [`CODES`] can be: from here on, remainders would favour the small ones.
const FAIR: u32 = u32::MAX - u32::MAX % CODES;

pub(super) fn code(rng: &mut impl CryptoRng) -> Code {
    loop {
        let drawn = rng.next_u32();
        if drawn < FAIR
            && let Some(code) = Code::of(drawn % CODES)
        {
            return code;
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::RngCore;

    use super::*;

    /// Gives what it is told to, in order.
    struct Told(Vec<u32>);

    impl RngCore for Told {
        fn next_u32(&mut self) -> u32 {
            self.0.remove(0)
        }

        fn next_u64(&mut self) -> u64 {
            unreachable!("a code takes 32 bits")
        }

        fn fill_bytes(&mut self, _: &mut [u8]) {
            unreachable!("a code takes 32 bits")
        }
    }

    impl CryptoRng for Told {}

    #[test]
    fn a_remainder_that_would_favour_small_codes_is_drawn_again() {
        assert_eq!(FAIR % CODES, 0);
        assert_eq!(code(&mut Told(vec![FAIR, u32::MAX, 7])).expose(), "000007");
        assert_eq!(code(&mut Told(vec![FAIR - 1])).expose(), "999999");
    }

    #[test]
    fn every_digit_is_drawn_in_every_place() {
        let codes: Vec<_> = (0..2_000).map(|_| code(&mut rand::rng())).collect();
        for place in 0..Code::DIGITS {
            let mut digits: Vec<_> = codes.iter().map(|code| code.expose().as_bytes()[place]).collect();
            digits.sort_unstable();
            digits.dedup();
            assert_eq!(digits, b"0123456789");
        }
    }
}
