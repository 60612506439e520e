//! The salt of an epoch.

use crate::Epoch;

/// What makes one epoch's hashes useless in the next. It is public, in the epoch's signed descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EpochSalt([u8; 32]);

impl EpochSalt {
    /// The salt that key services make together: `BLAKE3-derive("sealpost v1 epoch salt", epoch[4] ‖ contributions)`.
    ///
    /// Each contributes 32 random bytes, in the descriptor's order. No one of them, nor the directory, chooses the salt,
    /// so none can have computed hashes for it beforehand.
    #[must_use]
    pub fn of(Epoch(epoch): Epoch, contributions: &[[u8; 32]]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("sealpost v1 epoch salt");
        hasher.update(&epoch.to_be_bytes());
        hasher.update(contributions.as_flattened());
        Self(*hasher.finalize().as_bytes())
    }

    /// Wraps a descriptor's bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;

    /// Computed with an implementation of BLAKE3 of its own.
    #[test]
    fn the_salt_is_a_hash_of_epoch_and_contributions() {
        let salt = EpochSalt::of(Epoch(1), &[[1; 32], [2; 32]]);
        let expected = "1c9d500d18947b08bde7eb7887354057ef583bd03909c48694db6e16b50983a1";
        assert_eq!(HEXLOWER.encode(salt.as_bytes()), expected);
    }

    #[test]
    fn epoch_and_every_contribution_change_the_salt() {
        let salt = EpochSalt::of(Epoch(1), &[[1; 32], [2; 32]]);
        assert_eq!(salt, EpochSalt::of(Epoch(1), &[[1; 32], [2; 32]]));
        for other in [
            EpochSalt::of(Epoch(2), &[[1; 32], [2; 32]]),
            EpochSalt::of(Epoch(1), &[[2; 32], [1; 32]]),
            EpochSalt::of(Epoch(1), &[[1; 32]]),
            EpochSalt::of(Epoch(1), &[]),
        ] {
            assert_ne!(salt, other);
        }
    }
}
