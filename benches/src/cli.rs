//! The command line of `sealpost-bench`.

mod arguments;
mod obey;

use std::error::Error;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use http::Uri;
use tokio::runtime::Runtime;

use self::arguments::{
    AwayArguments, DiscoverArguments, IdleArguments, MixedArguments, ObliviousArguments, OnlineArguments,
    RotateArguments, positive,
};
use crate::failure::Failure;
use crate::redis::Backing;

/// What to begin with; each line is one that this program takes.
const EXAMPLES: &str = "\
Examples:
  sealpost-bench quick --json
  sealpost-bench online --tls
  sealpost-bench online --floor --tls
  sealpost-bench online --rate 20000 --class medium
  sealpost-bench online --tls --over http2 --rate 1000
  sealpost-bench online --content sealed --rate 2000
  sealpost-bench online --redis cluster
  sealpost-bench online --url https://[::1]:8443 --rate 500
  sealpost-bench oblivious --url https://relay.example.org --proxy https://proxy.example.org
  sealpost-bench away --messages 200000
  sealpost-bench mixed --rate 2000 --tls
  sealpost-bench rotate --rate 1000 --rotations 50 --tls
  sealpost-bench discover --rate 10 --buckets 8
  sealpost-bench oblivious --rate 500
  sealpost-bench idle --connections 10000 --tls
  sealpost-bench burst
  sealpost-bench sizes
  sealpost-bench soak --minutes 3
  sealpost-bench all --write docs/performance
  sealpost-bench compare one.json other.json

A relay at a URL must take tickets from nobody, and allow as many deposits to a mailbox as come. What
it takes of its machine is not known, so there are no figures of processors and memory; idle, soak,
sizes, quick and all start their own. It leads deposits through a proxy only where --proxy names one.";

/// Loads a relay, checks that nothing is lost, and says what it cost.
#[derive(Debug, Parser)]
#[command(name = "sealpost-bench", version, max_term_width = 100, after_help = EXAMPLES)]
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
    /// A proxy for Oblivious HTTP that runs already and leads to the relay at --url.
    #[arg(long, value_name = "URL", global = true, requires = "url")]
    proxy: Option<Uri>,
    /// Keep the store in a Redis that is started for it, and accept so; its processes count as the relay's.
    #[arg(long, value_enum, global = true, conflicts_with = "url")]
    redis: Option<Backing>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Deposits that are delivered at once.
    Online(OnlineArguments),
    /// Owners who are there, who acknowledge late, who come and go; envelopes of all sizes.
    Mixed(MixedArguments),
    /// Mailboxes that are opened, used and closed while messages flow between others.
    Rotate(RotateArguments),
    /// People are looked for by number: a key service evaluates, a directory's buckets are read.
    Discover(DiscoverArguments),
    /// Deposits as requests: by HTTP/2, by Oblivious HTTP, and by that through a proxy.
    Oblivious(ObliviousArguments),
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
    /// Whether a message becomes dearer with more mailboxes, and with more that lies there: up to a million of each.
    Sizes,
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

/// Runs the program with the process's own arguments.
#[must_use]
pub fn run() -> ExitCode {
    let Cli { command, common } = Cli::parse();
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return report(&Failure::Files("starting the runtime", error)),
    };
    let done = runtime.block_on(obey::obey(command, &common));
    // What still waits for a server that is gone must not keep the process.
    runtime.shutdown_background();
    done.map_or_else(|failure| report(&failure), |()| ExitCode::SUCCESS)
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
