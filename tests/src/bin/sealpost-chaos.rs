//! Two relays on a cluster of Redis, broken in every way: see [`sealpost_tests::chaos`]. `cargo xtask chaos` builds all that
//! it needs and runs it.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program that shows things")]

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use sealpost_tests::Result;
use sealpost_tests::chaos::{self, Durability, Fault, Plan, Progress, Report};

/// Breaks two relays on a cluster of Redis in every way, under load, and says what got lost.
#[derive(Parser)]
#[command(name = "sealpost-chaos")]
struct Arguments {
    /// No further round of faults is begun after so many minutes
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
    /// One JSON object at the end instead of tables
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(report) if report.holds() => ExitCode::SUCCESS,
        Ok(_) => {
            eprintln!("sealpost-chaos: what was promised was not kept");
            ExitCode::FAILURE
        }
        Err(trouble) => {
            eprintln!("sealpost-chaos: {trouble} (--seed {})", arguments.seed);
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<Report> {
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
    let report = report?;
    if arguments.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print!("{}", chaos::table(&report));
    }
    Ok(report)
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
