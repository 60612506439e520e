//! The names of encodings: what a finding may tell.

use std::fmt;

/// How a value was written when it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Encoding {
    /// The hash that was taken first, if one was.
    pub digest: Option<Digest>,
    /// How the value, or its hash, was written.
    pub form: Form,
}

/// An unsalted hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Digest {
    /// MD5 (RFC 1321).
    Md5,
    /// SHA-1 (FIPS 180-4).
    Sha1,
    /// SHA-256 (FIPS 180-4).
    Sha256,
    /// BLAKE3, 32 bytes.
    Blake3,
}

/// A way to write bytes, text or digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Form {
    /// The bytes as they are; of text, its UTF-8.
    Plain,
    /// UTF-16, the low byte first.
    Utf16Le,
    /// UTF-16, the high byte first.
    Utf16Be,
    /// Hexadecimal, `a` to `f`.
    HexLower,
    /// Hexadecimal, `A` to `F`.
    HexUpper,
    /// Base64 (RFC 4648, section 4), wherever in a longer text it begins.
    Base64,
    /// Base64 in the alphabet for URLs (RFC 4648, section 5).
    Base64Url,
    /// Two digits to a byte, the first in the high half.
    Bcd,
    /// Two digits to a byte, the first in the low half (3GPP TS 24.008, section 10.5.1.4).
    SwappedBcd,
    /// A 64-bit integer, the low byte first.
    IntegerLe,
    /// A 64-bit integer, the high byte first.
    IntegerBe,
}

impl Digest {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Md5, Self::Sha1, Self::Sha256, Self::Blake3];

    const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
            Self::Sha256 => "SHA-256",
            Self::Blake3 => "BLAKE3",
        }
    }
}

impl Form {
    const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
            Self::HexLower => "lower-case hexadecimal",
            Self::HexUpper => "upper-case hexadecimal",
            Self::Base64 => "base64",
            Self::Base64Url => "base64url",
            Self::Bcd => "BCD",
            Self::SwappedBcd => "nibble-swapped BCD",
            Self::IntegerLe => "little-endian integer",
            Self::IntegerBe => "big-endian integer",
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.form.name())?;
        self.digest.map_or(Ok(()), |digest| write!(f, " of {}", digest.name()))
    }
}
