//! Envelopes: what senders deposit, and what relays keep.
//!
//! ```text
//! envelope    4,052 | 16,340 | 65,492 bytes       (the outer seal's output; nothing in it is readable)
//! at rest     nonce[12] ‖ AES-256-GCM(K, envelope) ‖ tag[16]      4,080 | 16,368 | 65,520 bytes
//! ```
//!
//! The stored form stays a little under a power of two: eight bytes above one cost a fifth more memory in a store
//! that allocates by classes.

use std::sync::Arc;

use crate::codec::redacted;

/// The nonce of the seal at rest, in bytes.
const NONCE: usize = 12;
/// Its tag.
const TAG: usize = 16;
/// What AES-256-GCM adds at rest: nonce and tag.
pub const AT_REST_OVERHEAD: usize = NONCE + TAG;

/// The three lengths that an envelope can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SizeClass {
    /// 4,052 bytes: text, receipts, control messages, a short first contact.
    Small,
    /// 16,340 bytes.
    Medium,
    /// 65,492 bytes.
    Large,
}

impl SizeClass {
    /// All three, smallest first.
    pub const ALL: [Self; 3] = [Self::Small, Self::Medium, Self::Large];

    /// The exact length of an envelope of this class.
    #[must_use]
    pub const fn envelope_length(self) -> usize {
        self.stored_length() - AT_REST_OVERHEAD
    }

    /// The exact length of what a relay stores for it.
    #[must_use]
    pub const fn stored_length(self) -> usize {
        match self {
            Self::Small => 4_080,
            Self::Medium => 16_368,
            Self::Large => 65_520,
        }
    }

    /// The smallest class whose envelope holds `length` bytes, if one does.
    #[must_use]
    pub fn fitting(length: usize) -> Option<Self> {
        Self::ALL.into_iter().find(|class| length <= class.envelope_length())
    }
}

/// A sealed message, exactly as long as one of [`SizeClass`].
///
/// **Relay learns:** which of the three classes. Nothing else.
///
/// In memory it has room for the seal at rest around it, so that a relay seals it where it lies.
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope(Vec<u8>);

/// An envelope as a relay stores and delivers it: sealed once more under a key that the relay does not keep.
///
/// **Relay learns:** nothing; it made this from an [`Envelope`].
///
/// Clones are cheap: they share their bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct AtRest(Arc<Box<[u8]>>);

impl Envelope {
    /// Takes bytes that are exactly as long as one of the classes; `None` for any other length.
    #[must_use]
    pub fn new(bytes: Box<[u8]>) -> Option<Self> {
        Self::of(&bytes)
    }

    fn of(bytes: &[u8]) -> Option<Self> {
        class(bytes.len(), SizeClass::envelope_length)?;
        let mut room = Vec::with_capacity(bytes.len() + AT_REST_OVERHEAD);
        room.resize(NONCE, 0);
        room.extend_from_slice(bytes);
        Some(Self(room))
    }

    /// The class, told by the length.
    #[must_use]
    pub fn class(&self) -> SizeClass {
        class(self.as_bytes().len(), SizeClass::envelope_length).unwrap_or(SizeClass::Large)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.get(NONCE..).unwrap_or_default()
    }

    /// The bytes, given away.
    #[must_use]
    pub fn into_bytes(self) -> Box<[u8]> {
        self.as_bytes().into()
    }

    /// Seals it at rest where it lies: `seal` encrypts in place and gives the tag; `None` when it does.
    #[must_use]
    pub fn seal(self, nonce: [u8; NONCE], seal: impl FnOnce(&mut [u8]) -> Option<[u8; TAG]>) -> Option<AtRest> {
        let mut bytes = self.0;
        let (place, plain) = bytes.split_first_chunk_mut()?;
        *place = nonce;
        let tag = seal(plain)?;
        bytes.extend_from_slice(&tag);
        AtRest::new(bytes.into())
    }
}

impl AtRest {
    /// Takes over bytes that are exactly as long as one of the classes; `None` for any other length.
    #[must_use]
    pub fn new(bytes: Box<[u8]>) -> Option<Self> {
        class(bytes.len(), SizeClass::stored_length).map(|_| Self(Arc::new(bytes)))
    }

    /// The class, told by the length.
    #[must_use]
    pub fn class(&self) -> SizeClass {
        class(self.0.len(), SizeClass::stored_length).unwrap_or(SizeClass::Large)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, given away.
    #[must_use]
    pub fn into_bytes(self) -> Box<[u8]> {
        Arc::unwrap_or_clone(self.0)
    }
}

fn class(length: usize, of: impl Fn(SizeClass) -> usize) -> Option<SizeClass> {
    SizeClass::ALL.into_iter().find(|class| of(*class) == length)
}

macro_rules! byte_string {
    ($name:ident, $read:expr) => {
        impl<C> minicbor::Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.bytes(self.as_bytes())?.ok()
            }
        }

        impl<'b, C> minicbor::Decode<'b, C> for $name {
            fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                let read: fn(&[u8]) -> Option<Self> = $read;
                read(d.bytes()?).ok_or_else(|| minicbor::decode::Error::message("not the length of a class"))
            }
        }

        redacted!($name);
    };
}

byte_string!(Envelope, Self::of);
byte_string!(AtRest, |bytes| Self::new(bytes.into()));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_exists_only_at_a_padding_class() {
        for class in SizeClass::ALL {
            let length = class.envelope_length();
            assert_eq!(Envelope::new(vec![0; length].into()).map(|envelope| envelope.class()), Some(class));
            assert!(Envelope::new(vec![0; length - 1].into()).is_none());
            assert!(Envelope::new(vec![0; length + 1].into()).is_none());
            assert_eq!(AtRest::new(vec![0; class.stored_length()].into()).map(|stored| stored.class()), Some(class));
        }
    }

    #[test]
    fn an_envelope_is_sealed_where_it_lies() {
        let envelope = Envelope::new(vec![7; SizeClass::Small.envelope_length()].into()).unwrap();
        let place = envelope.as_bytes().as_ptr();
        let sealed = envelope.seal([1; NONCE], |plain| {
            plain.iter_mut().for_each(|byte| *byte += 1);
            Some([2; TAG])
        });
        let sealed = sealed.unwrap();
        let bytes = sealed.as_bytes();
        assert_eq!(bytes[NONCE..].as_ptr(), place);
        assert_eq!((&bytes[..NONCE], &bytes[bytes.len() - TAG..]), (&[1; NONCE][..], &[2; TAG][..]));
        assert!(bytes[NONCE..bytes.len() - TAG].iter().all(|byte| *byte == 8));
        assert_eq!(sealed.clone().as_bytes().as_ptr(), bytes.as_ptr());
    }

    #[test]
    fn what_is_not_sealed_is_not_at_rest() {
        let envelope = Envelope::new(vec![7; SizeClass::Small.envelope_length()].into()).unwrap();
        assert!(envelope.seal([1; NONCE], |_| None).is_none());
    }

    #[test]
    fn the_fitting_class_is_the_smallest() {
        assert_eq!(SizeClass::fitting(0), Some(SizeClass::Small));
        assert_eq!(SizeClass::fitting(4_052), Some(SizeClass::Small));
        assert_eq!(SizeClass::fitting(4_053), Some(SizeClass::Medium));
        assert_eq!(SizeClass::fitting(65_493), None);
    }
}
