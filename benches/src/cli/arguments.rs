//! What the scenarios are told.

use std::time::Duration;

use clap::Args;
use sealpost_wire::SizeClass;

use crate::failure::Failure;
use crate::scenario::discover::Search;
use crate::scenario::online::{Load, Plan, Times};
use crate::scenario::quick;
use crate::scenario::rotate::Rates;
use crate::scenario::shape::{Content, Over, Shape, Sizes};

#[derive(Debug, Args)]
pub(super) struct ShapeArguments {
    /// Mailboxes.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(super) mailboxes: u32,
    /// Sockets that deposit.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) senders: u32,
    /// Sockets that collect; one has 256 mailboxes at most.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) collectors: u32,
    /// Deposits under way for each sender.
    #[arg(long, default_value_t = quick::WINDOW, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(super) window: u64,
    /// The size of envelopes.
    #[arg(long, value_enum, default_value = "small")]
    pub(super) class: Class,
    /// With TLS 1.3.
    #[arg(long)]
    pub(super) tls: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(super) enum Class {
    Small,
    Medium,
    Large,
    /// Of 20 mailboxes, 17 small, two medium, one large.
    Mixed,
}

#[derive(Debug, Args)]
pub(super) struct OnlineArguments {
    #[command(flatten)]
    pub(super) shape: ShapeArguments,
    /// So many a second, whatever becomes of them, instead of as many as are taken.
    #[arg(long, value_parser = positive)]
    pub(super) rate: Option<f64>,
    #[command(flatten)]
    pub(super) times: TimesArguments,
    /// How deposits go.
    #[arg(long, value_enum, default_value = "websocket")]
    pub(super) over: Over,
    /// What is in envelopes.
    #[arg(long, value_enum, default_value = "random")]
    pub(super) content: Content,
    /// The floor, instead of a relay; it takes deposits by WebSocket alone.
    #[arg(long, conflicts_with = "over")]
    pub(super) floor: bool,
}

/// How long.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct TimesArguments {
    /// Seconds that are measured.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
    /// Seconds before.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(0..=3_600))]
    warm_up: u64,
}

#[derive(Debug, Args)]
pub(super) struct MixedArguments {
    /// So many a second.
    #[arg(long, default_value_t = 2_000.0, value_parser = positive)]
    pub(super) rate: f64,
    #[command(flatten)]
    pub(super) times: TimesArguments,
    /// With TLS 1.3.
    #[arg(long)]
    pub(super) tls: bool,
}

#[derive(Debug, Args)]
pub(super) struct RotateArguments {
    /// So many messages a second.
    #[arg(long, default_value_t = 2_000.0, value_parser = positive)]
    rate: f64,
    /// So many mailboxes a second that are opened, used and closed.
    #[arg(long, default_value_t = 50.0, value_parser = positive)]
    rotations: f64,
    #[command(flatten)]
    pub(super) times: TimesArguments,
    /// With TLS 1.3.
    #[arg(long)]
    pub(super) tls: bool,
}

impl RotateArguments {
    pub(super) const fn rates(&self) -> Rates {
        Rates { messages: self.rate, mailboxes: self.rotations }
    }
}

#[derive(Debug, Args)]
pub(super) struct DiscoverArguments {
    /// So many looks a second, for 64 values each.
    #[arg(long, default_value_t = 10.0, value_parser = positive)]
    rate: f64,
    /// Buckets that each of them reads.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u8).range(1..=64))]
    buckets: u8,
    /// Entries that are listed before.
    #[arg(long, default_value_t = 2_048, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    entries: u32,
    /// How requests go: http2, or oblivious.
    #[arg(long, value_enum, default_value = "http2")]
    pub(super) over: Over,
    #[command(flatten)]
    times: TimesArguments,
}

impl DiscoverArguments {
    pub(super) fn search(&self) -> Search {
        let Self { rate, buckets, entries, over, times } = *self;
        Search { rate, buckets: buckets.into(), entries: entries as usize, over, times: times.times() }
    }
}

#[derive(Debug, Args)]
pub(super) struct ObliviousArguments {
    /// So many a second, each way.
    #[arg(long, default_value_t = 500.0, value_parser = positive)]
    pub(super) rate: f64,
    #[command(flatten)]
    pub(super) times: TimesArguments,
}

#[derive(Debug, Args)]
pub(super) struct AwayArguments {
    #[command(flatten)]
    pub(super) shape: ShapeArguments,
    /// Envelopes.
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub(super) messages: u64,
}

#[derive(Debug, Args)]
pub(super) struct IdleArguments {
    /// Collectors.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=19_000))]
    pub(super) connections: u32,
    /// With TLS 1.3.
    #[arg(long)]
    pub(super) tls: bool,
}

pub(super) fn positive(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if rate.is_finite() && rate > 0.0 { Ok(rate) } else { Err("not more than 0".to_owned()) }
}

impl ShapeArguments {
    /// Who takes part.
    pub(super) fn shape(&self) -> Result<Shape, Failure> {
        let Self { mailboxes, senders, collectors, .. } = *self;
        if senders > mailboxes || collectors > mailboxes {
            return Err(Failure::Argument("there must be a mailbox for each sender and each collector".into()));
        }
        if mailboxes.div_ceil(collectors) > 256 {
            return Err(Failure::Argument("one collector has 256 mailboxes at most".into()));
        }
        let class = match self.class {
            Class::Small => Sizes::Of(SizeClass::Small),
            Class::Medium => Sizes::Of(SizeClass::Medium),
            Class::Large => Sizes::Of(SizeClass::Large),
            Class::Mixed => Sizes::Mixed,
        };
        Ok(Shape { mailboxes, senders, collectors, class })
    }
}

impl OnlineArguments {
    /// What is to be done.
    pub(super) fn plan(&self) -> Result<Plan, Failure> {
        let load = self.rate.map_or(Load::Full { window: self.shape.window }, Load::Rate);
        Ok(Plan { over: self.over, content: self.content, ..Plan::new(self.shape.shape()?, load, self.times.times()) })
    }
}

impl TimesArguments {
    pub(super) const fn times(self) -> Times {
        Times { warm_up: Duration::from_secs(self.warm_up), measured: Duration::from_secs(self.seconds) }
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::super::{Cli, Command};
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
    fn the_examples_are_ones_that_it_takes() {
        let help = Cli::command().render_help().to_string();
        let examples: Vec<_> = help.lines().filter_map(|line| line.strip_prefix("  sealpost-bench ")).collect();
        assert!(examples.len() > 10);
        for example in examples {
            let words = ["sealpost-bench"].into_iter().chain(example.split_whitespace());
            assert!(Cli::try_parse_from(words).is_ok(), "{example}");
        }
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
