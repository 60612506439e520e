//! Phone numbers (ITU-T E.164).

use rlibphonenumber::{NumberLengthType, PHONE_NUMBER_UTIL, ParseError, PhoneNumberFormat, ValidationError};
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::Region;
use super::digits::Digits;
use crate::redacted::redacted;

/// A phone number. Device-only: see [`crate::numbers`].
///
/// It is one that its country's numbering plan has room for; whether it is assigned, nobody can tell from here.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Zeroize, ZeroizeOnDrop)]
pub struct PhoneNumber {
    /// `+` and all digits.
    e164: String,
    /// The digits as dialled at home, trunk prefix included.
    national: Digits,
    /// The digits after the country code.
    significant: Digits,
}

/// Why a text is not a phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PhoneNumberError {
    /// It holds letters or other things that are not dialled, or no digits, or an extension.
    #[error("a phone number has only digits, a leading \"+\", and spaces or punctuation between them")]
    Character,
    /// It starts with no known country code, and no default region was given.
    #[error("the phone number has no known country code: write it as +49 ..., or give a default region")]
    CountryCode,
    /// It has fewer digits than any number of its country.
    #[error("the phone number is too short")]
    TooShort,
    /// It has more digits than any number of its country.
    #[error("the phone number is too long")]
    TooLong,
    /// No number of its country has this many digits.
    #[error("no phone number of this country has so many digits")]
    Length,
    /// It can be dialled only within one area.
    #[error("the phone number lacks its area code")]
    AreaCode,
}

redacted!(PhoneNumber);

impl PhoneNumber {
    /// Longer texts are no phone numbers, however they are punctuated.
    const LONGEST: usize = 64;

    /// Reads a number as people write it: with its country code, or as dialled at home in `region`.
    ///
    /// # Errors
    /// [`PhoneNumberError`] says what is wrong with the text.
    pub fn parse(text: &str, region: Option<Region>) -> Result<Self, PhoneNumberError> {
        if text.len() > Self::LONGEST {
            return Err(PhoneNumberError::TooLong);
        }
        if !text.chars().all(is_dialled_or_between) {
            return Err(PhoneNumberError::Character);
        }
        let number = rlibphonenumber::PhoneNumber::parse(text, region.map(Region::plan)).map_err(unreadable)?;
        match number.is_possible_with_reason() {
            Ok(NumberLengthType::IsPossible) => Ok(Self::of(&number)),
            Ok(NumberLengthType::IsPossibleLocalOnly) => Err(PhoneNumberError::AreaCode),
            Err(error) => Err(impossible(error)),
        }
    }

    fn of(number: &rlibphonenumber::PhoneNumber) -> Self {
        let national = Zeroizing::new(number.format_as(PhoneNumberFormat::National).into_owned());
        Self {
            e164: number.format_as(PhoneNumberFormat::E164).into_owned(),
            national: Digits::within(&national),
            significant: Digits::within(&Zeroizing::new(number.get_national_significant_number())),
        }
    }

    /// The number in its one spelling, `+` and digits, for what shows it to its owner or blinds it.
    #[must_use]
    pub fn expose_e164(&self) -> &str {
        &self.e164
    }

    /// Where it is dialled without its country code: the largest where several regions share a plan, `None` where the
    /// code is no country's.
    #[must_use]
    pub fn region(&self) -> Option<Region> {
        let number = rlibphonenumber::PhoneNumber::parse(&self.e164, None).ok()?;
        Region::of_country_code(number.country_code)
    }

    /// Every run of digits that the number is written as: with its country code, as dialled at home, without either
    /// prefix.
    pub(crate) fn spellings(&self) -> Vec<Digits> {
        vec![Digits::within(&self.e164), self.national.clone(), self.significant.clone()]
    }
}

/// Decimal digits of any script, and what people put between them; marks of writing direction come along when copying.
fn is_dialled_or_between(character: char) -> bool {
    let between =
        matches!(character, '+' | '＋' | '-' | '.' | '/' | '(' | ')' | '（' | '）' | '\u{2010}'..='\u{2015}' | '−');
    let direction = matches!(character, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    is_digit(character) || character.is_whitespace() || between || direction
}

/// Fractions and Roman numerals are numeric too, but no digits: they would be dropped in silence.
fn is_digit(character: char) -> bool {
    character.is_ascii_digit()
        || character.is_numeric()
            && !PHONE_NUMBER_UTIL.normalize_digits_only(character.encode_utf8(&mut [0; 4])).is_empty()
}

fn unreadable(error: ParseError) -> PhoneNumberError {
    match error {
        ParseError::InvalidCountryCode => PhoneNumberError::CountryCode,
        ParseError::NotANumber(_) => PhoneNumberError::Character,
        ParseError::TooShortAfterIdd | ParseError::TooShortNsn => PhoneNumberError::TooShort,
        ParseError::TooLongNsn => PhoneNumberError::TooLong,
    }
}

const fn impossible(error: ValidationError) -> PhoneNumberError {
    match error {
        ValidationError::InvalidCountryCode => PhoneNumberError::CountryCode,
        ValidationError::TooShort => PhoneNumberError::TooShort,
        ValidationError::InvalidLength => PhoneNumberError::Length,
        ValidationError::TooLong => PhoneNumberError::TooLong,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str, region: &str) -> Result<String, PhoneNumberError> {
        PhoneNumber::parse(text, region.parse().ok()).map(|number| number.expose_e164().to_owned())
    }

    #[test]
    fn one_number_has_many_texts_and_one_spelling() {
        for text in [
            "+49 1512 3456789",
            "0049 1512 3456789",
            "01512/345 67-89",
            "(01512) 3456789",
            "\u{202A}+4915123456789\u{202C}",
        ] {
            assert_eq!(parsed(text, "DE").as_deref(), Ok("+4915123456789"), "{text}");
        }
        assert_eq!(parsed("＋４９１５１２３４５６７８９", "").as_deref(), Ok("+4915123456789"));
        assert_eq!(parsed("٠١٥١٢٣٤٥٦٧٨٩", "DE").as_deref(), Ok("+4915123456789"));
        assert_eq!(parsed("011 49 1512 3456789", "US").as_deref(), Ok("+4915123456789"));
    }

    #[test]
    fn a_number_is_spelled_with_country_code_as_dialled_at_home_and_bare() {
        let number = PhoneNumber::parse("+49 1512 3456789", None).unwrap();
        let spellings = number.spellings();
        let spellings: Vec<_> = spellings.iter().map(Digits::as_str).collect();
        assert_eq!(spellings, ["4915123456789", "015123456789", "15123456789"]);
    }

    #[test]
    fn leading_zeros_that_belong_to_the_number_are_kept() {
        let number = PhoneNumber::parse("06 698 12345", "IT".parse().ok()).unwrap();
        assert_eq!(number.expose_e164(), "+390669812345");
        assert_eq!(number.spellings()[2].as_str(), "0669812345");
    }

    #[test]
    fn a_number_tells_where_it_is_dialled_without_its_country_code() {
        for (text, region) in [("+49 1512 3456789", "DE"), ("+1 416 555 0123", "US"), ("+44 7911 123456", "GB")] {
            assert_eq!(PhoneNumber::parse(text, None).unwrap().region(), region.parse().ok(), "{text}");
        }
        assert_eq!(PhoneNumber::parse("+800 1234 5678", None).unwrap().region(), None, "freephone of no country");
    }

    #[test]
    fn what_is_no_number_is_refused_with_the_reason() {
        assert_eq!(parsed("01512 3456789", ""), Err(PhoneNumberError::CountryCode));
        assert_eq!(parsed("+999 1512 3456789", ""), Err(PhoneNumberError::CountryCode));
        assert_eq!(parsed("", "DE"), Err(PhoneNumberError::Character));
        assert_eq!(parsed("call +49 1512 3456789", ""), Err(PhoneNumberError::Character));
        assert_eq!(parsed("+1 800 FLOWERS", ""), Err(PhoneNumberError::Character));
        assert_eq!(parsed("+1 202 555 0123 ext. 4", ""), Err(PhoneNumberError::Character));
        assert_eq!(parsed("+49 1512 345678½", ""), Err(PhoneNumberError::Character));
        assert_eq!(parsed("+49 1512 345+678", ""), Err(PhoneNumberError::Character));
        assert_eq!(parsed("+1 202 555 01", ""), Err(PhoneNumberError::TooShort));
        assert_eq!(parsed("555 0123", "US"), Err(PhoneNumberError::AreaCode));
        assert_eq!(parsed("+1 202 555 01234", ""), Err(PhoneNumberError::TooLong));
        assert_eq!(parsed(&"1".repeat(1_000), "DE"), Err(PhoneNumberError::TooLong));
    }
}
