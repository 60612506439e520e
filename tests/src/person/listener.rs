//! `sealpost listen` as a process, and what it has shown.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;

use super::kill;
use crate::{Result, wait};

/// A message as a script that reads `listen --json` has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Its position.
    pub position: u64,
    /// The name of who wrote it.
    pub from: String,
    /// Its text.
    pub text: String,
}

/// A listening process. Dropped, it is killed.
pub struct Listener {
    child: Option<Child>,
    reader: Option<JoinHandle<()>>,
    shown: Arc<Mutex<Vec<Received>>>,
    after: u64,
}

impl Listener {
    pub(super) fn of(mut child: Child, after: u64) -> Result<Self> {
        let stdout = child.stdout.take().ok_or("its output is not piped")?;
        let shown = Arc::default();
        let reader = thread::spawn({
            let shown = Arc::clone(&shown);
            move || read(stdout, &shown)
        });
        Ok(Self { child: Some(child), reader: Some(reader), shown, after })
    }

    /// What it has shown so far.
    #[must_use]
    pub fn shown(&self) -> Vec<Received> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The position to go on from.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.shown().last().map_or(self.after, |message| message.position)
    }

    /// Waits until it has shown `count` messages.
    ///
    /// # Errors
    /// When that takes longer than `patience`.
    pub fn wait_for(&self, count: usize, patience: Duration) -> Result<()> {
        let missing = || format!("{count} messages are shown, not {}", self.shown().len());
        wait::until(
            &format!("{count} messages are shown"),
            patience,
            || Ok((self.shown().len() >= count).then_some(())),
        )
        .map_err(|_| missing().into())
    }

    /// Whether the process is there.
    #[must_use]
    pub fn runs(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// kill -9; returns all that it has shown, as a script that reads it to its end has it.
    ///
    /// # Errors
    /// When it has ended already.
    pub fn kill(mut self) -> Result<Vec<Received>> {
        self.end()?;
        Ok(self.shown())
    }

    fn end(&mut self) -> Result<()> {
        kill(self.child.take().ok_or("it has ended already")?)?;
        if let Some(reader) = self.reader.take() {
            reader.join().map_err(|_| "the reader of its output panicked")?;
        }
        Ok(())
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ended_already = self.end();
    }
}

/// A last line without an end was cut off by a kill: a careful reader does not count it, and gets it again.
fn read(stdout: ChildStdout, shown: &Mutex<Vec<Received>>) {
    let mut lines = BufReader::new(stdout);
    let mut line = String::new();
    while lines.read_line(&mut line).is_ok_and(|length| length > 0) && line.ends_with('\n') {
        if let Some(message) = parse(&line) {
            shown.lock().unwrap_or_else(PoisonError::into_inner).push(message);
        }
        line.clear();
    }
}

fn parse(line: &str) -> Option<Received> {
    let object: Value = serde_json::from_str(line).ok()?;
    let text = |key: &str| object.get(key)?.as_str().map(str::to_owned);
    Some(Received { position: object.get("position")?.as_u64()?, from: text("contact")?, text: text("text")? })
}
