//! `sealpost opt-in`

use sealpost_client::{Error, ErrorKind, Profile};
use sealpost_identity::consent::Messaging;
use serde::Serialize;

use super::consent;
use crate::arguments::{Collecting, Common, OptIn};
use crate::failure::{Exit, Failure};
use crate::opening;
use crate::output::Output;

#[derive(Serialize)]
struct OptedIn {
    opted_in: bool,
    relay: String,
    card: String,
}

/// Asks first, and makes nothing before the answer: without a yes there is not even a directory.
pub(super) fn run(common: &Common, command: &OptIn, output: Output) -> Result<(), Failure> {
    if command.policy == Collecting::Apart && common.way.proxy.is_none() {
        return Err(Error::from(ErrorKind::ProxyNeeded).into());
    }
    let messaging = consent::asked::<Messaging>(command.i_consent, output)?;
    let device = match opening::existing_or_fresh(common)? {
        Profile::Fresh(device) => device,
        Profile::OptedIn(_) => return Err(already("already-opted-in", "this profile has opted in already")),
        Profile::Leaving(_) => return Err(already("leaving", "this profile is still closing what the relay holds")),
    };
    let client = device.opt_in(messaging, command.relay.clone())?;
    common.invite.iter().try_for_each(|invite| invite.keep(&client))?;
    if command.policy != Collecting::Together {
        client.set_collect_policy(command.policy.into())?;
    }
    let result =
        OptedIn { opted_in: true, relay: command.relay.to_string(), card: client.card()?.to_link().to_string() };
    output.show(&result, |_| {
        let host = &command.relay.host;
        format!(
            "You are in; your relay is {host}.\nStart `sealpost listen`, which also stocks your shelf there, and show \
             your card with `sealpost card`.\n"
        )
    })
}

fn already(kind: &str, message: &str) -> Failure {
    Failure::new(Exit::Failed, kind, message)
        .with_help("`sealpost status` shows it; `sealpost opt-out` leaves; --profile DIR names another")
}
