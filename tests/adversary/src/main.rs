//! The adversary as a program: see the crate. `cargo xtask adversary` builds and runs it.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program that shows things")]

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use sealpost_adversary::attack::Means;
use sealpost_adversary::life::{Automatic, System};
use sealpost_adversary::report::{self, Report};
use sealpost_adversary::run::{FULL, Plan, SYSTEMS, steps};
use sealpost_adversary::{documents, plot};
use sealpost_client::policy::Pace;

/// Plays the curious relay on recorded runs of simulated people, and counts whom it links.
#[derive(Parser)]
#[command(name = "sealpost-adversary")]
struct Arguments {
    /// How many people
    #[arg(long, default_value_t = FULL.0)]
    people: usize,
    /// For how many days
    #[arg(long, default_value_t = FULL.1)]
    days: u32,
    /// Of the world that is attacked
    #[arg(long, default_value_t = FULL.2)]
    seed: u64,
    /// One of the systems alone
    #[arg(long, value_enum)]
    only: Option<Only>,
    /// With one thing alone that phones tell by themselves
    #[arg(long, value_enum)]
    with: Option<Automatic>,
    /// How often front doors are asked for, apart: the mean, in minutes
    #[arg(long, value_name = "MINUTES")]
    door: Option<u64>,
    /// Instead, what these kinds of evidence link, each by itself, where mailboxes are collected apart
    #[arg(long, value_enum, value_delimiter = ',', value_name = "KINDS")]
    means: Vec<Means>,
    /// One JSON object at the end instead of a table
    #[arg(long)]
    json: bool,
    /// The earlier report to compare with: what was linked less then is a regression
    #[arg(long, value_name = "FILE")]
    earlier: Option<PathBuf>,
    /// Write table, plot and report into the documents below this directory
    #[arg(long, value_name = "DIR")]
    write: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Only {
    Signal,
    Together,
    Apart,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(trouble) => {
            eprintln!("sealpost-adversary: {trouble}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<bool, Box<dyn Error>> {
    let Arguments { people, days, seed, .. } = *arguments;
    let mut pace = Pace::default();
    if let Some(minutes) = arguments.door {
        pace.door = Duration::from_secs(60 * minutes);
    }
    let plan = Plan { people, days, seed, pace };
    if !arguments.means.is_empty() {
        let rows = plan.by_means(System::Apart, &arguments.means);
        rows.iter().for_each(|(means, row)| println!("{}", report::by_means(*means, row)));
        return Ok(true);
    }
    let wanted = |(system, automatic): &(System, Automatic)| {
        arguments.only.is_none_or(|only| only.is(*system)) && arguments.with.is_none_or(|wanted| wanted == *automatic)
    };
    let systems: Vec<_> = SYSTEMS.into_iter().filter(wanted).collect();
    let bar = bar(systems.len() as u64 * steps(days))?;
    let report = plan.run(&systems, &|system| {
        bar.set_message(system.to_owned());
        bar.inc(1);
    });
    bar.finish_and_clear();
    if arguments.json {
        println!("{}", report.json());
    } else {
        print!("{}", report.table());
    }
    if let Some(directory) = &arguments.write {
        documents::write(directory, &report.markdown(), &plot::svg(&report)?, &report.json())?;
    }
    holds(arguments, &report)
}

fn holds(arguments: &Arguments, report: &Report) -> Result<bool, Box<dyn Error>> {
    let mut holds = report.holds();
    if !holds {
        eprintln!("more than {} % of people are linked where mailboxes are collected apart", 100.0 * report::MOST);
    }
    if let Some(earlier) = &arguments.earlier {
        let earlier = serde_json::from_str(&fs::read_to_string(earlier)?)?;
        for regression in report.regressions(&earlier) {
            eprintln!("regression: {regression}");
            holds = false;
        }
    }
    Ok(holds)
}

fn bar(steps: u64) -> Result<ProgressBar, Box<dyn Error>> {
    let style = ProgressStyle::with_template("{elapsed:>4} {bar:40} {percent:>3} % {msg}")?;
    Ok(ProgressBar::new(steps).with_style(style))
}

impl Only {
    const fn is(self, system: System) -> bool {
        matches!(
            (self, system),
            (Self::Signal, System::Signal) | (Self::Together, System::Together) | (Self::Apart, System::Apart)
        )
    }
}
