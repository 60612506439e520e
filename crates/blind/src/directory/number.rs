//! Which bucket a number is in.

use thiserror::Error;

use crate::redacted::redacted;

/// The first four bytes of what was derived for a number. Its first bits name the bucket, however many buckets there are.
///
/// **Relay learns:** all 32 bits when a number is published, the bucket's bits when one is looked up. They come out of a
/// keyed hash, so they say nothing of the number to whoever lacks the key services' keys.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketPrefix(pub u32);

/// How many bits of a prefix name a bucket: a directory has two to their power of buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketBits(u8);

/// A directory claims to have more buckets than one can need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{0} bits of bucket number: at most {max} are allowed", max = BucketBits::MAX)]
pub struct TooManyBits(u8);

redacted!(BucketPrefix);

impl BucketBits {
    /// 2^24 buckets hold some two billion entries. With more bits than it needs, a directory has fewer people in a
    /// bucket, and a bucket that was read says more.
    pub const MAX: u8 = 24;

    /// The one bucket of a small directory.
    pub const ONE_BUCKET: Self = Self(0);

    /// Checks what a manifest says.
    ///
    /// # Errors
    /// [`TooManyBits`] above [`Self::MAX`].
    pub const fn new(bits: u8) -> Result<Self, TooManyBits> {
        if bits <= Self::MAX { Ok(Self(bits)) } else { Err(TooManyBits(bits)) }
    }

    /// The number of bits.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }
}

impl BucketPrefix {
    /// The number of the bucket among `2^bits`. With one bit more, bucket `b` splits into `2b` and `2b + 1`.
    #[must_use]
    pub fn bucket(self, bits: BucketBits) -> u32 {
        self.0.checked_shr(u32::BITS - u32::from(bits.0)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_bits_are_one_bucket() {
        assert_eq!(BucketPrefix(u32::MAX).bucket(BucketBits::ONE_BUCKET), 0);
    }

    #[test]
    fn the_first_bits_are_the_number() {
        let prefix = BucketPrefix(0xABCD_EF01);
        assert_eq!(prefix.bucket(BucketBits(1)), 1);
        assert_eq!(prefix.bucket(BucketBits(8)), 0xAB);
        assert_eq!(prefix.bucket(BucketBits(24)), 0x00AB_CDEF);
    }

    #[test]
    fn more_buckets_than_people_are_refused() {
        assert_eq!(BucketBits::new(25), Err(TooManyBits(25)));
        assert_eq!(BucketBits::new(u8::MAX), Err(TooManyBits(u8::MAX)));
        assert_eq!(BucketBits::new(24).map(BucketBits::bits), Ok(24));
    }

    proptest! {
        #[test]
        fn one_bit_more_splits_a_bucket_in_two(prefix: u32, bits in 0..BucketBits::MAX) {
            let prefix = BucketPrefix(prefix);
            prop_assert_eq!(prefix.bucket(BucketBits(bits + 1)) / 2, prefix.bucket(BucketBits(bits)));
        }
    }
}
