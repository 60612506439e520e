//! `sealpost opt-out`

use std::time::Duration;

use data_encoding::BASE64;
use sealpost_client::{OptOutReport, Options, Profile};
use sealpost_wire::to_bytes;
use serde::Serialize;

use crate::arguments::{Common, OptOut};
use crate::failure::{Exit, Failure};
use crate::opening;
use crate::output::Output;
use crate::terminal::wrapped;

const QUESTION: &str = "Opt out? Your identity, contacts and messages on this device are erased, and what the relay \
    holds for you is closed. This cannot be undone.";

#[derive(Serialize)]
struct Left {
    confirmed: usize,
    already_gone: usize,
    pending: usize,
    wiped: bool,
    statements: Vec<String>,
}

/// The consent is revoked, durably, before the relay is asked for anything.
pub(super) async fn run(common: &Common, command: &OptOut, output: Output) -> Result<(), Failure> {
    let spread = if command.at_once { Duration::ZERO } else { Options::default().leaving_spread };
    let options = Options { leaving_spread: spread, ..Options::default() };
    let leaving = match opening::existing(common, options)? {
        None | Some(Profile::Fresh(_)) => return Err(Failure::no_consent()),
        Some(Profile::Leaving(leaving)) => leaving,
        Some(Profile::OptedIn(client)) => {
            if !command.yes && !output.confirms(&wrapped(QUESTION))? {
                return Err(Failure::new(Exit::Failed, "kept", "nothing was changed"));
            }
            client.opt_out()?
        }
    };
    let left = Left::of(&leaving.finish().await?);
    output.show(&left, text)?;
    if left.pending > 0 { Err(not_yet()) } else { Ok(()) }
}

impl Left {
    fn of(report: &OptOutReport) -> Self {
        let OptOutReport { confirmed, already_gone, pending, wiped } = report;
        let statements = confirmed.iter().map(|(_, statement)| BASE64.encode(&to_bytes(statement))).collect();
        Self { confirmed: confirmed.len(), already_gone: *already_gone, pending: *pending, wiped: *wiped, statements }
    }
}

fn text(left: &Left) -> String {
    let Left { confirmed, already_gone, pending, wiped, statements: _ } = left;
    let files = if *wiped { "This profile's files are wiped.\n" } else { "" };
    format!(
        "You are out. The relay stated, signed, that it deleted {confirmed} objects; {already_gone} it did not know; \
         {pending} are to be closed still.\n{files}"
    )
}

fn not_yet() -> Failure {
    Failure::new(Exit::NotYet, "pending", "the relay could not be asked to delete everything yet")
        .with_help("call `sealpost opt-out` again later; what is never closed lapses with its lease")
}
