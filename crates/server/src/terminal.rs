//! What a command of a server's program says: lines and JSON to standard output, warnings and reports to standard error.
//!
//! Whoever closed either does not want it.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};
use serde::Serialize;

use crate::config::{ConfigError, Problem, Report};

/// Columns of a report.
const WIDTH: usize = 100;

/// Writes a line to standard output.
pub fn say(line: impl Display) {
    let _closed = writeln!(io::stdout().lock(), "{line}");
}

/// Writes a value as one line of JSON to standard output.
pub fn say_json(value: &impl Serialize) {
    if let Ok(line) = serde_json::to_string(value) {
        say(line);
    }
}

/// Writes what an operator should know of to standard error.
pub fn warn(warning: impl Display) {
    let _closed = writeln!(io::stderr().lock(), "warning: {warning}");
}

/// Writes what the program waits for to standard error.
pub fn tell(line: impl Display) {
    let _closed = writeln!(io::stderr().lock(), "{line}");
}

/// Writes why a command failed to standard error, with what mends it.
pub fn report(failure: &dyn Diagnostic) {
    let theme = if io::stderr().is_terminal() { GraphicalTheme::unicode() } else { GraphicalTheme::none() };
    let mut text = String::new();
    // Writing into a string cannot fail.
    let _infallible = GraphicalReportHandler::new_themed(theme).with_width(WIDTH).render_report(&mut text, failure);
    let _closed = io::stderr().lock().write_all(text.as_bytes());
}

/// Says what came of `check-config`: the warnings of a configuration that will do, or what is wrong with the file of one that
/// will not, if that is it. To people only the former is said here: why it failed is [reported](report) as any failure is.
pub fn say_checked(file: &Path, json: bool, checked: Result<Vec<impl Display>, Option<&ConfigError>>) {
    match checked {
        checked if json => say_json(&Checked::of(checked)),
        Ok(warnings) => {
            say(format_args!("{}: valid", file.display()));
            warnings.into_iter().for_each(warn);
        }
        Err(_) => {}
    }
}

/// What `check-config` answers to programs.
#[derive(Debug, Serialize)]
struct Checked {
    valid: bool,
    problems: Vec<Report>,
    warnings: Vec<String>,
}

impl Checked {
    fn of(checked: Result<Vec<impl Display>, Option<&ConfigError>>) -> Self {
        let valid = checked.is_ok();
        let (problems, warnings) = match checked {
            Ok(warnings) => (Vec::new(), warnings.iter().map(ToString::to_string).collect()),
            Err(Some(ConfigError::Invalid { problems })) => {
                (problems.iter().map(Problem::report).collect(), Vec::new())
            }
            Err(_) => (Vec::new(), Vec::new()),
        };
        Self { valid, problems, warnings }
    }
}
