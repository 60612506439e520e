//! What goes over the network: elements of ristretto255 (RFC 9496), keys and proofs, at their exact lengths.
//!
//! Decoders are total. An element has one encoding, every other one is refused (RFC 9496, section 4.3.1), and so is the
//! identity, which says nothing of the key (RFC 9497, section 2.1); a scalar must be canonical and not zero.

use thiserror::Error;
use voprf::{Group, Ristretto255};

use crate::redacted::redacted;

/// Why bytes are not what they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Malformed {
    /// There are too few or too many of them.
    #[error("the bytes are of another length")]
    Length,
    /// They encode no element, not in its one form, or the identity.
    #[error("the bytes are not the encoding of a group element other than the identity")]
    Element,
    /// They encode no scalar, or zero.
    #[error("the bytes are not the encoding of a scalar other than zero")]
    Scalar,
}

macro_rules! element {
    ($(#[$doc:meta])* $name:ident($inner:ident)) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(pub(crate) voprf::$inner<Ristretto255>);

        redacted!($name);

        impl $name {
            /// The length of the encoding.
            pub const LENGTH: usize = 32;

            /// Decodes an element.
            ///
            /// # Errors
            /// [`Malformed::Element`] if it is not the one encoding of an element, or the identity's.
            pub fn from_bytes(bytes: &[u8; Self::LENGTH]) -> Result<Self, Malformed> {
                voprf::$inner::deserialize(bytes).map(Self).map_err(|_| Malformed::Element)
            }

            /// Its one encoding.
            #[must_use]
            pub fn to_bytes(&self) -> [u8; Self::LENGTH] {
                self.0.serialize().into()
            }
        }
    };
}

element! {
    /// An input that its client has blinded: what a server is asked to evaluate.
    ///
    /// **The server learns:** nothing. Every input is blinded to every element with the same probability, so even
    /// with unbounded computation it has no information about the input, nor whether two are of one.
    BlindedElement(BlindedElement)
}

element! {
    /// A [`BlindedElement`] times the server's key.
    EvaluatedElement(EvaluationElement)
}

/// The public half of a [`ServerKey`](crate::ServerKey), from a signed descriptor or manifest.
///
/// All clients must have the same one for the same purpose, or it tells them apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(pub(crate) <Ristretto255 as Group>::Elem);

redacted!(PublicKey);

impl PublicKey {
    /// The length of the encoding.
    pub const LENGTH: usize = 32;

    /// Decodes a key.
    ///
    /// # Errors
    /// [`Malformed::Element`] if it is not the one encoding of an element, or the identity's.
    pub fn from_bytes(bytes: &[u8; Self::LENGTH]) -> Result<Self, Malformed> {
        Ristretto255::deserialize_elem(bytes).map(Self).map_err(|_| Malformed::Element)
    }

    /// Its one encoding.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::LENGTH] {
        Ristretto255::serialize_elem(self.0).into()
    }
}

/// Shows that all elements of one batch were evaluated with the key of one [`PublicKey`] (RFC 9497, section 2.2).
#[derive(Clone, PartialEq, Eq)]
pub struct Proof(pub(crate) voprf::Proof<Ristretto255>);

redacted!(Proof);

impl Proof {
    /// The length of the encoding: challenge ‖ response.
    pub const LENGTH: usize = 64;

    /// Decodes a proof. Whether it is right shows in [`BlindState::finalize`](crate::BlindState::finalize).
    ///
    /// # Errors
    /// [`Malformed::Scalar`] if a half is not canonical, or zero.
    pub fn from_bytes(bytes: &[u8; Self::LENGTH]) -> Result<Self, Malformed> {
        voprf::Proof::deserialize(bytes).map(Self).map_err(|_| Malformed::Scalar)
    }

    /// Its one encoding.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::LENGTH] {
        self.0.serialize().into()
    }
}
