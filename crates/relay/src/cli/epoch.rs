//! `sealpost-relay epoch`

pub(super) mod calendar;
mod directory;
mod keys;
mod row;

use clap::{Args, Subcommand};
use sealpost_wire::directory::Epoch;
use sealpost_wire::time::Day;
use serde::Serialize;

use self::calendar::date;
use self::directory::Directory;
use self::keys::Keys;
use self::row::{Row, table};
use super::{ConfigFile, Failure, confirm, say, say_json};
use crate::clock::{Clock, SystemClock};
use crate::config::{self, Role};

/// Show, make ahead and retire the epochs of discovery.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost-relay epoch list
  sealpost-relay epoch next --config /etc/sealpost-relay.toml
  sealpost-relay epoch retire 230 --force

An epoch is 90 days by the calendar, open from 14 days before to 14 days after. `serve` makes what
an open epoch needs and erases what has closed, by itself. These commands work beside a running
server, which sees within a minute what they have changed.")]
pub(super) struct EpochCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show the epochs that there are.
    List(List),
    /// Make what the next epoch needs, ahead of the day on which it opens.
    Next(Next),
    /// Erase what an epoch needs, for good; there is no second time for the same epoch.
    Retire(Retire),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost-relay epoch list
  sealpost-relay epoch list --json

With --json, one line; `state` is current, open, ahead, retired or closed, days are of UTC:
  {\"epochs\":[{\"epoch\":230,\"state\":\"current\",\"opens\":…,\"first_day\":…,\"last_day\":…,\"closes\":…,
              \"public_key\":…,\"contribution\":…}]}")]
struct List {
    #[command(flatten)]
    file: ConfigFile,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost-relay epoch next
  sealpost-relay epoch next --json

It is in use from then on: after a leak, retire the current epoch and make the next one, which then
lasts longer. Where it is there already, nothing changes. With --json, one line:
  {\"made\":true,\"epoch\":{\"epoch\":231,…}}")]
struct Next {
    #[command(flatten)]
    file: ConfigFile,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost-relay epoch retire 230
  sealpost-relay epoch retire 231 --force --yes --json

Who was found by that epoch is not found any more until they publish in another one. With --json,
one line:
  {\"retired\":230}")]
struct Retire {
    /// The epoch's number, as `epoch list` shows it.
    #[arg(value_name = "NUMBER")]
    epoch: u32,
    #[command(flatten)]
    file: ConfigFile,
    /// Also an epoch that has not closed.
    #[arg(long)]
    force: bool,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

/// The epochs of a server, whatever its role.
trait Epochs {
    /// What there is of an epoch, for a sentence: "the key".
    fn what(&self) -> &'static str;

    /// The details that are shown in a table; all are in JSON.
    fn columns(&self) -> &'static [&'static str];

    /// All epochs, in order.
    fn list(&self, today: Day) -> Result<Vec<Row>, Failure>;

    /// Makes what `epoch` needs; tells whether it was not there already.
    fn make(&self, epoch: Epoch) -> Result<bool, Failure>;

    /// Erases it; tells whether there was something.
    fn retire(&self, epoch: Epoch, today: Day) -> Result<bool, Failure>;
}

#[derive(Serialize)]
struct Listed {
    epochs: Vec<Row>,
}

#[derive(Serialize)]
struct Made {
    made: bool,
    epoch: Option<Row>,
}

#[derive(Serialize)]
struct Retired {
    retired: u32,
}

impl EpochCommand {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let today = Day::of(SystemClock.now());
        match &self.action {
            Action::List(list) => list.run(today),
            Action::Next(next) => next.run(today),
            Action::Retire(retire) => retire.run(today),
        }
    }
}

/// The epochs of the server that the file configures.
fn epochs(file: &ConfigFile) -> Result<Box<dyn Epochs>, Failure> {
    let config = config::load(&file.config)?;
    match config.role {
        Role::KeyService => Ok(Box::new(Keys::new(config.key_service.keys))),
        Role::Relay if config.directory.enabled => Ok(Box::new(Directory::new(config)?)),
        Role::Relay | Role::OhttpProxy => Err(Failure::NoEpochs),
    }
}

impl List {
    fn run(&self, today: Day) -> Result<(), Failure> {
        let epochs = epochs(&self.file)?;
        let rows = epochs.list(today)?;
        if self.json {
            say_json(&Listed { epochs: rows });
        } else if rows.is_empty() {
            say(format_args!("there is {} of no epoch yet; `serve` makes what is needed today", epochs.what()));
        } else {
            table(&rows, epochs.columns()).iter().for_each(say);
        }
        Ok(())
    }
}

impl Next {
    fn run(&self, today: Day) -> Result<(), Failure> {
        let epochs = epochs(&self.file)?;
        let next = Epoch::of(today).next();
        let made = epochs.make(next)?;
        if self.json {
            let epoch = epochs.list(today)?.into_iter().find(|row| row.epoch == next.0);
            say_json(&Made { made, epoch });
        } else if made {
            say(format_args!("{} of epoch {} is made, ahead of {}", epochs.what(), next.0, date(next.opens())));
        } else {
            say(format_args!("{} of epoch {} was there already", epochs.what(), next.0));
        }
        Ok(())
    }
}

impl Retire {
    fn run(&self, today: Day) -> Result<(), Failure> {
        let (epochs, epoch) = (epochs(&self.file)?, Epoch(self.epoch));
        if !epochs.list(today)?.iter().any(|row| row.epoch == epoch.0 && row.is_kept()) {
            return Err(Failure::NoSuchEpoch { epoch: epoch.0 });
        }
        if today <= epoch.closes() && !self.force {
            return Err(Failure::LiveEpoch { epoch: epoch.0, closes: date(epoch.closes()) });
        }
        confirm(self.yes, &format!("Erase {} of epoch {} for good?", epochs.what(), epoch.0))?;
        epochs.retire(epoch, today)?;
        match self.json {
            true => say_json(&Retired { retired: epoch.0 }),
            false => say(format_args!("{} of epoch {} is erased", epochs.what(), epoch.0)),
        }
        Ok(())
    }
}
