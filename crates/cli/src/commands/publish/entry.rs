//! How one's own entry stands, for people and for scripts.

use std::time::Duration;

use sealpost_client::{Client, DiscoveryAccess, Listing, Terms};
use serde::Serialize;
use tokio::time::{Instant, sleep};

use crate::commands::words;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::progress::Spinner;

const LOOK_EVERY: Duration = Duration::from_millis(250);

/// What came of publishing.
#[derive(Serialize)]
pub(super) struct Entry {
    listing: String,
    day: Option<String>,
    attester: Option<String>,
    key_services: usize,
    #[serde(skip)]
    state: Listing,
}

/// Runs the engine until the directory has the entry, or for as long as `patience` lasts.
pub(super) async fn listed(
    client: &Client,
    access: &DiscoveryAccess,
    patience: Duration,
    output: Output,
) -> Result<Listing, Failure> {
    let end = Instant::now() + patience;
    let engine = client.start()?;
    let spinner = Spinner::new(output, "waiting until the directory lists it");
    let listing = loop {
        let listing = access.listing()?;
        if listing != Listing::Preparing || Instant::now() >= end {
            break listing;
        }
        sleep(LOOK_EVERY).await;
    };
    drop(spinner);
    engine.stop().await;
    Ok(listing)
}

impl Entry {
    pub(super) fn of(state: Listing, terms: &Terms) -> Self {
        Self {
            listing: words::listing(state),
            day: words::listing_day(state),
            attester: terms.attester.as_ref().map(ToString::to_string),
            key_services: terms.epochs.first().map_or(0, |epoch| epoch.key_services.len()),
            state,
        }
    }

    pub(super) fn text(&self) -> String {
        let day = self.day.as_deref().unwrap_or_default();
        match self.state {
            Listing::Listed { proof_due } => {
                let due = proof_due.map(|_| format!("On {day} the entry ends: publish the number again before.\n"));
                format!(
                    "Listed. Whoever has your number and looks it up can write to you now; nobody else learns from the \
                     directory that it is there.\n`sealpost withdraw` takes it out.\n{}",
                    due.unwrap_or_default()
                )
            }
            Listing::Waiting { .. } => format!(
                "Another entry stands under this number. On {day} yours takes its place, if its owner does not prove the \
                 number before. Until then people find the other.\n"
            ),
            Listing::Contested { .. } => format!(
                "Listed. But somebody else has proved this number, and on {day} their entry takes the place of yours: \
                 `sealpost publish NUMBER --prove` ends that.\n"
            ),
            Listing::NotPublished => "Proved. You can look people up; nobody finds you by your number.\n".to_owned(),
            Listing::Preparing => "It is stored, and will be listed.\n".to_owned(),
            _ => String::new(),
        }
    }

    /// Whether people can find the number.
    pub(super) fn verdict(&self) -> Result<(), Failure> {
        let not_yet = |message: &str| Failure::new(Exit::NotYet, &self.listing, message);
        match self.state {
            Listing::Listed { .. } | Listing::Contested { .. } => Ok(()),
            Listing::Waiting { .. } => Err(not_yet("another entry stands under this number")
                .with_help("`sealpost listen` puts yours in its place when its day has come")),
            Listing::Full => {
                Err(not_yet("the directory has no room for the entry").with_help("it is tried again daily"))
            }
            Listing::ProofNeeded => Err(Failure::new(Exit::Failed, &self.listing, "the number has to be proved again")
                .with_help("sealpost publish NUMBER --prove")),
            _ => Err(not_yet("the directory does not list the number yet")
                .with_help("it is stored; `sealpost listen` goes on, and `sealpost status` shows how it stands")),
        }
    }
}

#[cfg(test)]
mod tests {
    use sealpost_client::Day;

    use super::*;

    fn entry(state: Listing) -> Entry {
        Entry::of(state, &Terms { attester: None, epochs: vec![] })
    }

    #[test]
    fn only_what_people_can_find_is_done() {
        let exit = |state| entry(state).verdict().err().map(|failure| failure.exit());
        assert_eq!(exit(Listing::Listed { proof_due: None }), None);
        assert_eq!(exit(Listing::Contested { until: Day(20_778) }), None);
        for waits in [Listing::Preparing, Listing::Waiting { from: Day(20_778) }, Listing::Full] {
            assert_eq!(exit(waits), Some(Exit::NotYet), "{waits:?}");
        }
        assert_eq!(exit(Listing::ProofNeeded), Some(Exit::Failed));
    }

    #[test]
    fn a_script_reads_state_and_day() {
        let json = |state| serde_json::to_string(&entry(state)).unwrap();
        assert_eq!(
            json(Listing::Waiting { from: Day(20_778) }),
            r#"{"listing":"waiting","day":"2026-11-21","attester":null,"key_services":0}"#
        );
        assert_eq!(
            json(Listing::Listed { proof_due: None }),
            r#"{"listing":"listed","day":null,"attester":null,"key_services":0}"#
        );
    }
}
