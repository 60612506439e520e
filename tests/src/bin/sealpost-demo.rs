//! The demo as a program: see [`sealpost_tests::demo`]. `cargo xtask demo` builds all that it needs and runs it.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program that shows things")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use sealpost_tests::demo::{self, Book, Policy, Report, Setting, Stage};
use sealpost_tests::talk::{self, Talk};
use sealpost_tests::{Result, clock};

/// Two people talk through a real relay, and one finds a third by number; then see what the servers saw.
#[derive(Parser)]
#[command(name = "sealpost-demo")]
struct Arguments {
    /// The talk, a line for each message: `name: text`
    #[arg(long, value_name = "FILE")]
    talk: Option<PathBuf>,
    /// An address book of your own to look up, a vCard file, in place of 300 people who are made up
    #[arg(long, value_name = "FILE")]
    vcard: Option<PathBuf>,
    /// Start a proxy of Oblivious HTTP, and have everyone collect `together` or `apart` through it
    #[arg(long, value_name = "POLICY")]
    policy: Option<Policy>,
    /// One JSON object at the end instead of tables
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(report) if report.holds() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(trouble) => {
            eprintln!("sealpost-demo: {trouble}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<Report> {
    let talk = arguments.talk.as_deref().map_or_else(|| Talk::parse(talk::DEFAULT), Talk::read)?;
    let book = arguments.vcard.as_deref().map_or_else(|| Ok(Book::made_up()), Book::of_file)?;
    let bar = bar(talk.lines.len())?;
    let report =
        demo::run(&Setting { talk: &talk, book: &book, policy: arguments.policy }, &|stage| show(&bar, stage))?;
    bar.finish_and_clear();
    if arguments.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print!("{}{}", demo::table(&talk, &report, clock::hour()), demo::summary(&report));
    }
    Ok(report)
}

fn bar(lines: usize) -> Result<ProgressBar> {
    let style = ProgressStyle::with_template("{elapsed:>4} {bar:40} {pos}/{len} {msg}")?;
    Ok(ProgressBar::new(lines as u64).with_style(style))
}

fn show(bar: &ProgressBar, stage: Stage) {
    match stage {
        Stage::Servers => bar.set_message("a relay, two key services and an attester start"),
        Stage::OptIn => bar.set_message("two people opt in"),
        Stage::Talking(number) => {
            bar.set_message("they talk");
            bar.set_position(number as u64);
        }
        Stage::Killed => bar.println("kill -9: the relay, while one of the two is away"),
        Stage::Arriving => bar.set_message("what is on its way arrives"),
        Stage::Publishing => bar.set_message("some prove their numbers, and are listed"),
        Stage::Finding => bar.set_message("an address book is looked up"),
        Stage::Greeting => bar.set_message("one who was found is written to"),
        Stage::Leaving => bar.set_message("one of the two opts out"),
        Stage::Searching => bar.set_message("everything is searched"),
    }
}
