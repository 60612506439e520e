//! International Mobile Equipment Identities (3GPP TS 23.003, section 6.2).

use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::digits::{Digits, NotDigits};
use crate::redacted::redacted;

const TAC: std::ops::Range<usize> = 0..8;
const IDENTITY: usize = 14;

/// A device's number. Device-only: see [`crate::numbers`].
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
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

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(text: &str) -> Result<Vec<String>, ImeiError> {
        let spellings = Imei::parse(text)?.spellings();
        Ok(spellings.iter().map(|digits| digits.as_str().to_owned()).collect())
    }

    #[test]
    fn an_imei_has_14_15_or_16_digits_and_any_separators() {
        let two = ["490154203237518", "49015420323751"].map(str::to_owned);
        assert_eq!(spelled("490154203237518").as_deref(), Ok(&two[..]));
        assert_eq!(spelled("49015420323751").as_deref(), Ok(&two[..]));
        assert_eq!(spelled(" 49-015420-323751-8 ").as_deref(), Ok(&two[..]));
        let three = [&two[..], &["4901542032375199".to_owned()]].concat();
        assert_eq!(spelled("49015420/323751.99"), Ok(three));
    }

    #[test]
    fn the_type_allocation_code_is_its_first_eight_digits() {
        assert_eq!(Imei::parse("490154203237518").as_ref().map(Imei::tac), Ok("49015420"));
    }

    #[test]
    fn what_is_no_imei_is_refused_with_the_reason() {
        assert_eq!(Imei::parse("490154203237519"), Err(ImeiError::CheckDigit));
        assert_eq!(Imei::parse("4901542032375"), Err(ImeiError::Length));
        assert_eq!(Imei::parse("49015420323751801"), Err(ImeiError::Length));
        assert_eq!(Imei::parse(&"4".repeat(1_000)), Err(ImeiError::Length));
        assert_eq!(Imei::parse(""), Err(ImeiError::Length));
        assert_eq!(Imei::parse("49015420323751X"), Err(ImeiError::Character));
        assert_eq!(Imei::parse("٤٩٠١٥٤٢٠٣٢٣٧٥١٨"), Err(ImeiError::Character));
        assert_eq!(Imei::parse("000000000000000"), Err(ImeiError::Placeholder));
    }

    #[test]
    fn the_check_digit_catches_every_changed_digit() {
        let valid = "356938035643809";
        for place in 0..valid.len() {
            for digit in '0'..='9' {
                let mut changed = valid.to_owned();
                changed.replace_range(place..=place, digit.encode_utf8(&mut [0; 4]));
                assert_eq!(Imei::parse(&changed).is_ok(), changed == valid);
            }
        }
    }
}
