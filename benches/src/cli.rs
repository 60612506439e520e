//! The command line of `sealpost-bench`.

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use http::Uri;
use sealpost_wire::SizeClass;
use serde::Serialize;
use tokio::runtime::Runtime;

use crate::compare;
use crate::failure::Failure;
use crate::floor;
use crate::machine::Machine;
use crate::plot;
use crate::progress::Progress;
use crate::redis::Durability;
use crate::scenario::crew::Shape;
use crate::scenario::online::{Load, Times};
use crate::scenario::{all, all::All, away, burst, idle, online, quick, soak};
use crate::subject::{Kind, Programs};
use crate::table;

/// Loads a relay, checks that nothing is lost, and says what it cost.
#[derive(Debug, Parser)]
#[command(name = "sealpost-bench", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
struct Common {
    /// One JSON object instead of a table.
    #[arg(long, global = true)]
    json: bool,
    /// The relay's program, instead of the one beside this.
    #[arg(long, value_name = "FILE", global = true)]
    relay: Option<PathBuf>,
    /// Where stores are made, instead of the system's temporary directory.
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<PathBuf>,
    /// A relay that runs already, instead of one that is started: `https://relay.example.org:8443`, or `http:` without
    /// TLS. It must take tickets from nobody, and allow as many deposits to a mailbox as come.
    #[arg(long, value_name = "URL", global = true)]
    url: Option<Uri>,
    /// Keep the store in a Redis that is started for it, and accept so; its process counts as the relay's.
    #[arg(long, value_enum, global = true, conflicts_with = "url")]
    redis: Option<Durability>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Deposits that are delivered at once.
    Online(OnlineArguments),
    /// Deposits that are stored, then drained.
    Away(AwayArguments),
    /// Memory for collectors that wait.
    Idle(IdleArguments),
    /// The figures that matter, within five minutes.
    Quick,
    /// Three times as much as the relay can store: what it cannot take it is to put off.
    Burst {
        /// With TLS 1.3.
        #[arg(long)]
        tls: bool,
    },
    /// Hours of it, or minutes: with connections that break, mailboxes that change, envelopes that expire, and a relay that
    /// is killed.
    Soak {
        /// For so long.
        #[arg(long, default_value_t = 3.0, value_parser = positive)]
        minutes: f64,
    },
    /// Two results of this program, figure by figure.
    Compare {
        /// One, as `--json` gave it.
        one: PathBuf,
        /// The other.
        other: PathBuf,
    },
    /// Everything.
    All {
        /// Write results and plots into this directory, too.
        #[arg(long, value_name = "DIR")]
        write: Option<PathBuf>,
    },
    /// Serve as the floor, until killed.
    #[command(hide = true)]
    Floor {
        /// Where.
        #[arg(long)]
        listen: SocketAddr,
        /// With TLS.
        #[arg(long)]
        tls: bool,
    },
}

#[derive(Debug, Args)]
struct ShapeArguments {
    /// Mailboxes.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    mailboxes: u32,
    /// Sockets that deposit.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    senders: u32,
    /// Sockets that collect; one has 256 mailboxes at most.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    collectors: u32,
    /// Deposits under way for each sender.
    #[arg(long, default_value_t = quick::WINDOW, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    window: u64,
    /// The size of envelopes.
    #[arg(long, value_enum, default_value = "small")]
    class: Class,
    /// With TLS 1.3.
    #[arg(long)]
    tls: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Class {
    Small,
    Medium,
    Large,
}

#[derive(Debug, Args)]
struct OnlineArguments {
    #[command(flatten)]
    shape: ShapeArguments,
    /// So many a second, whatever becomes of them, instead of as many as are taken.
    #[arg(long, value_parser = positive)]
    rate: Option<f64>,
    /// Seconds that are measured.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
    /// Seconds before.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(0..=3_600))]
    warm_up: u64,
    /// The floor, instead of a relay.
    #[arg(long)]
    floor: bool,
}

#[derive(Debug, Args)]
struct AwayArguments {
    #[command(flatten)]
    shape: ShapeArguments,
    /// Envelopes.
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    messages: u64,
}

#[derive(Debug, Args)]
struct IdleArguments {
    /// Collectors.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=19_000))]
    connections: u32,
    /// With TLS 1.3.
    #[arg(long)]
    tls: bool,
}

/// A result, with what it was got on.
#[derive(Serialize)]
struct Told<'a, T> {
    scenario: &'static str,
    machine: &'a Machine,
    #[serde(skip_serializing_if = "Option::is_none")]
    shape: Option<Shape>,
    tls: bool,
    result: T,
}

fn positive(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if rate.is_finite() && rate > 0.0 { Ok(rate) } else { Err("not more than 0".to_owned()) }
}

impl ShapeArguments {
    /// Who takes part.
    fn shape(&self) -> Result<Shape, Failure> {
        let Self { mailboxes, senders, collectors, .. } = *self;
        if senders > mailboxes || collectors > mailboxes {
            return Err(Failure::Argument("there must be a mailbox for each sender and each collector".into()));
        }
        if mailboxes.div_ceil(collectors) > 256 {
            return Err(Failure::Argument("one collector has 256 mailboxes at most".into()));
        }
        let class = match self.class {
            Class::Small => SizeClass::Small,
            Class::Medium => SizeClass::Medium,
            Class::Large => SizeClass::Large,
        };
        Ok(Shape { mailboxes, senders, collectors, class })
    }
}

/// Runs the program with the process's own arguments.
#[must_use]
pub fn run() -> ExitCode {
    let Cli { command, common } = Cli::parse();
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return report(&Failure::Files("starting the runtime", error)),
    };
    let done = runtime.block_on(obey(command, &common));
    // What still waits for a server that is gone must not keep the process.
    runtime.shutdown_background();
    done.map_or_else(|failure| report(&failure), |()| ExitCode::SUCCESS)
}

async fn obey(command: Command, common: &Common) -> Result<(), Failure> {
    let mut programs = Programs::find(common.relay.clone(), common.data.clone(), common.url.clone())?;
    programs.redis = common.redis;
    let machine = Machine::this();
    match command {
        Command::Floor { listen, tls } => floor::serve(listen, tls).await,
        Command::Quick => quick(&programs, common).await,
        Command::Compare { one, other } => {
            let text = compare::files(&one, &other)?;
            writeln!(io::stdout().lock(), "{text}").map_err(|error| Failure::Files("writing the result", error))
        }
        Command::Burst { tls } => {
            let result = burst::run(&programs.start_tuned(Kind::Relay, tls, &burst::tuning())?).await?;
            let holds = result.holds;
            tell(common, &Told { scenario: "burst", machine: &machine, shape: None, tls, result })?;
            if holds { Ok(()) } else { Err(Failure::NotBorne) }
        }
        Command::Soak { minutes } => soak(&programs, minutes, common).await,
        Command::All { write } => all(&programs, write.as_deref(), common).await,
        Command::Online(arguments) => {
            let (shape, tls) = (arguments.shape.shape()?, arguments.shape.tls);
            let result = measure_online(&arguments, shape, &programs).await?;
            tell(common, &Told { scenario: "online", machine: &machine, shape: Some(shape), tls, result })
        }
        Command::Away(AwayArguments { shape: arguments, messages }) => {
            let (shape, tls) = (arguments.shape()?, arguments.tls);
            let subject = programs.start(Kind::Relay, tls)?;
            let result = away::run(&subject, shape, messages, arguments.window).await?;
            tell(common, &Told { scenario: "away", machine: &machine, shape: Some(shape), tls, result })
        }
        Command::Idle(IdleArguments { connections, tls }) => {
            let subject = programs.start(Kind::Relay, tls)?;
            let result = idle::run(&subject, connections).await?;
            tell(common, &Told { scenario: "idle", machine: &machine, shape: None, tls, result })
        }
    }
}

async fn measure_online(
    arguments: &OnlineArguments,
    shape: Shape,
    programs: &Programs,
) -> Result<online::Online, Failure> {
    let kind = if arguments.floor { Kind::Floor } else { Kind::Relay };
    let subject = programs.start(kind, arguments.shape.tls)?;
    let load = arguments.rate.map_or(Load::Full { window: arguments.shape.window }, Load::Rate);
    let (warm_up, measured) = (Duration::from_secs(arguments.warm_up), Duration::from_secs(arguments.seconds));
    online::run(&subject, shape, load, Times { warm_up, measured }).await
}

async fn quick(programs: &Programs, common: &Common) -> Result<(), Failure> {
    let progress = Progress::default();
    let figures = quick::run(programs, &progress).await;
    progress.finish();
    tell(common, &figures?)
}

async fn all(programs: &Programs, write: Option<&Path>, common: &Common) -> Result<(), Failure> {
    let progress = Progress::default();
    let results = all::run(programs, &progress).await;
    progress.finish();
    let results = results?;
    if let Some(directory) = write {
        keep(&results, directory)?;
    }
    tell(common, &results)
}

/// Figures of a relay that does not hold are told, and it fails.
async fn soak(programs: &Programs, minutes: f64, common: &Common) -> Result<(), Failure> {
    let progress = Progress::default();
    let soaked = soak::run(programs, Duration::from_secs_f64(minutes * 60.0), &progress).await;
    progress.finish();
    let soaked = soaked?;
    tell(common, &soaked)?;
    if soaked.holds { Ok(()) } else { Err(Failure::NotSteady) }
}

/// Writes results and plots.
fn keep(results: &All, directory: &Path) -> Result<(), Failure> {
    let json = serde_json::to_string_pretty(results).map_err(|error| Failure::Argument(error.to_string()))?;
    let files = [
        ("results.json", json + "\n"),
        ("latency.svg", plot::latency(results)?),
        ("memory.svg", plot::memory(results)?),
    ];
    let write = |(name, text): &(&str, String)| fs::write(directory.join(name), text);
    fs::create_dir_all(directory)
        .and_then(|()| files.iter().try_for_each(write))
        .map_err(|error| Failure::Files("writing the results", error))
}

fn tell(common: &Common, value: &impl Serialize) -> Result<(), Failure> {
    let value = serde_json::to_value(value).map_err(|error| Failure::Argument(error.to_string()))?;
    let text = if common.json { value.to_string() } else { table::of(&value) };
    writeln!(io::stdout().lock(), "{text}").map_err(|error| Failure::Files("writing the result", error))
}

/// Says on standard error why there are no figures, cause by cause.
fn report(failure: &Failure) -> ExitCode {
    let mut line = format!("sealpost-bench: {failure}");
    let mut cause = failure.source();
    while let Some(error) = cause {
        line.push_str(&format!(": {error}"));
        cause = error.source();
    }
    let _closed = writeln!(io::stderr().lock(), "{line}");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn online(arguments: &[&str]) -> Result<Shape, String> {
        let all = ["sealpost-bench", "online"].iter().chain(arguments);
        let cli = Cli::try_parse_from(all).map_err(|error| error.to_string())?;
        let Command::Online(online) = cli.command else { return Err("not online".into()) };
        online.shape.shape().map_err(|failure| failure.to_string())
    }

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
        assert_eq!(online(&[]), Ok(Shape::default()));
    }

    #[test]
    fn what_makes_no_run_is_refused_before_it_begins() {
        for bad in [
            ["--mailboxes", "0"],
            ["--senders", "201"],
            ["--collectors", "0"],
            ["--window", "0"],
            ["--rate", "0"],
            ["--rate", "-3"],
            ["--rate", "inf"],
            ["--rate", "much"],
            ["--seconds", "0"],
            ["--class", "tiny"],
            ["--mailboxes", "100000"],
        ] {
            assert!(online(&bad).is_err(), "{bad:?}");
        }
    }
}
