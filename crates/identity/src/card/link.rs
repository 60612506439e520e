//! The text of a card reference: `sealpost:` and the binary form in base32 (RFC 4648, section 6) without padding.
//!
//! Read in either case and with white space anywhere, since links are typed, wrapped by mail programs and scanned from
//! upper-case QR codes.

use std::str::FromStr;

use data_encoding::BASE32_NOPAD;
use thiserror::Error;
use zeroize::Zeroizing;

use super::{CardError, CardRef};

/// Why a text is not a card's link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LinkError {
    /// It does not start as a card's link does.
    #[error("a card's link starts with \"{}\"", CardRef::SCHEME)]
    Scheme,
    /// It starts so, but goes on with something else than base32, or is much too long.
    #[error("after \"{}\" a card's link has only the letters A to Z and the digits 2 to 7", CardRef::SCHEME)]
    Base32,
    /// What it spells is not a card.
    #[error(transparent)]
    Card(#[from] CardError),
}

impl CardRef {
    /// How every link starts.
    pub const SCHEME: &'static str = "sealpost:";

    /// More text than any link has, white space included: longer input is not looked at.
    const LONGEST: usize = 4_096;

    /// The card as a link, in lower case. Whoever reads it can write to the card's owner.
    #[must_use]
    pub fn to_link(&self) -> String {
        let bytes = self.to_bytes();
        // Long enough from the start: a text that grows leaves copies of the seed behind.
        let mut link = String::with_capacity(Self::SCHEME.len() + BASE32_NOPAD.encode_len(bytes.len()));
        link.push_str(Self::SCHEME);
        BASE32_NOPAD.encode_append(&bytes, &mut link);
        link.make_ascii_lowercase();
        link
    }
}

impl FromStr for CardRef {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        let scheme = Self::SCHEME.to_ascii_uppercase();
        if text.len() > Self::LONGEST {
            return Err(LinkError::Base32);
        }
        let letters = text.chars().filter(|letter| !letter.is_whitespace()).map(|letter| letter.to_ascii_uppercase());
        let mut link = Zeroizing::new(String::with_capacity(text.len()));
        link.extend(letters);
        let base32 = link.strip_prefix(&scheme).ok_or(LinkError::Scheme)?;
        let bytes = BASE32_NOPAD.decode(base32.as_bytes()).map_err(|_| LinkError::Base32)?;
        Ok(Self::from_bytes(&Zeroizing::new(bytes))?)
    }
}
