//! Values, written in every encoding by the plainest code there is: none of it is what makes the patterns of the search.

use sealpost_identity::traces::{Digest, Encoding, Form, Pattern};

use crate::search::Canary;
use crate::values::{Kind, ValuesError};

pub(super) const IMEI: (&str, &str) = ("the IMEI", "490154203237518");
const IMSI: (&str, &str) = ("the IMSI", "001010123456789");
const NUMBER: (&str, &str) = ("the number", "+493023125001");
/// Its bytes give both characters in which the alphabets of base64 differ.
const TEXT: (&str, &str) = ("the text", "Zoë ⟩⟩ at 8? ~~ ÿÿ");

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const FOR_URLS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A value as it was written.
#[derive(Clone)]
pub(super) struct Written {
    pub(super) what: &'static str,
    pub(super) encoding: Encoding,
    pub(super) bytes: Vec<u8>,
}

impl Written {
    /// Whether it can stand in a line of text.
    pub(super) fn is_text(&self) -> bool {
        self.bytes.iter().all(|byte| (0x20..0x7F).contains(byte))
    }
}

pub(super) fn canaries() -> Result<Vec<Canary>, ValuesError> {
    let values = [(IMEI, Kind::Imei), (IMSI, Kind::Imsi), (NUMBER, Kind::Number), (TEXT, Kind::Text)];
    let canary = |((what, value), kind): ((&str, &str), Kind)| {
        let canary = kind.canary(value, what)?;
        Ok(Canary { what: what.to_owned(), ..canary })
    };
    values.into_iter().map(canary).collect()
}

/// Everything that is planted.
pub(super) fn all() -> Vec<Written> {
    let mut all = Vec::new();
    for (what, value) in [IMEI, IMSI, NUMBER, TEXT] {
        let mut add = |digest, form, bytes| all.push(Written { what, encoding: Encoding { digest, form }, bytes });
        spelled(value, &mut |form, bytes| add(None, form, bytes));
        bytes(value.as_bytes(), &mut |form, bytes| add(None, form, bytes));
        for digest in Digest::ALL {
            bytes(&hash(digest, value.as_bytes()), &mut |form, bytes| add(Some(digest), form, bytes));
        }
        let digits = value.trim_start_matches('+');
        if digits.bytes().all(|byte| byte.is_ascii_digit()) {
            packed(digits, &mut |form, bytes| add(None, form, bytes));
        }
    }
    all
}

/// What characters can be written as.
fn spelled(value: &str, add: &mut dyn FnMut(Form, Vec<u8>)) {
    let (mut low_first, mut high_first) = (Vec::new(), Vec::new());
    for unit in value.encode_utf16() {
        let (high, low) = (u8::try_from(unit >> 8).unwrap_or_default(), u8::try_from(unit & 0xFF).unwrap_or_default());
        low_first.extend([low, high]);
        high_first.extend([high, low]);
    }
    add(Form::Utf16Le, low_first);
    add(Form::Utf16Be, high_first);
}

/// What bytes can be written as.
fn bytes(value: &[u8], add: &mut dyn FnMut(Form, Vec<u8>)) {
    add(Form::Plain, value.to_vec());
    add(Form::HexLower, value.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into_bytes());
    add(Form::HexUpper, value.iter().map(|byte| format!("{byte:02X}")).collect::<String>().into_bytes());
    // Other bytes stand before it, as many as move it to each alignment.
    for before in ["", "<", "<<"] {
        let around = [before.as_bytes(), value, b">>>"].concat();
        add(Form::Base64, base64(&around, STANDARD));
        add(Form::Base64Url, base64(&around, FOR_URLS));
    }
}

/// What digits can be packed into.
fn packed(digits: &str, add: &mut dyn FnMut(Form, Vec<u8>)) {
    let nibbles: Vec<u8> = digits.bytes().map(|digit| digit - b'0').collect();
    for before in [&[][..], &[0]] {
        let mut nibbles = [before, &nibbles].concat();
        if nibbles.len() % 2 == 1 {
            nibbles.push(15);
        }
        let pairs: Vec<_> = nibbles.chunks(2).filter_map(|pair| Some((*pair.first()?, *pair.get(1)?))).collect();
        // Less is not looked for, and said so.
        if pairs.len() >= Pattern::LEAST {
            add(Form::Bcd, pairs.iter().map(|(first, second)| first * 16 + second).collect());
            add(Form::SwappedBcd, pairs.iter().map(|(first, second)| second * 16 + first).collect());
        }
    }
    let number = digits.bytes().fold(0_u64, |number, digit| number * 10 + u64::from(digit - b'0'));
    let low_first: Vec<u8> =
        (0..8).map(|place| u8::try_from(number >> (8 * place) & 0xFF).unwrap_or_default()).collect();
    add(Form::IntegerBe, low_first.iter().rev().copied().collect());
    add(Form::IntegerLe, low_first);
}

/// Six bits a character, without padding.
fn base64(bytes: &[u8], alphabet: &[u8; 64]) -> Vec<u8> {
    let bit = |place: usize| bytes.get(place / 8).map_or(0, |byte| usize::from(byte >> (7 - place % 8) & 1));
    let character = |number: usize| (0..6).fold(0, |value, place| value * 2 + bit(6 * number + place));
    (0..(8 * bytes.len()).div_ceil(6)).filter_map(|number| alphabet.get(character(number)).copied()).collect()
}

/// The two of SHA by another library than the search has them from.
fn hash(digest: Digest, bytes: &[u8]) -> Vec<u8> {
    use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest as hash};
    match digest {
        Digest::Md5 => <md5::Md5 as md5::Digest>::digest(bytes).to_vec(),
        Digest::Sha1 => hash(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref().to_vec(),
        Digest::Sha256 => hash(&SHA256, bytes).as_ref().to_vec(),
        Digest::Blake3 => blake3::hash(bytes).as_bytes().to_vec(),
    }
}
