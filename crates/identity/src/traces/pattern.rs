//! The patterns by which a value is found.

use std::iter::repeat_n;

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use sha2::Digest as _;
use zeroize::Zeroizing;

use super::bcd::{Nibbles, packings};
use super::{Digest, Encoding, Form, Spelling, Value};
use crate::redacted::redacted;

/// Bytes by which a value is found, and how they encode it. Wiped when dropped, never printed.
#[derive(Clone)]
pub struct Pattern {
    bytes: Zeroizing<Vec<u8>>,
    encoding: Encoding,
}

/// All patterns of one value.
#[derive(Clone, Default)]
pub struct Patterns {
    searched: Vec<Pattern>,
    too_short: Vec<Encoding>,
}

redacted!(Pattern, Patterns);

impl Pattern {
    /// Patterns of fewer bytes turn up by chance and are not looked for: 56 bits.
    pub const LEAST: usize = 7;
    /// Longer patterns are cut to this.
    pub const MOST: usize = 64;

    /// The bytes to look for.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What finding them means.
    #[must_use]
    pub const fn encoding(&self) -> Encoding {
        self.encoding
    }
}

/// Every pattern of `value`, each once.
#[must_use]
pub fn patterns_of(value: &Value) -> Patterns {
    let mut patterns = Patterns::default();
    // Nothing at all is no trace, though it has a hash.
    for spelling in value.spellings.iter().filter(|spelling| !spelling.plain().is_empty()) {
        patterns.add_spelling(spelling);
    }
    patterns
}

impl Patterns {
    /// The patterns that are long enough.
    #[must_use]
    pub fn searched(&self) -> &[Pattern] {
        &self.searched
    }

    /// The encodings that would be too short, one entry for each pattern that is not looked for.
    #[must_use]
    pub fn too_short(&self) -> &[Encoding] {
        &self.too_short
    }

    fn add_spelling(&mut self, spelling: &Spelling) {
        self.add_bytes(None, spelling.plain());
        if let Some(characters) = spelling.characters() {
            self.add_utf16(characters);
        }
        if let Spelling::Digits(digits) = spelling {
            self.add_digits(digits.as_str());
        }
        for digest in Digest::ALL {
            self.add_bytes(Some(digest), &hash(digest, spelling.plain()));
        }
    }

    /// Bytes, plain or a hash: as they are, in hexadecimal and in base64.
    fn add_bytes(&mut self, digest: Option<Digest>, bytes: &[u8]) {
        let as_form = |form| Encoding { digest, form };
        self.add(as_form(Form::Plain), bytes.to_vec());
        self.add(as_form(Form::HexLower), HEXLOWER.encode(bytes).into_bytes());
        self.add(as_form(Form::HexUpper), HEXUPPER.encode(bytes).into_bytes());
        for before in 0..3 {
            self.add(as_form(Form::Base64), aligned(&BASE64_NOPAD, bytes, before));
            self.add(as_form(Form::Base64Url), aligned(&BASE64URL_NOPAD, bytes, before));
        }
    }

    fn add_utf16(&mut self, characters: &str) {
        let units = || characters.encode_utf16();
        self.add(plain(Form::Utf16Le), units().flat_map(u16::to_le_bytes).collect());
        self.add(plain(Form::Utf16Be), units().flat_map(u16::to_be_bytes).collect());
    }

    fn add_digits(&mut self, digits: &str) {
        for (form, nibbles) in [(Form::Bcd, Nibbles::FirstHigh), (Form::SwappedBcd, Nibbles::FirstLow)] {
            for packing in packings(digits.as_bytes(), nibbles) {
                self.add(plain(form), packing.to_vec());
            }
        }
        match digits.parse::<u64>() {
            Ok(integer) if integer > u64::from(u32::MAX) => {
                self.add(plain(Form::IntegerLe), integer.to_le_bytes().to_vec());
                self.add(plain(Form::IntegerBe), integer.to_be_bytes().to_vec());
            }
            _ => self.too_short.extend([plain(Form::IntegerLe), plain(Form::IntegerBe)]),
        }
    }

    fn add(&mut self, encoding: Encoding, bytes: Vec<u8>) {
        let mut bytes = Zeroizing::new(bytes);
        bytes.truncate(Pattern::MOST);
        if bytes.len() < Pattern::LEAST {
            self.too_short.push(encoding);
        } else if !self.searched.iter().any(|pattern| *pattern.bytes == *bytes) {
            self.searched.push(Pattern { bytes, encoding });
        }
    }
}

const fn plain(form: Form) -> Encoding {
    Encoding { digest: None, form }
}

fn hash(digest: Digest, bytes: &[u8]) -> Vec<u8> {
    match digest {
        Digest::Md5 => md5::Md5::digest(bytes).to_vec(),
        Digest::Sha1 => sha1::Sha1::digest(bytes).to_vec(),
        Digest::Sha256 => sha2::Sha256::digest(bytes).to_vec(),
        Digest::Blake3 => blake3::hash(bytes).as_bytes().to_vec(),
    }
}

/// The characters that `bytes` alone decide when `before` bytes stand before them in what is encoded as base64.
///
/// Six bits make a character, so the first one or two may depend on what is before, and the last on what follows.
fn aligned(base64: &data_encoding::Encoding, bytes: &[u8], before: usize) -> Vec<u8> {
    let padded: Zeroizing<Vec<u8>> = Zeroizing::new(repeat_n(0, before).chain(bytes.iter().copied()).collect());
    let text = Zeroizing::new(base64.encode(&padded).into_bytes());
    let (first, end) = ((8 * before).div_ceil(6), 8 * padded.len() / 6);
    text.get(first..end).unwrap_or_default().to_vec()
}
