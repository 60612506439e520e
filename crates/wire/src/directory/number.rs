//! Which bucket a number is in.

use minicbor::{Decode, Encode};
use thiserror::Error;

use super::Epoch;
use crate::codec::redacted;

/// The first four bytes of what was derived for a number. Its first bits name the bucket, however many buckets there are.
///
/// **Relay learns:** all 32 bits when a number is published, the bucket's bits when one is looked up. They come out of a
/// keyed hash, so they say nothing of the number to whoever lacks the key services' keys.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct BucketPrefix(#[n(0)] pub u32);

/// How many bits of a prefix name a bucket: a directory has two to their power of buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketBits(u8);

/// A directory claims to have more buckets than one can need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{0} bits of bucket number: at most {max} are allowed", max = BucketBits::MAX)]
pub struct TooManyBits(u8);

/// Which bucket is read: `GET /v1/bucket/EPOCH/BITS/NUMBER`, answered by the bucket's bytes.
///
/// **Relay learns:** that someone looks for a number of this bucket, or pretends to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BucketRead {
    /// The epoch.
    pub epoch: Epoch,
    /// How many bits the reader takes the number to have.
    pub bits: BucketBits,
    /// The bucket's number.
    pub number: u32,
}

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

    /// How many buckets there are.
    #[must_use]
    pub const fn buckets(self) -> u32 {
        1 << self.0
    }

    /// One bit more: every bucket splits. `None` at [`Self::MAX`].
    #[must_use]
    pub const fn split(self) -> Option<Self> {
        if self.0 < Self::MAX { Some(Self(self.0 + 1)) } else { None }
    }
}

impl BucketPrefix {
    /// The number of the bucket among `2^bits`. With one bit more, bucket `b` splits into `2b` and `2b + 1`.
    #[must_use]
    pub const fn bucket(self, bits: BucketBits) -> u32 {
        match 32 - bits.0 as u32 {
            32 => 0,
            shift => self.0 >> shift,
        }
    }

    /// The first and the last prefix of a bucket.
    #[must_use]
    pub const fn range(number: u32, bits: BucketBits) -> (Self, Self) {
        let shift = 32 - bits.0 as u32;
        let below = if shift == 32 { u32::MAX } else { (1 << shift) - 1 };
        let first = if shift == 32 { 0 } else { number << shift };
        (Self(first), Self(first | below))
    }
}

impl BucketRead {
    /// Where buckets are: the path, without its three numbers.
    pub const PATH: &'static str = "/v1/bucket";

    /// The whole path.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}/{}/{}/{}", Self::PATH, self.epoch.0, self.bits.0, self.number)
    }

    /// Reads the three numbers of a path, in their one spelling; `None` for anything else, and for a bucket that there is
    /// not among so many.
    #[must_use]
    pub fn of(epoch: &str, bits: &str, number: &str) -> Option<Self> {
        let bits = BucketBits::new(u8::try_from(decimal(bits)?).ok()?).ok()?;
        let number = decimal(number).filter(|number| *number < bits.buckets())?;
        Some(Self { epoch: Epoch(decimal(epoch)?), bits, number })
    }
}

fn decimal(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number: &u32| number.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(bits: u8) -> BucketBits {
        BucketBits::new(bits).unwrap()
    }

    #[test]
    fn one_more_bit_splits_every_bucket_in_two() {
        let prefix = BucketPrefix(0b1011 << 28);
        assert_eq!(prefix.bucket(bits(0)), 0);
        assert_eq!(prefix.bucket(bits(3)), 0b101);
        assert_eq!(prefix.bucket(bits(4)), 0b1011);
        assert_eq!(bits(3).split(), Some(bits(4)));
        assert_eq!(bits(24).split(), None);
        assert!(BucketBits::new(25).is_err());
    }

    #[test]
    fn a_bucket_is_the_range_of_its_prefixes() {
        for (number, of) in [(0, 0), (1, 1), (5, 3), ((1 << 24) - 1, 24)] {
            let (first, last) = BucketPrefix::range(number, bits(of));
            assert_eq!((first.bucket(bits(of)), last.bucket(bits(of))), (number, number));
            let before = first.0.checked_sub(1).map(|prefix| BucketPrefix(prefix).bucket(bits(of)));
            let after = last.0.checked_add(1).map(|prefix| BucketPrefix(prefix).bucket(bits(of)));
            assert!(before != Some(number) && after != Some(number));
        }
        assert_eq!(BucketPrefix::range(0, bits(0)), (BucketPrefix(0), BucketPrefix(u32::MAX)));
    }

    #[test]
    fn a_bucket_has_one_path() {
        let read = BucketRead { epoch: Epoch(230), bits: bits(3), number: 5 };
        assert_eq!(read.path(), "/v1/bucket/230/3/5");
        assert_eq!(BucketRead::of("230", "3", "5"), Some(read));
        for (epoch, bits, number) in [
            ("230", "3", "8"),
            ("230", "25", "0"),
            ("230", "03", "5"),
            ("+230", "3", "5"),
            ("", "3", "5"),
            ("a", "0", "0"),
        ] {
            assert_eq!(BucketRead::of(epoch, bits, number), None, "{epoch}/{bits}/{number}");
        }
    }
}
