//! Decimal digits that are wiped.

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::redacted::redacted;

/// ASCII digits: wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Digits(String);

redacted!(Digits);

/// Why a text is not a run of digits.
pub(super) enum NotDigits {
    /// It holds something else than digits and separators.
    Character,
    /// There are more of them than any number has.
    TooMany,
}

impl Digits {
    /// More digits than any number here has; so many are reserved, so that the text never moves and leaves a copy.
    const MOST: usize = 32;

    /// Reads digits with the separators that people and systems put between them: space, `-`, `.`, `/`.
    pub(super) fn separated(text: &str) -> Result<Self, NotDigits> {
        let mut digits = Self(String::with_capacity(Self::MOST));
        for character in text.chars() {
            match character {
                '0'..='9' if digits.len() == Self::MOST => return Err(NotDigits::TooMany),
                '0'..='9' => digits.0.push(character),
                ' ' | '\u{A0}' | '\u{202F}' | '-' | '.' | '/' => {}
                _ => return Err(NotDigits::Character),
            }
        }
        Ok(digits)
    }

    /// The digits of a text, and nothing else of it.
    pub(super) fn within(text: &str) -> Self {
        let mut digits = Self(String::with_capacity(text.len()));
        digits.0.extend(text.chars().filter(char::is_ascii_digit));
        digits
    }

    /// Digits one after the other.
    pub(crate) fn concat(parts: &[&str]) -> Self {
        let mut digits = Self(String::with_capacity(Self::MOST));
        parts.iter().for_each(|part| digits.0.push_str(part));
        digits
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The digits in a range; empty where there are none.
    pub(super) fn part(&self, range: std::ops::Range<usize>) -> &str {
        self.0.get(range).unwrap_or_default()
    }

    /// Whether all are the same digit: what devices without a number answer. Looked for, it would be found everywhere.
    pub(super) fn is_placeholder(&self) -> bool {
        let mut bytes = self.0.bytes();
        let first = bytes.next();
        bytes.all(|byte| Some(byte) == first)
    }
}
