//! `sealpost send --no-wait` as a process that gets line after line.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle, sleep};
use std::time::Duration;

use sealpost_tests::Result;
use sealpost_tests::person::Person;

use super::ledger::Ledger;

/// So many a second, if the machine can.
const PACE: Duration = Duration::from_millis(20);

/// A writing process and those who feed it and hear what it says.
pub(super) struct Writer {
    child: Child,
    stop: Arc<AtomicBool>,
    feeder: JoinHandle<()>,
    hearer: JoinHandle<()>,
}

impl Writer {
    /// `may_go_on` says whether another line may be written, so that a slow machine is not buried.
    pub(super) fn start(
        person: &Person,
        to: &str,
        ledger: &Ledger,
        may_go_on: impl Fn() -> bool + Send + 'static,
    ) -> Result<Self> {
        let mut command = person.command(&["send", "--no-wait", to])?;
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (stdin, stdout) = (child.stdin.take().ok_or("no input")?, child.stdout.take().ok_or("no output")?);
        let (stop, (given, take)) = (Arc::new(AtomicBool::new(false)), channel());
        let (to_feed, to_hear, until) = (ledger.clone(), ledger.clone(), Arc::clone(&stop));
        let feeder = thread::spawn(move || {
            while !until.load(Ordering::Relaxed) && (!may_go_on() || feed(&stdin, &to_feed, &given)) {
                sleep(PACE);
            }
        });
        let hearer = thread::spawn(move || hear(stdout, &to_hear, &take));
        Ok(Self { child, stop, feeder, hearer })
    }

    pub(super) fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// kill -9.
    pub(super) fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.end().map(drop)
    }

    /// Gives it no more lines, and waits until it has stored the last one.
    pub(super) fn finish(self) -> Result<()> {
        if self.end()? { Ok(()) } else { Err("send failed at its end".into()) }
    }

    /// Whether it ended well.
    fn end(mut self) -> Result<bool> {
        self.stop.store(true, Ordering::Relaxed);
        self.feeder.join().map_err(|_| "the feeder panicked")?;
        self.hearer.join().map_err(|_| "the hearer panicked")?;
        Ok(self.child.wait()?.success())
    }
}

/// Whether the process still takes lines.
fn feed(mut stdin: &ChildStdin, ledger: &Ledger, given: &Sender<u64>) -> bool {
    let (number, line) = ledger.next_line();
    given.send(number).is_ok() && writeln!(stdin, "{line}").is_ok()
}

/// Each whole object says that one more line is stored.
fn hear(stdout: ChildStdout, ledger: &Ledger, take: &Receiver<u64>) {
    let mut lines = BufReader::new(stdout);
    let mut line = String::new();
    while lines.read_line(&mut line).is_ok_and(|length| length > 0) && line.ends_with('\n') {
        assert!(line.contains("\"queued\""), "send said {line}");
        ledger.accept(take.recv().unwrap());
        line.clear();
    }
}
