//! `sealpost policy`

use sealpost_client::policy::{Cost, Pace};
use sealpost_client::{Client, CollectPolicy};
use serde::Serialize;

use crate::arguments::{Collecting, Common, Policy};
use crate::failure::Failure;
use crate::opening;
use crate::output::Output;

/// The policy, and what it costs apart.
#[derive(Serialize)]
struct Shown {
    policy: &'static str,
    proxy: Option<String>,
    mailboxes: u64,
    requests_a_day: Option<u64>,
    bytes_a_day: Option<u64>,
}

/// Chooses, if asked to, and shows.
pub(super) fn run(common: &Common, command: &Policy, output: Output) -> Result<(), Failure> {
    let client = opening::opted_in(common)?;
    if let Some(policy) = command.policy {
        client.set_collect_policy(policy.into())?;
    }
    let pace = common.way.pace.map_or_else(Pace::default, Pace::around);
    output.show(&Shown::of(&client, &pace)?, text)
}

impl Shown {
    fn of(client: &Client, pace: &Pace) -> Result<Self, Failure> {
        let status = client.status()?;
        let mailboxes = u32::try_from(status.mailboxes).unwrap_or(u32::MAX);
        let cost = (status.policy == CollectPolicy::Apart).then(|| pace.cost(mailboxes, 0));
        Ok(Self {
            policy: name(status.policy),
            proxy: status.proxy.map(|proxy| proxy.to_string()),
            mailboxes: status.mailboxes,
            requests_a_day: cost.map(|Cost { requests, .. }| requests),
            bytes_a_day: cost.map(|Cost { bytes, .. }| bytes),
        })
    }
}

/// The word for it.
pub(super) const fn name(policy: CollectPolicy) -> &'static str {
    match policy {
        CollectPolicy::Together => "together",
        CollectPolicy::Apart => "apart",
    }
}

fn text(shown: &Shown) -> String {
    let proxy = shown.proxy.as_deref().unwrap_or("none");
    match (shown.requests_a_day, shown.bytes_a_day) {
        (Some(requests), Some(bytes)) => format!(
            "Mailboxes are collected apart, through {proxy}.\n{} of them take {requests} requests a day, and {} MB.\n",
            shown.mailboxes,
            bytes.div_ceil(1_000_000)
        ),
        _ => format!("Mailboxes are collected together. Proxy: {proxy}.\n"),
    }
}

impl From<Collecting> for CollectPolicy {
    fn from(collecting: Collecting) -> Self {
        match collecting {
            Collecting::Together => Self::Together,
            Collecting::Apart => Self::Apart,
        }
    }
}
