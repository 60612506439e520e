//! argon2id (RFC 9106) with memory that is used again.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use sealpost_wire::Secret;
use thiserror::Error;
use zeroize::Zeroize;

use super::{EpochSalt, Parameters};
use crate::redacted::redacted;

const BLOCKS_PER_MIB: u32 = 1_024;

/// Hashes numbers one after the other in the same memory: allocating it anew each time costs two fifths more.
///
/// One belongs to one thread; a client makes one for each core that it wants to use. The memory still holds the last
/// number's state until the hasher is dropped, which wipes it: drop it when a run is over.
pub struct Hasher {
    argon2: Argon2<'static>,
    memory: Box<[Block]>,
}

/// The device did not give the memory that the epoch's parameters ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{0} MiB of memory for argon2 are not to be had")]
pub struct OutOfMemory(u32);

/// A number after argon2id. Whoever has it can look the number up, and guess it at the price of one hash a guess; a
/// device caches it for the epoch, in its encrypted store alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Stretched(Secret<32>);

redacted!(Hasher, Stretched);

impl Hasher {
    /// Allocates the memory that `parameters` ask for.
    ///
    /// # Errors
    /// [`OutOfMemory`] if the allocator refuses.
    pub fn new(parameters: Parameters) -> Result<Self, OutOfMemory> {
        let blocks = parameters.memory_mib() * BLOCKS_PER_MIB;
        let memory = allocate(blocks).ok_or(OutOfMemory(parameters.memory_mib()))?;
        #[expect(clippy::expect_used, reason = "it refuses less memory or fewer passes than ours, and nothing else")]
        let params =
            Params::new(blocks, parameters.passes(), 1, Some(32)).expect("checked parameters are argon2's too");
        Ok(Self { argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params), memory })
    }

    /// `argon2id(number, salt)`, of the number's E.164 form, `+` and digits.
    ///
    /// What goes in must be the one spelling of the number: any byte that differs makes another hash.
    pub fn stretch(&mut self, number: &[u8], salt: &EpochSalt) -> Stretched {
        self.hash(number, salt.as_bytes())
    }

    fn hash(&mut self, password: &[u8], salt: &[u8]) -> Stretched {
        let mut hash = [0; 32];
        let done = self.argon2.hash_password_into_with_memory(password, salt, &mut hash, &mut self.memory);
        #[expect(
            clippy::expect_used,
            reason = "it refuses 4 GiB of password, short salts and short memory, and nothing else"
        )]
        done.expect("the memory is as long as the parameters say");
        let stretched = Stretched::new(Secret::new(hash));
        hash.zeroize();
        stretched
    }
}

impl Drop for Hasher {
    fn drop(&mut self) {
        self.memory.zeroize();
    }
}

impl Stretched {
    /// Takes over bytes that were cached.
    #[must_use]
    pub const fn new(secret: Secret<32>) -> Self {
        Self(secret)
    }

    /// The bytes: the value to blind, or a row of an encrypted cache.
    #[must_use]
    pub const fn secret(&self) -> &Secret<32> {
        &self.0
    }
}

fn allocate(blocks: u32) -> Option<Box<[Block]>> {
    let blocks = usize::try_from(blocks).ok()?;
    let mut memory = Vec::new();
    memory.try_reserve_exact(blocks).ok()?;
    memory.resize(blocks, Block::new());
    Some(memory.into_boxed_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: EpochSalt = EpochSalt::from_bytes([2; 32]);

    fn cheapest() -> Hasher {
        Hasher::new(Parameters::new(19, 2, 1).unwrap()).unwrap()
    }

    /// From the tests of the reference implementation (phc-winner-argon2, `src/test.c`).
    #[test]
    fn the_hash_is_that_of_the_reference_implementation() {
        let mut hasher = Hasher::new(Parameters::new(64, 2, 1).unwrap()).unwrap();
        let expected = "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7";
        let expected = data_encoding::HEXLOWER.decode(expected.as_bytes()).unwrap();
        assert_eq!(hasher.hash(b"password", b"somesalt").secret().expose().as_slice(), expected);
    }

    #[test]
    fn memory_that_was_used_before_changes_no_hash() {
        let mut used = cheapest();
        let first = used.stretch(b"+4915123456789", &SALT);
        assert!(used.stretch(b"+12025550123", &SALT) != first);
        assert!(used.stretch(b"+4915123456789", &SALT) == first);
        assert!(cheapest().stretch(b"+4915123456789", &SALT) == first);
    }

    #[test]
    fn salt_and_parameters_change_the_hash() {
        let first = cheapest().stretch(b"+12025550123", &SALT);
        assert!(cheapest().stretch(b"+12025550123", &EpochSalt::from_bytes([3; 32])) != first);
        let mut slower = Hasher::new(Parameters::new(19, 3, 1).unwrap()).unwrap();
        assert!(slower.stretch(b"+12025550123", &SALT) != first);
    }
}
