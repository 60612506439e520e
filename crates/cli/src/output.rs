//! The one module that prints.
#![expect(clippy::print_stderr, reason = "errors go to the standard error")]

use std::io::{self, IsTerminal, Write};

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

    /// Tells people what they should know before they go on. It is no result, so scripts do not see it.
    pub(crate) fn tell(self, text: &str) {
        if !self.json {
            eprint!("{text}");
        }
    }

    /// Asks a question that is answered by `y` or `yes`.
    pub(crate) fn confirms(self, question: &str) -> Result<bool, Failure> {
        let answer = self.asks(&format!("{question} [y/N] "))?;
        Ok(matches!(answer.as_str(), "y" | "Y" | "yes"))
    }

    /// Asks for a line.
    pub(crate) fn asks(self, question: &str) -> Result<String, Failure> {
        eprint!("{question}");
        io::stderr().flush().map_err(|error| broken(&error))?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).map_err(|error| broken(&error))?;
        Ok(answer.trim().to_owned())
    }

    /// Whether somebody sits there who can be asked.
    pub(crate) fn is_attended(self) -> bool {
        io::stdin().is_terminal()
    }

    /// Whether results are JSON.
    pub(crate) const fn is_json(self) -> bool {
        self.json
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
