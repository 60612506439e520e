//! Bytes of exact lengths.

use crate::codec::redacted;
use crate::directory::{ELEMENTS, SLOT_LENGTH};

macro_rules! boxed_bytes {
    ($(#[$doc:meta])* $name:ident, $length:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(Box<[u8; $name::LENGTH]>);

        impl $name {
            /// The length, in bytes.
            pub const LENGTH: usize = $length;

            /// Takes over bytes of exactly that length.
            #[must_use]
            pub fn new(bytes: [u8; Self::LENGTH]) -> Self {
                Self(Box::new(bytes))
            }

            /// Reads bytes of exactly that length; `None` for any other.
            #[must_use]
            pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
                bytes.to_vec().into_boxed_slice().try_into().ok().map(Self)
            }

            /// The bytes, as stored and sent.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; Self::LENGTH] {
                &self.0
            }
        }

        impl<C> minicbor::Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.bytes(&*self.0)?.ok()
            }
        }

        impl<'b, C> minicbor::Decode<'b, C> for $name {
            fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                Self::from_bytes(d.bytes()?).ok_or_else(|| minicbor::decode::Error::message("another length"))
            }
        }

        redacted!($name);
    };
}

boxed_bytes! {
    /// A tag and a sealed record, or random bytes that look the same.
    ///
    /// **Relay learns:** the tag. Not the card, and not whose.
    Slot, SLOT_LENGTH
}

boxed_bytes! {
    /// The elements that a key service is to evaluate, 32 bytes each.
    ///
    /// **Key service learns:** nothing: every value is blinded to every element with the same probability.
    BlindedElements, ELEMENTS * 32
}

boxed_bytes! {
    /// Evaluated elements in the order of the blinded ones, and one proof for all.
    EvaluatedElements, ELEMENTS * 32 + 64
}

macro_rules! short_bytes {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; 16]);

        impl $name {
            /// Wraps bytes of a slot, a row or a request.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The bytes, as stored and sent.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// Compares without telling by its timing how much agreed.
            #[must_use]
            pub fn matches(&self, other: &Self) -> bool {
                subtle::ConstantTimeEq::ct_eq(self.0.as_slice(), &other.0).into()
            }
        }

        crate::codec::bytes_of!($name, 16, |tag| tag.as_bytes(), Self::from_bytes);
        redacted!($name);
    };
}

short_bytes! {
    /// Names a number's slot within its bucket.
    ///
    /// **Relay learns:** it when the slot is published, never when it is looked up.
    Tag
}

short_bytes! {
    /// Sixteen random bytes that name one voucher.
    ///
    /// **Key service learns:** that two requests with the same id are of one person.
    VoucherId
}

impl Slot {
    /// The tag under which the slot is found; of a free slot, random bytes.
    #[must_use]
    pub fn tag(&self) -> Tag {
        let (tags, _) = self.0.as_chunks();
        Tag(tags.first().copied().unwrap_or_default())
    }
}

impl VoucherId {
    /// Draws a fresh one.
    pub fn random(rng: &mut impl rand::CryptoRng) -> Self {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_length_is_read() {
        assert!(Slot::from_bytes(&[7; 256]).is_some());
        assert!(Slot::from_bytes(&[7; 255]).is_none() && Slot::from_bytes(&[7; 257]).is_none());
        assert_eq!((BlindedElements::LENGTH, EvaluatedElements::LENGTH), (2_048, 2_112));
    }

    #[test]
    fn a_slot_begins_with_its_tag() {
        let mut bytes = [0; 256];
        bytes[..16].fill(9);
        assert_eq!(Slot::new(bytes).tag(), Tag::from_bytes([9; 16]));
    }
}
