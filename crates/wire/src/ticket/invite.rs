//! What an operator gives to somebody who is to use the server.
//!
//! ```text
//! code   ABCD-EFGH-IJKL-MNOP-QRST-UVWX      base32 of random[12] ‖ check[3]
//! check  first 3 bytes of BLAKE3 derive_key("sealpost v1 invite check", random)
//! ```

use std::str::FromStr;

use data_encoding::BASE32_NOPAD;
use rand::CryptoRng;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::codec::{bytes_of, redacted};
use crate::secret::Secret;

const CHECK: &str = "sealpost v1 invite check";
const NAME: &str = "sealpost v1 invite";
/// Letters and digits between two dashes.
const GROUP: usize = 4;

/// A code that pays once for tickets.
///
/// **Relay learns:** whatever its operator remembers of whom the code was given to; not which tickets it paid for.
#[derive(Clone, PartialEq, Eq)]
pub struct InviteCode(Secret<12>);

redacted!(InviteCode);
bytes_of!(InviteCode, 12, |code| code.0.expose(), |bytes| InviteCode(Secret::new(bytes)));

/// A text is no invite code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InviteError {
    /// It has other characters, or more or fewer, than a code.
    #[error("an invite code is 24 letters and digits, such as ABCD-EFGH-…")]
    Form,
    /// Its last characters do not fit the others.
    #[error("a character of the invite code is wrong: its check does not fit")]
    Check,
}

impl InviteCode {
    /// Draws a fresh one.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        Self(Secret::random(rng))
    }

    /// The code as it is printed and typed.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let bytes = Zeroizing::new([self.0.expose().as_slice(), &self.check()].concat());
        let letters = Zeroizing::new(BASE32_NOPAD.encode(&bytes));
        let groups: Vec<_> = letters.as_bytes().chunks(GROUP).filter_map(|group| str::from_utf8(group).ok()).collect();
        Zeroizing::new(groups.join("-"))
    }

    /// Names the code without giving it away.
    #[must_use]
    pub fn name(&self) -> [u8; 32] {
        blake3::derive_key(NAME, self.0.expose())
    }

    fn check(&self) -> [u8; 3] {
        blake3::derive_key(CHECK, self.0.expose()).first_chunk().copied().unwrap_or_default()
    }
}

impl FromStr for InviteCode {
    type Err = InviteError;

    /// Reads a code however it is grouped, in either case.
    fn from_str(text: &str) -> Result<Self, InviteError> {
        let letters = text.chars().filter(|letter| !letter.is_whitespace() && *letter != '-');
        let letters = Zeroizing::new(letters.collect::<String>().to_ascii_uppercase());
        let bytes = BASE32_NOPAD.decode(letters.as_bytes()).map(Zeroizing::new).map_err(|_| InviteError::Form)?;
        let (secret, check) = bytes.split_first_chunk::<12>().ok_or(InviteError::Form)?;
        let check: [u8; 3] = check.try_into().map_err(|_| InviteError::Form)?;
        let code = Self(Secret::new(*secret));
        if code.check() == check { Ok(code) } else { Err(InviteError::Check) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_it_is_written_and_as_it_is_typed() {
        let code = InviteCode::random(&mut rand::rng());
        let text = code.to_text();
        assert_eq!((text.len(), text.matches('-').count()), (29, 5));
        let typed = format!(" {} ", text.replace('-', " ").to_lowercase());
        for text in [text.as_str(), &typed, &text.replace('-', "")] {
            assert_eq!(text.parse(), Ok(code.clone()));
        }
    }

    #[test]
    fn a_mistyped_code_is_told_from_a_wrong_one() {
        let text = InviteCode(Secret::new([7; 12])).to_text();
        let other = if text.starts_with('A') { "B" } else { "A" };
        assert_eq!(InviteCode::from_str(&format!("{other}{}", &text[1..])), Err(InviteError::Check));
        for text in ["", "ABCD", &text[1..], "1888-8888-8888-8888-8888-8888", "é"] {
            assert_eq!(InviteCode::from_str(text), Err(InviteError::Form), "{text}");
        }
    }

    #[test]
    fn nothing_of_a_code_is_printed() {
        assert_eq!(format!("{:?}", InviteCode(Secret::new([7; 12]))), "InviteCode(..)");
    }
}
