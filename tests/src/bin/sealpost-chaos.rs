//! Two relays on a cluster of Redis, to be broken in every way or to be used: see [`sealpost_tests::chaos`]. `cargo xtask chaos`
//! and `cargo xtask up` build all that they need and run it.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program that shows things")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use sealpost_tests::Result;
use sealpost_tests::chaos::{self, Cluster, Durability, Fault, Plan, Progress};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};

/// Two relays on a cluster of Redis.
#[derive(Parser)]
#[command(name = "sealpost-chaos")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Breaks them in every way, under load, and says what got lost
    Run(Run),
    /// Lets them serve until Ctrl-C
    Up {
        /// Keep configurations, keys and logs in this directory, which must not be there, or be empty
        #[arg(long, value_name = "DIR")]
        keep: Option<PathBuf>,
    },
}

#[derive(Args)]
struct Run {
    /// No further round of faults is begun after so many minutes; the first is always gone through
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(..=1_440))]
    minutes: u64,
    /// What decides which faults come when, and whom they meet
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// When something is accepted
    #[arg(long, value_enum, default_value = "replicas")]
    durability: Durability,
    /// Only these kinds of faults
    #[arg(long, value_enum, value_delimiter = ',', value_name = "KINDS")]
    only: Vec<Fault>,
    /// One JSON object at the end instead of a table
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Run(run) => break_all(&run),
        Command::Up { keep } => up(keep.as_deref()),
    };
    if let Err(trouble) = done {
        eprintln!("sealpost-chaos: {trouble}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Starts everything, says how it is used, and stops it when it is told to.
fn up(keep: Option<&Path>) -> Result<()> {
    let temporary = keep.is_none().then(tempfile::tempdir).transpose()?;
    let directory = keep.or(temporary.as_ref().map(TempDir::path)).ok_or("no directory")?;
    let runtime = Runtime::new()?;
    let stop = runtime.block_on(async { signal(SignalKind::terminate()) });
    let mut stop = stop?;
    let cluster = Cluster::start(directory)?;
    println!("{}", cluster.manual()?);
    runtime.block_on(async {
        tokio::select! {
            pressed = ctrl_c() => pressed,
            _ = stop.recv() => Ok(()),
        }
    })?;
    eprintln!("sealpost-chaos: stopping");
    cluster.stop()
}

fn break_all(arguments: &Run) -> Result<()> {
    let faults = if arguments.only.is_empty() { Fault::ALL.to_vec() } else { arguments.only.clone() };
    let plan = Plan {
        time: Duration::from_secs(60 * arguments.minutes),
        seed: arguments.seed,
        durability: arguments.durability,
        faults,
        mailboxes: 64,
    };
    let bar = bar(arguments.minutes)?;
    let report = chaos::run(&plan, &|progress| show(&bar, progress));
    bar.finish_and_clear();
    let report = report.map_err(|trouble| format!("{trouble} (--seed {})", arguments.seed))?;
    if arguments.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print!("{}", chaos::table(&report));
    }
    if report.holds() { Ok(()) } else { Err("what was promised was not kept".into()) }
}

/// A bar of the time; nothing where standard error is no terminal.
fn bar(minutes: u64) -> Result<ProgressBar> {
    let style = ProgressStyle::with_template("{elapsed:>4} {bar:40} {msg}")?;
    let bar = ProgressBar::new(60 * minutes).with_style(style);
    bar.enable_steady_tick(Duration::from_millis(200));
    Ok(bar)
}

fn show(bar: &ProgressBar, progress: Progress) {
    bar.set_position(bar.elapsed().as_secs());
    match progress {
        Progress::Starting => bar.set_message("six servers and two relays start"),
        Progress::Breaking(fault, before) => bar.set_message(format!("fault {}: {}", before + 1, fault.name())),
        Progress::Recovering => bar.set_message("they recover"),
        Progress::Comparing => bar.set_message("all is collected and compared"),
    }
}
