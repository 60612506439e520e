//! In which regions one's relays may keep data.

use std::collections::BTreeSet;

/// The regions in which one's own relays may keep data, as their signed manifests name them.
///
/// ```
/// use sealpost_client::{Options, Regions};
///
/// let options = Options { regions: Regions::only(["eu-de", "eu-fr"]), ..Options::default() };
/// assert!(options.regions.allow("EU-DE") && !options.regions.allow("us-east"));
/// assert!(Regions::any().allow("us-east"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Regions(Option<BTreeSet<String>>);

impl Regions {
    /// All of them.
    #[must_use]
    pub const fn any() -> Self {
        Self(None)
    }

    /// These and no others; upper and lower case do not count.
    pub fn only<'a>(regions: impl IntoIterator<Item = &'a str>) -> Self {
        Self(Some(regions.into_iter().map(spelled).collect()))
    }

    /// Whether a relay may keep data in this region.
    #[must_use]
    pub fn allow(&self, region: &str) -> bool {
        self.0.as_ref().is_none_or(|allowed| allowed.contains(&spelled(region)))
    }
}

fn spelled(region: &str) -> String {
    region.trim().to_lowercase()
}
