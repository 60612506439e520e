//! What a server may ask of a client's memory and time.

use std::ops::RangeInclusive;

use thiserror::Error;

const MEMORY: RangeInclusive<u32> = 19..=256;
const PASSES: RangeInclusive<u32> = 1..=10;
const WORK: RangeInclusive<u32> = 38..=768;

/// The cost of one [`stretch`](super::Hasher::stretch), checked: argon2id, version 0x13, one lane.
///
/// An epoch's descriptor names it, so a hostile server could ask for anything. It may ask for
///
/// - 19 to 256 MiB of memory: not so little that a GPU is at ease, and what a phone can spare for a while;
/// - 1 to 10 passes;
/// - 38 to 768 MiB of memory times passes: from a fifth of the default, so that no server can make guessing cheap, to
///   four times it, some third of a second for each number, so that none can keep a device busy for hours;
/// - one lane: two threads hash two numbers, which is as fast and needs no pool of threads in here.
///
/// The default is what RFC 9106, section 4, recommends where memory is scarce (64 MiB, 3 passes), with one lane for four.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Parameters {
    memory_mib: u32,
    passes: u32,
}

/// Which bound of [`Parameters`] was not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ParametersError {
    /// Too little or too much memory.
    #[error("argon2 with {0} MiB of memory: {min} to {max} are allowed", min = MEMORY.start(), max = MEMORY.end())]
    Memory(u32),
    /// No pass or too many.
    #[error("argon2 with {0} passes: {min} to {max} are allowed", min = PASSES.start(), max = PASSES.end())]
    Passes(u32),
    /// Another number of lanes than one.
    #[error("argon2 with {0} lanes: 1 is allowed")]
    Lanes(u32),
    /// Each is within its bounds, their product is not.
    #[error("argon2 with {0} MiB times passes: {min} to {max} are allowed", min = WORK.start(), max = WORK.end())]
    Work(u32),
}

impl Parameters {
    /// Checks parameters before anything is allocated for them.
    ///
    /// # Errors
    /// [`ParametersError`] names the first bound that they do not keep.
    pub fn new(memory_mib: u32, passes: u32, lanes: u32) -> Result<Self, ParametersError> {
        if !MEMORY.contains(&memory_mib) {
            return Err(ParametersError::Memory(memory_mib));
        }
        if !PASSES.contains(&passes) {
            return Err(ParametersError::Passes(passes));
        }
        if lanes != 1 {
            return Err(ParametersError::Lanes(lanes));
        }
        let work = memory_mib.saturating_mul(passes);
        if WORK.contains(&work) { Ok(Self { memory_mib, passes }) } else { Err(ParametersError::Work(work)) }
    }

    /// Memory in MiB.
    #[must_use]
    pub const fn memory_mib(self) -> u32 {
        self.memory_mib
    }

    /// Passes over the memory.
    #[must_use]
    pub const fn passes(self) -> u32 {
        self.passes
    }
}

/// 64 MiB, 3 passes.
impl Default for Parameters {
    fn default() -> Self {
        Self { memory_mib: 64, passes: 3 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_hostile_server_may_ask_for_is_bounded() {
        assert_eq!(Parameters::new(4_096, 3, 1), Err(ParametersError::Memory(4_096)));
        assert_eq!(Parameters::new(u32::MAX, u32::MAX, u32::MAX), Err(ParametersError::Memory(u32::MAX)));
        assert_eq!(Parameters::new(64, 1_000_000, 1), Err(ParametersError::Passes(1_000_000)));
        assert_eq!(Parameters::new(256, 4, 1), Err(ParametersError::Work(1_024)));
        assert_eq!(Parameters::new(64, 3, 0), Err(ParametersError::Lanes(0)));
        assert_eq!(Parameters::new(64, 3, 4), Err(ParametersError::Lanes(4)));
    }

    #[test]
    fn a_server_cannot_make_guessing_cheap() {
        assert_eq!(Parameters::new(18, 10, 1), Err(ParametersError::Memory(18)));
        assert_eq!(Parameters::new(64, 0, 1), Err(ParametersError::Passes(0)));
        assert_eq!(Parameters::new(37, 1, 1), Err(ParametersError::Work(37)));
    }

    #[test]
    fn the_bounds_themselves_are_allowed() {
        for (memory, passes) in [(19, 2), (38, 1), (19, 10), (256, 1), (256, 3), (76, 10)] {
            assert!(Parameters::new(memory, passes, 1).is_ok(), "{memory} MiB, {passes} passes");
        }
        assert_eq!(Parameters::new(64, 3, 1), Ok(Parameters::default()));
    }

    #[test]
    fn an_error_says_what_was_asked_and_what_is_allowed() {
        let error = Parameters::new(4_096, 3, 1).unwrap_err();
        assert_eq!(error.to_string(), "argon2 with 4096 MiB of memory: 19 to 256 are allowed");
    }
}
