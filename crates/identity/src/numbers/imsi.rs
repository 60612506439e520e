//! International Mobile Subscription Identities (ITU-T E.212; 3GPP TS 23.003, section 2.2).

use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::digits::{Digits, NotDigits};
use crate::redacted::redacted;

/// A SIM's number. Device-only: see [`crate::numbers`].
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Imsi(Digits);

/// How many digits the mobile network code has. The number does not tell; the SIM does (EF_AD, 3GPP TS 31.102).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MncLength {
    /// Two, in most of the world.
    Two,
    /// Three, as in North America.
    Three,
}

/// Why a text is not an IMSI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ImsiError {
    /// It holds something else than digits and separators.
    #[error("an IMSI has only digits, and spaces, \"-\", \".\" or \"/\" between them")]
    Character,
    /// It has another count of digits.
    #[error("an IMSI has 14 or 15 digits")]
    Length,
    /// All its digits are the same.
    #[error("the IMSI is a placeholder, not a SIM's number")]
    Placeholder,
}

redacted!(Imsi);

impl Imsi {
    /// Reads 14 or 15 digits.
    ///
    /// # Errors
    /// [`ImsiError`] says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, ImsiError> {
        let digits = Digits::separated(text).map_err(|error| match error {
            NotDigits::Character => ImsiError::Character,
            NotDigits::TooMany => ImsiError::Length,
        })?;
        if !(14..=15).contains(&digits.len()) {
            return Err(ImsiError::Length);
        }
        if digits.is_placeholder() {
            return Err(ImsiError::Placeholder);
        }
        Ok(Self(digits))
    }

    /// The mobile country code: three digits, the same for every SIM of a country.
    #[must_use]
    pub fn mcc(&self) -> &str {
        self.0.part(0..3)
    }

    /// The mobile network code: the same for every SIM of a carrier.
    #[must_use]
    pub fn mnc(&self, length: MncLength) -> &str {
        match length {
            MncLength::Two => self.0.part(3..5),
            MncLength::Three => self.0.part(3..6),
        }
    }

    /// The one run of digits that the number is written as.
    pub(crate) fn spellings(&self) -> Vec<Digits> {
        vec![self.0.clone()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_imsi_has_14_or_15_digits() {
        for text in ["262011234567890", "26201123456789", "262-01-1234567890"] {
            assert_eq!(Imsi::parse(text).as_ref().map(Imsi::mcc), Ok("262"), "{text}");
        }
    }

    #[test]
    fn the_network_code_is_as_long_as_the_sim_says() {
        let imsi = Imsi::parse("310260123456789").unwrap();
        assert_eq!((imsi.mnc(MncLength::Two), imsi.mnc(MncLength::Three)), ("26", "260"));
    }

    #[test]
    fn what_is_no_imsi_is_refused_with_the_reason() {
        assert_eq!(Imsi::parse("2620112345678"), Err(ImsiError::Length));
        assert_eq!(Imsi::parse("2620112345678901"), Err(ImsiError::Length));
        assert_eq!(Imsi::parse(&"2".repeat(100)), Err(ImsiError::Length));
        assert_eq!(Imsi::parse("26201123456789O"), Err(ImsiError::Character));
        assert_eq!(Imsi::parse("00000000000000"), Err(ImsiError::Placeholder));
    }
}
