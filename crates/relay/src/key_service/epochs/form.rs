//! What a key file holds.

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use rand::CryptoRng;
use sealpost_wire::Secret;
use zeroize::Zeroizing;

pub(super) const EXPECTED: &str = "two lines of 64 hexadecimal digits";
const LENGTH: usize = 2 * (64 + 1);

/// What is drawn for an epoch. The seed is secret; the contribution will be public.
pub(super) struct EpochSecret {
    pub(super) seed: Secret<32>,
    pub(super) contribution: [u8; 32],
}

/// What a file turned out to hold.
pub(super) enum Form {
    Secret(EpochSecret),
    /// Zeros: overwriting had begun when the program ended.
    Erased,
    Unknown,
}

impl EpochSecret {
    pub(super) fn random(rng: &mut impl CryptoRng) -> Self {
        let mut contribution = [0; 32];
        rng.fill_bytes(&mut contribution);
        Self { seed: Secret::random(rng), contribution }
    }

    /// The text of a file.
    pub(super) fn text(&self) -> Zeroizing<String> {
        // As long as it gets, so that no copy is left behind where it was shorter.
        let mut text = Zeroizing::new(String::with_capacity(LENGTH));
        for line in [self.seed.expose(), &self.contribution] {
            HEXLOWER.encode_append(line, &mut text);
            text.push('\n');
        }
        text
    }

    /// Reads a file.
    pub(super) fn read(text: &[u8]) -> Form {
        if text.contains(&0) {
            return Form::Erased;
        }
        let mut lines = text.strip_suffix(b"\n").unwrap_or(text).split(|byte| *byte == b'\n');
        let (seed, contribution) = (lines.next().and_then(line), lines.next().and_then(line));
        match (seed, contribution, lines.next()) {
            (Some(seed), Some(contribution), None) => {
                Form::Secret(Self { seed: Secret::new(*seed), contribution: *contribution })
            }
            _ => Form::Unknown,
        }
    }
}

fn line(digits: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let mut bytes = Zeroizing::new([0; 32]);
    let fits = HEXLOWER_PERMISSIVE.decode_len(digits.len()).is_ok_and(|length| length == bytes.len());
    (fits && HEXLOWER_PERMISSIVE.decode_mut(digits, &mut *bytes).is_ok()).then_some(bytes)
}
