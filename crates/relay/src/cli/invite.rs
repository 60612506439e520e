//! `sealpost-relay invite`

use clap::Args;
use sealpost_wire::time::Day;
use serde::Serialize;

use super::epoch::calendar::date;
use super::{ConfigFile, Failure, say, say_json};
use crate::clock::{Clock, SystemClock};
use crate::config::{self, Config, TicketPolicy};
use crate::tickets::invites::InviteDirectory;

/// Make codes that people get their first tickets for.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost-relay invite
  sealpost-relay invite --count 20 --days 7 --config /etc/sealpost-relay.toml
  sealpost-relay invite --json

Prints one code a line. Each is good once: give each person one of their own, with the relay's reference.
Their program then gets its tickets by itself, and the relay cannot tell which ticket it got for which
code. The code is kept nowhere, only a hash of it until its last day. Works beside a running server,
which knows it at once. With --json, one line; `good_until` is a day of UTC:
  {\"codes\":[…],\"good_until\":…}")]
pub(super) struct Invite {
    #[command(flatten)]
    file: ConfigFile,
    /// How many.
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    count: u16,
    /// For how many days after today they are good.
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(0..=365))]
    days: u32,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

/// What was made.
#[derive(Serialize)]
struct Made {
    codes: Vec<String>,
    good_until: String,
}

impl Invite {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let config = config::load(&self.file.config)?;
        let made = self.make(&config, Day::of(SystemClock.now()))?;
        match self.json {
            true => say_json(&made),
            false => made.codes.iter().for_each(say),
        }
        Ok(())
    }

    fn make(&self, config: &Config, today: Day) -> Result<Made, Failure> {
        if !matches!(config.tickets.policy, TicketPolicy::Invite | TicketPolicy::Attestation) {
            return Err(Failure::NoInvites);
        }
        let (invites, last) = (InviteDirectory::of(&config.tickets.keys), today.plus(self.days));
        let code = |_| invites.make(last, &mut rand::rng()).map(|code| code.to_text().to_string());
        let codes = (0..self.count).map(code).collect::<Result<_, _>>().map_err(Failure::Tickets)?;
        Ok(Made { codes, good_until: date(last) })
    }
}
