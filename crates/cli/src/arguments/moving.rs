//! What can be written about moving to another relay, and about what contacts are told.

use std::time::Duration;

use clap::{Args, ValueEnum};
use sealpost_wire::RelayRef;

/// `sealpost move`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost move sealpost-relay:relay.example.org:443/KEY
  sealpost move RELAY --regions eu-de,eu-fr
  sealpost move                                       how far it is, and what the old relay has stated
  sealpost move --json | jq -r '.statements[]'

Contacts are told inside the seal. What is under way to the old relay is collected for a time to live; `sealpost listen`
does that, and closes what was left behind.")]
pub(crate) struct Move {
    /// Where to, as its operator tells it: sealpost-relay:HOST:PORT/KEY [default: show the moves so far]
    #[arg(value_name = "RELAY")]
    pub(crate) relay: Option<RelayRef>,
    /// Return as soon as it is durably begun, and leave the rest to `sealpost listen`
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// How long to wait until all contacts have been told; they will be in any case
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = humantime::parse_duration)]
    pub(crate) timeout: Duration,
    /// Do everything at once instead of spread over a minute: faster, and the relays see what belongs together
    #[arg(long)]
    pub(crate) at_once: bool,
}

/// `sealpost receipts` and `sealpost typing`
#[derive(Debug, Args)]
#[command(after_help = "\
It is off until you turn it on, for each contact. It goes inside sealed messages that look like all others; but whatever is
sent back by itself makes it easier for a relay to see who talks to whom.")]
pub(crate) struct Telling {
    /// Whom it is told
    pub(crate) name: String,
    /// Whether
    pub(crate) switch: Switch,
}

/// Whether something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    /// From now on
    On,
    /// Not any more
    Off,
}
