//! The command line of `sealpost-audit`.

mod arguments;
mod bar;
mod packed;
mod scan;

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use serde_json::Value;

use crate::experiment;
use crate::report::{Report, page, table};
use crate::{Trouble, clock, self_test};
use arguments::{Arguments, Command, Output};
use bar::Bar;

/// The exit code for what could not be done at all.
const TROUBLE: u8 = 3;

/// Runs the program with the process's own arguments.
#[must_use]
pub fn run() -> ExitCode {
    match dispatch(&Arguments::parse()) {
        Ok(report) => ExitCode::from(report.verdict().exit_code()),
        Err(trouble) => {
            let _closed = writeln!(io::stderr().lock(), "sealpost-audit: {}", told(&*trouble));
            ExitCode::from(TROUBLE)
        }
    }
}

fn dispatch(arguments: &Arguments) -> Result<Report, Trouble> {
    let report = match &arguments.command {
        Command::Scan(scan) => scan::run(scan)?,
        Command::SelfTest(_) => Report::of_self_test(tried()?),
        Command::Experiment(command) => {
            let (relay, client, attester) = (command.relay.clone(), command.client.clone(), command.attester.clone());
            let bar = Bar::of_steps();
            let (keep, now) = (command.keep.clone(), clock::now());
            let options = experiment::Options { relay, attester, client, keep, now };
            let report = experiment::run(&options, &mut |step| bar.step(step))?;
            bar.end();
            if command.no_self_test { report } else { report.with_self_test(tried()?) }
        }
    };
    show(&report, arguments.command.output())?;
    Ok(report)
}

fn tried() -> Result<self_test::Outcome, Trouble> {
    let bar = Bar::of_steps();
    let outcome = self_test::run(&mut |step| bar.step(&format!("trying the search: {step}")))?;
    bar.end();
    Ok(outcome)
}

fn show(report: &Report, output: &Output) -> Result<(), Trouble> {
    let shown = if output.json { format!("{}\n", json(report)?) } else { table(report) };
    if let Some(file) = &output.html {
        write(file, &page(report))?;
    }
    // Whoever closed it does not want it.
    let _closed = io::stdout().lock().write_all(shown.as_bytes());
    Ok(())
}

/// The report, and what it comes to.
fn json(report: &Report) -> Result<Value, Trouble> {
    let mut json = serde_json::to_value(report)?;
    if let Value::Object(fields) = &mut json {
        fields.insert("verdict".to_owned(), serde_json::to_value(report.verdict())?);
    }
    Ok(json)
}

fn write(file: &Path, text: &str) -> Result<(), Trouble> {
    fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()).into())
}

/// An error with all its causes.
fn told(error: &(dyn std::error::Error + 'static)) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        told = format!("{told}: {error}");
        cause = error.source();
    }
    told
}
