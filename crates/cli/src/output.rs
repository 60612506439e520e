//! The one module that prints.
#![expect(clippy::print_stderr, reason = "errors go to the standard error")]

use std::io::{self, Write};

use miette::Report;
use serde::Serialize;
use serde_json::json;

use crate::failure::{Exit, Failure};

/// Where results go: JSON for scripts, text for people.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    /// Prints JSON, or text.
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Prints one result: as an object in one line, or as `text` makes of it.
    pub(crate) fn show<T: Serialize>(self, result: &T, text: impl FnOnce(&T) -> String) -> Result<(), Failure> {
        if self.json {
            let line = serde_json::to_string(result).map_err(|error| broken(&error))?;
            return print(&format!("{line}\n"));
        }
        print(&text(result))
    }

    /// Prints results: an object a line, or one text of all.
    pub(crate) fn show_all<T: Serialize>(
        self,
        results: &[T],
        text: impl FnOnce(&[T]) -> String,
    ) -> Result<(), Failure> {
        if !self.json {
            return print(&text(results));
        }
        results.iter().try_for_each(|result| self.show(result, |_| String::new()))
    }

    /// Says why nothing came of it, and what to do.
    pub(crate) fn failure(self, failure: &Failure) {
        if self.json {
            let line = json!({"error": failure.kind(), "message": failure.to_string(), "help": failure.help_text()});
            eprintln!("{line}");
        } else {
            eprintln!("{:?}", report(failure));
        }
    }

    /// Asks a question that is answered by `y` or `yes`.
    pub(crate) fn confirms(self, question: &str) -> Result<bool, Failure> {
        eprint!("{question} [y/N] ");
        io::stderr().flush().map_err(|error| broken(&error))?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).map_err(|error| broken(&error))?;
        Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
    }
}

fn report(failure: &Failure) -> Report {
    let (message, help) = (failure.to_string(), failure.help_text().map(str::to_owned));
    let mut report = miette::MietteDiagnostic::new(message);
    report.help = help;
    Report::new(report)
}

/// `println!` would panic when the reader has gone; and a reader that has gone wants nothing more.
fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(|error| broken(&error))
}

fn broken(error: &dyn std::error::Error) -> Failure {
    Failure::new(Exit::Failed, "output", format!("input or output broke off: {error}"))
}
