//! `sealpost status`

use sealpost_client::{Client, DiscoveryAccess, Leaving, Options, Profile, Status};
use serde::Serialize;

use super::{policy, words};
use crate::arguments::Common;
use crate::failure::Failure;
use crate::opening;
use crate::output::Output;
use crate::table::table;
use crate::terminal::one_line;

/// The phase, and what there is to say in it.
#[derive(Serialize)]
#[serde(tag = "phase", rename_all = "kebab-case")]
enum Shown {
    Fresh,
    OptedIn(Box<OptedIn>),
    Leaving { confirmed: usize, already_gone: usize, pending: usize },
}

#[derive(Serialize)]
struct OptedIn {
    relay: String,
    proxy: Option<String>,
    policy: &'static str,
    region: Option<String>,
    since: String,
    listening: bool,
    contacts: u64,
    outbox: u64,
    received: u64,
    unopened: u64,
    mailboxes: u64,
    prekeys_left: Option<u16>,
    #[serde(flatten)]
    discovery: Discovery,
}

/// What there is to say of discovery and SMS.
#[derive(Serialize)]
struct Discovery {
    discovery: bool,
    listing: Option<String>,
    listing_day: Option<String>,
    found: Option<usize>,
    sms: bool,
}

/// Looks, and neither makes anything nor connects.
pub(super) fn run(common: &Common, output: Output) -> Result<(), Failure> {
    let shown = match opening::existing(common, Options::default())? {
        None | Some(Profile::Fresh(_)) => Shown::Fresh,
        Some(Profile::OptedIn(client)) => {
            Shown::OptedIn(Box::new(OptedIn::of(&client.status()?, Discovery::of(&client)?)))
        }
        Some(Profile::Leaving(leaving)) => of_leaving(&leaving)?,
    };
    output.show(&shown, text)
}

fn of_leaving(leaving: &Leaving) -> Result<Shown, Failure> {
    let report = leaving.report()?;
    let (confirmed, already_gone) = (report.confirmed.len(), report.already_gone);
    Ok(Shown::Leaving { confirmed, already_gone, pending: report.pending })
}

impl OptedIn {
    fn of(status: &Status, discovery: Discovery) -> Self {
        Self {
            relay: status.relay.to_string(),
            proxy: status.proxy.as_ref().map(ToString::to_string),
            policy: policy::name(status.policy),
            region: status.region.clone(),
            since: words::day(status.since),
            listening: status.engine_runs,
            contacts: status.contacts,
            outbox: status.outbox,
            received: status.received,
            unopened: status.unopened,
            mailboxes: status.mailboxes,
            prekeys_left: status.shelf_items,
            discovery,
        }
    }

    fn rows(&self) -> Vec<[String; 2]> {
        let prekeys = self.prekeys_left.map_or("not stocked yet".to_owned(), |left| left.to_string());
        let region = self.region.as_deref().map_or("not known yet".to_owned(), one_line);
        let mut rows = vec![
            row("relay", self.relay.clone()),
            row("proxy", self.proxy.clone().unwrap_or_else(|| "none".to_owned())),
            row("collected", self.policy.to_owned()),
            row("region", region),
            row("since", self.since.clone()),
            row("listening", if self.listening { "yes" } else { "no" }.to_owned()),
            row("contacts", self.contacts.to_string()),
            row("in the outbox", self.outbox.to_string()),
            row("received", self.received.to_string()),
            row("could not be opened", self.unopened.to_string()),
            row("open mailboxes", self.mailboxes.to_string()),
            row("prekeys left", prekeys),
        ];
        rows.extend(self.discovery.rows());
        rows
    }
}

impl Discovery {
    fn of(client: &Client) -> Result<Self, Failure> {
        let access = client.discovery()?;
        let listing = access.as_ref().map(DiscoveryAccess::listing).transpose()?;
        Ok(Self {
            discovery: access.is_some(),
            listing: listing.map(words::listing),
            listing_day: listing.and_then(words::listing_day),
            found: access.map(|access| access.found()).transpose()?.map(|found| found.len()),
            sms: client.sms()?.is_some(),
        })
    }

    fn rows(&self) -> Vec<[String; 2]> {
        let yes = |consented| if consented { "consented" } else { "no consent" }.to_owned();
        let mut rows = vec![row("discovery", yes(self.discovery))];
        if let Some(listing) = &self.listing {
            let day = self.listing_day.as_ref().map_or(String::new(), |day| format!(", {day}"));
            rows.push(row("own number", format!("{listing}{day}")));
        }
        rows.extend(self.found.map(|found| row("found by number", found.to_string())));
        rows.push(row("SMS", yes(self.sms)));
        rows
    }
}

fn row(label: &str, value: String) -> [String; 2] {
    [label.to_owned(), value]
}

fn text(shown: &Shown) -> String {
    match shown {
        Shown::Fresh => "Not opted in. Nothing was ever sent from this profile.\n".to_owned(),
        Shown::OptedIn(status) => table(["OPTED IN", ""], &status.rows()),
        Shown::Leaving { confirmed, already_gone, pending } => format!(
            "Opted out. The relay has confirmed {confirmed} deletions, did not know {already_gone}, and {pending} are to \
             be asked for still: `sealpost opt-out` goes on.\n"
        ),
    }
}
