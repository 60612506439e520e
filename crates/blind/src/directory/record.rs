//! What an entry says to those who know the number: where to write.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use rand::CryptoRng;
use sealpost_wire::Secret;
use sealpost_wire::time::Day;
use thiserror::Error;
use zeroize::Zeroizing;

use super::{RecordKey, SLOT_LENGTH, Slot, Tag};

/// The length of a card reference in its fixed form. Its bytes are opaque here: who a card leads to is for devices.
pub const CARD_LENGTH: usize = 208;

const NONCE: usize = 12;
const DAY: usize = 4;

/// A published card reference and how long it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The card reference, always of one length: its host is filled up, so that a slot does not show how long it is.
    pub card: Secret<CARD_LENGTH>,
    /// The last day on which the card is to be used.
    pub last_day: Day,
}

/// The slot was not sealed with this key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the directory's record does not open")]
pub struct NotOpened;

impl Record {
    /// Seals the record into the slot of a number.
    ///
    /// A number's key seals a few records in an epoch, far fewer than would let random nonces meet.
    pub fn seal(&self, tag: &Tag, key: &RecordKey, rng: &mut impl CryptoRng) -> Slot {
        let mut nonce = [0; NONCE];
        rng.fill_bytes(&mut nonce);
        let plaintext = Zeroizing::new([self.card.expose().as_slice(), &self.last_day.0.to_be_bytes()].concat());
        let sealed = cipher(key).encrypt(&nonce.into(), Payload { msg: &plaintext, aad: &aad(tag) });
        #[expect(clippy::expect_used, reason = "AES-GCM refuses plaintexts of 64 GiB and more, and nothing else")]
        let sealed = sealed.expect("a record of 212 bytes is sealed");
        let mut slot = [0; SLOT_LENGTH];
        let bytes = tag.as_bytes().iter().chain(&nonce).chain(&sealed);
        slot.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        Slot::new(slot)
    }

    /// Opens the record of a slot that was found by its tag.
    ///
    /// # Errors
    /// [`NotOpened`] if the slot is free, was changed, or is sealed with another key or moved under another tag.
    pub fn open(slot: &Slot, key: &RecordKey) -> Result<Self, NotOpened> {
        let (tag, rest) = slot.as_bytes().split_first_chunk().ok_or(NotOpened)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or(NotOpened)?;
        let payload = Payload { msg: sealed, aad: &aad(&Tag::from_bytes(*tag)) };
        let plaintext = cipher(key).decrypt(&(*nonce).into(), payload).map(Zeroizing::new).map_err(|_| NotOpened)?;
        Self::read(&plaintext).ok_or(NotOpened)
    }

    fn read(plaintext: &[u8]) -> Option<Self> {
        let (card, day) = plaintext.split_first_chunk::<CARD_LENGTH>()?;
        let day: [u8; DAY] = day.try_into().ok()?;
        Some(Self { card: Secret::new(*card), last_day: Day(u32::from_be_bytes(day)) })
    }
}

fn aad(tag: &Tag) -> Vec<u8> {
    [b"sealpost v1 record".as_slice(), tag.as_bytes()].concat()
}

fn cipher(key: &RecordKey) -> Aes256Gcm {
    Aes256Gcm::new(key.expose().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_laid_out_as_the_head_of_the_module_says() {
        let (tag, key) = (Tag::from_bytes([1; 16]), RecordKey::new([2; 32]));
        let record = Record { card: Secret::new([3; CARD_LENGTH]), last_day: Day(0x0102) };
        let slot = record.seal(&tag, &key, &mut rand::rng());
        let (head, sealed) = slot.as_bytes().split_at(28);
        let payload = Payload { msg: sealed, aad: &[b"sealpost v1 record".as_slice(), &[1; 16]].concat() };
        let opened = Aes256Gcm::new(&[2; 32].into()).decrypt(head[16..].try_into().unwrap(), payload).unwrap();
        assert_eq!(head[..16], [1; 16]);
        assert_eq!(opened, [[3; CARD_LENGTH].as_slice(), &[0, 0, 1, 2]].concat());
    }
}
