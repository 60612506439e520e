//! Waiting until the relay has stated that it deleted what was withdrawn.

use std::time::Duration;

use data_encoding::BASE64;
use sealpost_client::{Client, OptOutReport, Options};
use sealpost_wire::to_bytes;
use serde::Serialize;
use tokio::time::{Instant, sleep};

use crate::arguments::Closing;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::progress::Spinner;

const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Options by which what is withdrawn is closed as the caller wants.
pub(super) fn options(arguments: &Closing) -> Options {
    let spread = if arguments.at_once { Duration::ZERO } else { Options::default().leaving_spread };
    Options { leaving_spread: spread, ..Options::default() }
}

/// What had been closed before, so that only what is closed from now on is shown.
pub(super) struct Watch<'a> {
    client: &'a Client,
    before: Closed,
}

/// What came of closing.
#[derive(Debug, Default, Serialize)]
pub(super) struct Closed {
    confirmed: usize,
    already_gone: usize,
    pending: usize,
    /// Signed by the relay's operator, CBOR in base64.
    statements: Vec<String>,
}

impl<'a> Watch<'a> {
    /// Call it before something is withdrawn.
    pub(super) fn start(client: &'a Client) -> Result<Self, Failure> {
        Ok(Self { client, before: Closed::of(&client.closings()?) })
    }

    /// Runs the engine until nothing is left to be closed, or for as long as the caller has patience.
    pub(super) async fn wait(self, arguments: &Closing, output: Output) -> Result<Closed, Failure> {
        let end = Instant::now() + arguments.timeout;
        let engine = self.client.start()?;
        let spinner = Spinner::new(output, "waiting for the signed statements");
        let closed = loop {
            let closed = Closed::of(&self.client.closings()?);
            if closed.pending == 0 || Instant::now() >= end {
                break closed;
            }
            sleep(LOOK_EVERY).await;
        };
        drop(spinner);
        engine.stop().await;
        Ok(closed.since(&self.before))
    }
}

impl Closed {
    fn of(report: &OptOutReport) -> Self {
        let OptOutReport { confirmed, already_gone, pending, wiped: _ } = report;
        let statements = confirmed.iter().map(|(_, statement)| BASE64.encode(&to_bytes(statement))).collect();
        Self { confirmed: confirmed.len(), already_gone: *already_gone, pending: *pending, statements }
    }

    fn since(mut self, before: &Self) -> Self {
        self.statements.retain(|statement| !before.statements.contains(statement));
        self.confirmed = self.statements.len();
        self.already_gone = self.already_gone.saturating_sub(before.already_gone);
        self
    }

    /// For people; the statements in full, since they may want to keep them.
    pub(super) fn text(&self) -> String {
        let Self { confirmed, already_gone, pending, statements } = self;
        let counts = match (confirmed, already_gone, pending) {
            (0, 0, 0) => return "Nothing of yours was in the directory.\n".to_owned(),
            (_, 0, 0) => format!("Your relay stated, signed, that it deleted {confirmed} objects"),
            (_, _, 0) => format!(
                "Your relay stated, signed, that it deleted {confirmed} objects; {already_gone} it did not know"
            ),
            _ => format!(
                "Your relay stated, signed, that it deleted {confirmed} objects; {pending} are to be closed still"
            ),
        };
        let lines: String = statements.iter().map(|statement| format!("  {statement}\n")).collect();
        format!("{counts}.\n{lines}")
    }

    /// Whether all of it is done.
    pub(super) fn verdict(&self) -> Result<(), Failure> {
        if self.pending == 0 {
            return Ok(());
        }
        Err(Failure::new(Exit::NotYet, "pending", "the relay could not be asked to delete everything yet")
            .with_help("`sealpost listen` goes on; what is never closed lapses with its epoch"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed(statements: &[&str], already_gone: usize, pending: usize) -> Closed {
        let statements: Vec<_> = statements.iter().map(|text| (*text).to_owned()).collect();
        Closed { confirmed: statements.len(), already_gone, pending, statements }
    }

    #[test]
    fn only_what_was_closed_since_counts() {
        let new = closed(&["a", "b", "c"], 3, 0).since(&closed(&["a"], 2, 1));
        assert_eq!(
            (new.confirmed, new.already_gone, &new.statements[..]),
            (2, 1, &["b".to_owned(), "c".to_owned()][..])
        );
        assert!(new.text().contains("deleted 2 objects; 1 it did not know"));
    }

    #[test]
    fn what_is_pending_is_not_done() {
        assert!(closed(&["a"], 0, 0).verdict().is_ok());
        assert_eq!(closed(&["a"], 0, 1).verdict().unwrap_err().exit(), Exit::NotYet);
        assert!(closed(&[], 0, 2).text().contains("2 are to be closed still"));
    }
}
