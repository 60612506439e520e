//! Whatever is read as a number: total, tolerant of separators, and never of anything else.

use proptest::prelude::*;
use sealpost_identity::numbers::{ImeiError, Region};
use sealpost_identity::{Imei, Imsi, PhoneNumber};

/// The check digit as the standard's annex words it: double every second digit, add the digits of all, fill up to ten.
fn luhn(fourteen: &str) -> String {
    let doubled = fourteen.bytes().enumerate().map(|(place, digit)| (digit - b'0') << (place % 2));
    let sum: u32 = doubled.map(|number| u32::from(number / 10 + number % 10)).sum();
    ((10 - sum % 10) % 10).to_string()
}

fn region(letters: &str) -> Option<Region> {
    Some(letters.parse().unwrap())
}

proptest! {
    #[test]
    fn any_text_is_a_number_or_refused(text in "\\PC*") {
        let _ = Imei::parse(&text);
        let _ = Imsi::parse(&text);
        let _ = PhoneNumber::parse(&text, None);
        let _ = PhoneNumber::parse(&text, region("DE"));
    }

    #[test]
    fn any_digits_and_punctuation_are_a_number_or_refused(text in "[+0-9 ()/.\\-０-９]{0,40}") {
        for letters in ["US", "IT", "AR", "MX", "CI"] {
            if let Ok(number) = PhoneNumber::parse(&text, region(letters)) {
                prop_assert_eq!(PhoneNumber::parse(number.expose_e164(), None), Ok(number.clone()));
            }
        }
    }

    #[test]
    fn an_imei_takes_its_own_check_digit_and_no_other(fourteen in "[0-9]{14}", digit in "[0-9]", separator in "[ ./-]?") {
        prop_assume!(fourteen.bytes().any(|other| other != fourteen.as_bytes()[0]));
        let text: String = format!("{fourteen}{digit}").chars().flat_map(|digit| [digit.to_string(), separator.clone()]).collect();
        let bare = Imei::parse(&fourteen);
        prop_assert!(bare.is_ok());
        prop_assert_eq!(Imei::parse(&text), if digit == luhn(&fourteen) { bare } else { Err(ImeiError::CheckDigit) });
    }

    #[test]
    fn an_imsi_has_14_or_15_digits_and_no_other_count(digits in "[2-7][0-9]{0,20}1") {
        prop_assert_eq!(Imsi::parse(&digits).is_ok(), (14..=15).contains(&digits.len()));
    }

    #[test]
    fn a_phone_number_has_one_spelling_however_it_is_punctuated(digits in "1[5-7][0-9]{9}", separator in "[ ./-]?") {
        let spaced: String = digits.chars().flat_map(|digit| [digit.to_string(), separator.clone()]).collect();
        let spelled = |text: &str, home: Option<Region>| PhoneNumber::parse(text, home).map(|number| number.expose_e164().to_owned());
        let expected = Ok(format!("+49{digits}"));
        prop_assert_eq!(&spelled(&format!("+49{separator}{spaced}"), None), &expected);
        prop_assert_eq!(&spelled(&format!("0{spaced}"), region("DE")), &expected);
    }
}
