//! Envelopes: what senders deposit, and what relays keep.
//!
//! ```text
//! envelope    4,052 | 16,340 | 65,492 bytes       (the outer seal's output; nothing in it is readable)
//! at rest     nonce[12] ‖ AES-256-GCM(K, envelope) ‖ tag[16]      4,080 | 16,368 | 65,520 bytes
//! ```
//!
//! The stored form stays a little under a power of two: eight bytes above one cost a fifth more memory in a store
//! that allocates by classes.

use crate::codec::redacted;

/// What AES-256-GCM adds at rest: a nonce of 12 and a tag of 16 bytes.
pub const AT_REST_OVERHEAD: usize = 28;

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

macro_rules! exact_length {
    ($(#[$doc:meta])* $name:ident, $length:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(Box<[u8]>);

        impl $name {
            /// Takes over bytes that are exactly as long as one of the classes; `None` for any other length.
            #[must_use]
            pub fn new(bytes: Box<[u8]>) -> Option<Self> {
                Self::is_length(bytes.len()).then_some(Self(bytes))
            }

            fn is_length(length: usize) -> bool {
                SizeClass::ALL.into_iter().any(|class| class.$length() == length)
            }

            /// The class, told by the length.
            #[must_use]
            pub fn class(&self) -> SizeClass {
                let smaller = |class: &SizeClass| class.$length() >= self.0.len();
                SizeClass::ALL.into_iter().find(smaller).unwrap_or(SizeClass::Large)
            }

            /// The bytes.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8] {
                &self.0
            }

            /// The bytes, given away.
            #[must_use]
            pub fn into_bytes(self) -> Box<[u8]> {
                self.0
            }
        }

        impl<C> minicbor::Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.bytes(&self.0)?.ok()
            }
        }

        impl<'b, C> minicbor::Decode<'b, C> for $name {
            fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                let bytes = d.bytes()?;
                let exact = Self::is_length(bytes.len()).then(|| Self(bytes.into()));
                exact.ok_or_else(|| minicbor::decode::Error::message("not the length of a class"))
            }
        }

        redacted!($name);
    };
}

exact_length! {
    /// A sealed message, exactly as long as one of [`SizeClass`].
    ///
    /// **Relay learns:** which of the three classes. Nothing else.
    Envelope, envelope_length
}

exact_length! {
    /// An envelope as a relay stores and delivers it: sealed once more under a key that the relay does not keep.
    ///
    /// **Relay learns:** nothing; it made this from an [`Envelope`].
    AtRest, stored_length
}

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
    fn the_fitting_class_is_the_smallest() {
        assert_eq!(SizeClass::fitting(0), Some(SizeClass::Small));
        assert_eq!(SizeClass::fitting(4_052), Some(SizeClass::Small));
        assert_eq!(SizeClass::fitting(4_053), Some(SizeClass::Medium));
        assert_eq!(SizeClass::fitting(65_493), None);
    }
}
