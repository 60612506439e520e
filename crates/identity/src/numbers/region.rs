//! Where a number that is written without its country code is dialled.

use std::str::FromStr;

use rlibphonenumber::PHONE_NUMBER_UTIL;
use thiserror::Error;

/// A country or territory with a telephone numbering plan, by its two letters (ISO 3166-1 alpha-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region(rlibphonenumber::Region);

/// The text is not the two letters of a region with a numbering plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a region is the two letters of a country with a numbering plan, such as DE")]
pub struct UnknownRegion;

impl Region {
    pub(super) const fn plan(self) -> rlibphonenumber::Region {
        self.0
    }

    pub(super) fn of_country_code(code: i32) -> Option<Self> {
        PHONE_NUMBER_UTIL.get_region_for_country_code(code).and_then(Self::with_a_plan)
    }

    /// Services that belong to no country have a region too, 001.
    fn with_a_plan(region: rlibphonenumber::Region) -> Option<Self> {
        PHONE_NUMBER_UTIL.get_country_code_for_region(region).map(|_| Self(region))
    }
}

impl FromStr for Region {
    type Err = UnknownRegion;

    fn from_str(letters: &str) -> Result<Self, UnknownRegion> {
        rlibphonenumber::Region::from_code(letters).ok().and_then(Self::with_a_plan).ok_or(UnknownRegion)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_two_letters_in_either_case() {
        assert_eq!("de".parse::<Region>(), "DE".parse());
        for unknown in ["", "D", "DEU", "ZZ", "001", "12", "Ä"] {
            assert_eq!(unknown.parse::<Region>(), Err(UnknownRegion), "{unknown}");
        }
    }
}
