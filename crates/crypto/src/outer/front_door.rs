//! The seal to a front door, and its keys.

use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::XWing;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable, single_shot_open, single_shot_seal_with_rng};
use minicbor::{Decode, Encode};
use rand::CryptoRng;
use sealpost_wire::{MailboxId, Secret};
use zeroize::Zeroizing;

use super::random::Lent;
use crate::redacted::redacted;

/// The length of what X-Wing encapsulates into.
const ENCAPSULATED: usize = 1_120;
const TAG: usize = 16;
pub(super) const OVERHEAD: usize = ENCAPSULATED + TAG;
const INFO: &[u8] = b"sealpost v1 front door";

/// The public key of a front door (X-Wing). Items carry the newest one.
#[derive(Clone, PartialEq, Eq)]
pub struct DoorKey(Box<<XWing as Kem>::PublicKey>);

/// The private key of a front door: 32 bytes, wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct DoorSecret(Secret<32>);

impl DoorKey {
    /// The length of a key: 1,184 bytes for ML-KEM-768 and 32 for X25519.
    pub const LENGTH: usize = 1_216;

    /// Reads a key; `None` if its length or the ML-KEM half's coefficients are out of range.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        <XWing as Kem>::PublicKey::from_bytes(bytes).ok().map(|key| Self(Box::new(key)))
    }

    /// The bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.to_bytes().to_vec()
    }
}

impl DoorSecret {
    /// Draws a fresh one.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self(Secret::random(rng))
    }

    /// Takes over a stored one: any 32 bytes are a seed that both halves are expanded from.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    /// The bytes, for a store that is encrypted as a whole.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> DoorKey {
        DoorKey(Box::new(XWing::sk_to_pk(&self.key())))
    }

    #[expect(clippy::expect_used, reason = "hpke refuses X-Wing seeds for their length alone")]
    fn key(&self) -> <XWing as Kem>::PrivateKey {
        <XWing as Kem>::PrivateKey::from_bytes(self.expose()).expect("32 bytes are a seed")
    }
}

impl<C> Encode<C> for DoorKey {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(&self.to_bytes())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for DoorKey {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Self::from_bytes(d.bytes()?).ok_or_else(|| minicbor::decode::Error::message("not an X-Wing key"))
    }
}

redacted!(DoorKey, DoorSecret);

/// `None` when the KEM refuses the key, which [`DoorKey::from_bytes`] has checked.
pub(super) fn seal(key: &DoorKey, mailbox: &MailboxId, padded: &[u8], rng: &mut impl CryptoRng) -> Option<Vec<u8>> {
    let sealed = single_shot_seal_with_rng::<AesGcm256, HkdfSha256, XWing>(
        &OpModeS::Base,
        &key.0,
        INFO,
        padded,
        mailbox.as_bytes(),
        &mut Lent(rng),
    );
    let (encapsulated, ciphertext) = sealed.ok()?;
    Some([encapsulated.to_bytes().as_slice(), &ciphertext].concat())
}

pub(super) fn open(key: &DoorSecret, mailbox: &MailboxId, envelope: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (encapsulated, ciphertext) = envelope.split_at_checked(ENCAPSULATED)?;
    let opened = single_shot_open::<AesGcm256, HkdfSha256, XWing>(
        &OpModeR::Base,
        &key.key(),
        &<XWing as Kem>::EncappedKey::from_bytes(encapsulated).ok()?,
        INFO,
        ciphertext,
        mailbox.as_bytes(),
    );
    opened.ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first test vector of the X-Wing draft (draft-connolly-cfrg-xwing-kem, appendix C): a seed and how the public
    /// key that is expanded from it begins.
    #[test]
    fn a_seed_expands_as_the_x_wing_draft_says() {
        let seed = [
            0x7f, 0x9c, 0x2b, 0xa4, 0xe8, 0x8f, 0x82, 0x7d, 0x61, 0x60, 0x45, 0x50, 0x76, 0x05, 0x85, 0x3e, //
            0xd7, 0x3b, 0x80, 0x93, 0xf6, 0xef, 0xbc, 0x88, 0xeb, 0x1a, 0x6e, 0xac, 0xfa, 0x66, 0xef, 0x26,
        ];
        let key = DoorSecret::new(seed).public().to_bytes();
        assert_eq!(key.len(), DoorKey::LENGTH);
        assert_eq!(key[..8], [0xe2, 0x23, 0x6b, 0x35, 0xa8, 0xc2, 0x4b, 0x39]);
    }

    #[test]
    fn bytes_that_are_no_key_are_refused() {
        let key = DoorSecret::new([1; 32]).public().to_bytes();
        assert!(DoorKey::from_bytes(&key).is_some());
        assert!(DoorKey::from_bytes(&key[1..]).is_none());
        assert!(DoorKey::from_bytes(&[0xFF; DoorKey::LENGTH]).is_none(), "coefficients out of range");
    }
}
