//! What runs relays on a cluster of Redis.

use std::path::PathBuf;
use std::process::Command;

use clap::Args;

use crate::commands::{PROGRAMS, built};
use crate::failure::Failure;
use crate::machine::{self, BUILD, REDIS};
use crate::run::{become_it, cargo, run};

/// `cargo xtask chaos`
#[derive(Args)]
#[command(after_help = "\
Examples:
  cargo xtask chaos --minutes 3 --json
  cargo xtask chaos --seed 7 --only master-killed,relay-cut
  cargo xtask chaos --durability second")]
pub(crate) struct Chaos {
    /// No further round of faults is begun after so many minutes; the first is always gone through
    #[arg(long, default_value_t = 3)]
    minutes: u64,
    /// What decides which faults come when, and whom they meet
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// When something is accepted: `replicas`, `disk` or `second`
    #[arg(long, default_value = "replicas")]
    durability: String,
    /// Only these kinds of faults, such as `master-killed,relay-cut`
    #[arg(long, value_name = "KINDS")]
    only: Option<String>,
    /// One JSON object at the end instead of a table
    #[arg(long)]
    json: bool,
    /// Use optimized programs
    #[arg(long)]
    release: bool,
}

/// Builds the programs, then breaks a stage of them; it fails where an envelope that was accepted is lost.
pub(crate) fn chaos(chaos: &Chaos) -> Result<(), Failure> {
    let mut command = on_a_cluster(chaos.release)?;
    command.arg("run").args(["--minutes", &chaos.minutes.to_string(), "--seed", &chaos.seed.to_string()]);
    command.args(["--durability", &chaos.durability]);
    if let Some(kinds) = &chaos.only {
        command.args(["--only", kinds]);
    }
    if chaos.json {
        command.arg("--json");
    }
    run(&mut command)
}

/// `cargo xtask up`
#[derive(Args)]
#[command(after_help = "\
Examples:
  cargo xtask up
  cargo xtask up --keep /tmp/cluster")]
pub(crate) struct Up {
    /// Keep configurations, keys and logs in this directory, which must not be there, or be empty
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Use optimized programs
    #[arg(long)]
    release: bool,
}

/// Builds the programs and lets two relays serve on a cluster of Redis until Ctrl-C.
pub(crate) fn up(up: &Up) -> Result<(), Failure> {
    let mut command = on_a_cluster(up.release)?;
    command.arg("up");
    if let Some(directory) = &up.keep {
        command.arg("--keep").arg(directory);
    }
    Err(become_it(&mut command))
}

/// The program that starts relays on a cluster, built with all that it starts.
fn on_a_cluster(release: bool) -> Result<Command, Failure> {
    machine::ensure(BUILD)?;
    machine::ensure(REDIS)?;
    let profile: &[&str] = if release { &["--release"] } else { &[] };
    run(cargo(&["build", "--bins"]).args(PROGRAMS).args(profile))?;
    Ok(Command::new(built("sealpost-chaos", release)?))
}
