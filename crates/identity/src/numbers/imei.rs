//! International Mobile Equipment Identities (3GPP TS 23.003, section 6.2).

use thiserror::Error;

use super::digits::{Digits, NotDigits};
use crate::redacted::redacted;

const TAC: std::ops::Range<usize> = 0..8;
const IDENTITY: usize = 14;

/// A device's number. Device-only: see [`crate::numbers`].
#[derive(Clone, PartialEq, Eq)]
pub struct Imei {
    /// Type allocation code and serial number, 14 digits.
    identity: Digits,
    /// The two digits of the software's version, where they were given.
    software: Option<Digits>,
}

/// Why a text is not an IMEI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ImeiError {
    /// It holds something else than digits and separators.
    #[error("an IMEI has only digits, and spaces, \"-\", \".\" or \"/\" between them")]
    Character,
    /// It has another count of digits.
    #[error("an IMEI has 15 digits, or 14 without its check digit, or 16 with a software version")]
    Length,
    /// The last of its 15 digits does not follow from the others.
    #[error("the IMEI's check digit is wrong: a digit was mistyped")]
    CheckDigit,
    /// All its digits are the same.
    #[error("the IMEI is a placeholder, not a device's number")]
    Placeholder,
}

redacted!(Imei);

impl Imei {
    /// Reads an IMEI of 15 digits, of 14 (without the check digit) or of 16 (IMEISV: a software version in place of it).
    ///
    /// # Errors
    /// [`ImeiError`] says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, ImeiError> {
        let digits = Digits::separated(text).map_err(|error| match error {
            NotDigits::Character => ImeiError::Character,
            NotDigits::TooMany => ImeiError::Length,
        })?;
        let identity = Digits::concat(&[digits.part(0..IDENTITY)]);
        let rest = digits.part(IDENTITY..digits.len());
        if !(IDENTITY..=16).contains(&digits.len()) {
            return Err(ImeiError::Length);
        }
        if identity.is_placeholder() {
            return Err(ImeiError::Placeholder);
        }
        if rest.len() == 1 && rest != check_digit(identity.as_str()) {
            return Err(ImeiError::CheckDigit);
        }
        let software = (rest.len() == 2).then(|| Digits::concat(&[rest]));
        Ok(Self { identity, software })
    }

    /// The type allocation code: the model, the same on every device of it.
    #[must_use]
    pub fn tac(&self) -> &str {
        self.identity.part(TAC)
    }

    /// Every run of digits that the number is written as: with its check digit, without, with a software version.
    pub(crate) fn spellings(&self) -> Vec<Digits> {
        let identity = self.identity.as_str();
        let checked = Digits::concat(&[identity, check_digit(identity)]);
        let versioned = self.software.as_ref().map(|software| Digits::concat(&[identity, software.as_str()]));
        [Some(checked), Some(self.identity.clone()), versioned].into_iter().flatten().collect()
    }
}

/// The Luhn digit (ISO/IEC 7812-1, annex B): with it, the sum of all digits, every second one doubled, ends in 0.
fn check_digit(identity: &str) -> &'static str {
    let doubled = |digit: u32| if digit < 5 { 2 * digit } else { 2 * digit - 9 };
    let digits = identity.chars().rev().filter_map(|digit| digit.to_digit(10));
    let sum: u32 = digits.enumerate().map(|(index, digit)| if index % 2 == 0 { doubled(digit) } else { digit }).sum();
    ["0", "9", "8", "7", "6", "5", "4", "3", "2", "1"].get(sum as usize % 10).copied().unwrap_or_default()
}
