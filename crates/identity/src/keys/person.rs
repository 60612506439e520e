//! What stands for an identity key where the key itself is not wanted.

use crate::redacted::redacted;

/// BLAKE3 of an identity key: a card reference carries it, so that a relay cannot put another key in its place.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, minicbor::Encode, minicbor::Decode)]
#[cbor(transparent)]
pub struct IdentityHash(#[cbor(n(0), with = "minicbor::bytes")] [u8; 32]);

/// A person, on devices only: a UUIDv8 made of the identity hash's first 16 bytes. No relay ever sees one.
///
/// 122 bits name a person among one's contacts; they do not authenticate anyone. What must be sure compares whole keys.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, minicbor::Encode)]
#[cbor(transparent)]
pub struct PersonId(#[cbor(n(0), with = "minicbor::bytes")] [u8; 16]);

redacted!(IdentityHash, PersonId);

impl IdentityHash {
    /// Wraps bytes that were read from a store or a card.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The person whose key hashes to this.
    #[must_use]
    pub fn person(&self) -> PersonId {
        let mut id = [0; 16];
        id.iter_mut().zip(self.0).for_each(|(to, from)| *to = from);
        let [.., version, _, variant, _, _, _, _, _, _, _] = &mut id;
        *version = (*version & 0x0F) | 0x80;
        *variant = (*variant & 0x3F) | 0x80;
        PersonId(id)
    }
}

impl PersonId {
    /// Wraps bytes that were read from a store; `None` unless they are a UUIDv8.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Option<Self> {
        let [_, _, _, _, _, _, version, _, variant, ..] = bytes;
        if version >> 4 == 8 && variant >> 6 == 0b10 { Some(Self(bytes)) } else { None }
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The UUID's text, for libsignal, which wants one. For `sealpost-crypto` only: it is not for showing or logging.
    #[must_use]
    pub fn uuid_string(&self) -> String {
        let hex = data_encoding::HEXLOWER.encode(&self.0);
        let groups = [0..8, 8..12, 12..16, 16..20, 20..32];
        groups.map(|group| hex.get(group).unwrap_or_default()).join("-")
    }
}

impl<'b, C> minicbor::Decode<'b, C> for PersonId {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let bytes = d.bytes()?.try_into().ok();
        bytes.and_then(Self::from_bytes).ok_or_else(|| minicbor::decode::Error::message("not a person's id"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sealpost_wire::codec::{exact, to_bytes};

    use super::*;
    use crate::keys::IdentityKeyPair;

    #[test]
    fn a_person_is_named_by_the_hash_of_their_key() {
        let key = *IdentityKeyPair::from_secret(sealpost_wire::Secret::new([1; 32])).public();
        let hash = *blake3::hash(key.as_bytes()).as_bytes();
        assert_eq!(key.hash().as_bytes(), &hash);
        assert_eq!(key.person(), key.hash().person());
        assert_eq!(key.person().as_bytes()[..6], hash[..6]);
    }

    #[test]
    fn the_text_is_that_of_a_uuid_of_version_8() {
        let all_ones = IdentityHash::from_bytes([0xFF; 32]).person();
        assert_eq!(all_ones.uuid_string(), "ffffffff-ffff-8fff-bfff-ffffffffffff");
        let all_zeros = IdentityHash::from_bytes([0; 32]).person();
        assert_eq!(all_zeros.uuid_string(), "00000000-0000-8000-8000-000000000000");
    }

    proptest! {
        #[test]
        fn ids_are_uuids_of_version_8_and_nothing_else_is_an_id(hash: [u8; 32], bytes: [u8; 16]) {
            let id = IdentityHash::from_bytes(hash).person();
            prop_assert_eq!(PersonId::from_bytes(*id.as_bytes()), Some(id));
            let is_version_8 = bytes[6] >> 4 == 8 && bytes[8] >> 6 == 2;
            prop_assert_eq!(PersonId::from_bytes(bytes).is_some(), is_version_8);
            prop_assert_eq!(exact(&to_bytes(&id)), Ok(id));
            prop_assert_eq!(exact::<PersonId>(&[&[0x50], &bytes[..]].concat()).is_ok(), is_version_8);
        }
    }
}
