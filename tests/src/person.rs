//! A person: a profile directory, used through the program `sealpost` alone.

mod discovered;
mod listener;

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

pub use discovered::Discovered;
pub use listener::{Listener, Received};

use crate::address_book::REGION;
use crate::programs::program;
use crate::{Result, clock, wait};

/// The exit code of what is stored, and will be done or can be gone on with.
pub const NOT_YET: i32 = 5;

const READY: Duration = Duration::from_secs(60);

/// Someone with a profile, a passphrase, and perhaps numbers that must not leave the device.
#[derive(Debug, Clone)]
pub struct Person {
    name: String,
    directory: PathBuf,
    clock: Option<String>,
    way: Option<Way>,
}

/// Which way their requests take.
#[derive(Debug, Clone)]
pub struct Way {
    /// The proxy's reference.
    pub proxy: String,
    /// `together` or `apart`.
    pub policy: &'static str,
    /// How long until a mailbox is asked for again, in the mean.
    pub pace: &'static str,
}

impl Person {
    /// Someone who keeps everything below `directory`. Nothing is made there but a passphrase file.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn new(name: &str, directory: &Path) -> Result<Self> {
        fs::create_dir_all(directory)?;
        let person = Self { name: name.to_owned(), directory: directory.to_owned(), clock: None, way: None };
        person.set_passphrase(&format!("the passphrase of {name}"))?;
        Ok(person)
    }

    /// How others know them.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The profile's directory.
    #[must_use]
    pub fn profile(&self) -> PathBuf {
        self.directory.join("profile")
    }

    /// All that their programs wrote to the standard error, at trace level.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.directory.join("log")
    }

    /// The passphrase that is given from now on.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn set_passphrase(&self, passphrase: &str) -> Result<()> {
        Ok(fs::write(self.directory.join("passphrase"), passphrase)?)
    }

    /// The numbers that the tripwire watches for from now on: lines of `imei …`, `imsi …`, `number …`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn set_own_numbers(&self, lines: &str) -> Result<()> {
        Ok(fs::write(self.own_numbers(), lines)?)
    }

    /// What is added to the time of day on their device from now on: see [`clock::jump`].
    pub fn set_clock(&mut self, jump: &str) {
        self.clock = Some(jump.to_owned());
    }

    /// Has all their requests go through a proxy from now on; the policy counts at the opt-in.
    pub fn set_way(&mut self, way: Option<Way>) {
        self.way = way;
    }

    /// `sealpost` with this profile, JSON and a log at trace level.
    ///
    /// # Errors
    /// When the program is not there.
    pub fn command(&self, arguments: &[&str]) -> Result<Command> {
        let mut command = Command::new(program("sealpost")?);
        command.args(["--json", "-vvv"]).args(arguments);
        command
            .env("SEALPOST_PROFILE", self.profile())
            .env("SEALPOST_PASSPHRASE_FILE", self.directory.join("passphrase"))
            // Servers of tests are at loopback addresses.
            .env("SEALPOST_PRIVATE_RELAYS", "true");
        command.env_remove("RUST_LOG").stdin(Stdio::null()).stderr(self.open_log()?);
        if self.own_numbers().is_file() {
            command.env("SEALPOST_OWN_NUMBERS", self.own_numbers());
        }
        if let Some(Way { proxy, pace, .. }) = &self.way {
            command.env("SEALPOST_PROXY", proxy).env("SEALPOST_PACE", pace);
        }
        if let Some(jump) = &self.clock {
            clock::jump(&mut command, jump)?;
        }
        Ok(command)
    }

    /// Runs it to its end, whatever that is.
    ///
    /// # Errors
    /// When it cannot be run.
    pub fn attempt(&self, arguments: &[&str]) -> Result<Output> {
        Ok(self.command(arguments)?.stdout(Stdio::piped()).output()?)
    }

    /// Runs it, and returns the objects that it printed.
    ///
    /// # Errors
    /// When it fails; with the end of its log.
    pub fn call(&self, arguments: &[&str]) -> Result<Vec<Value>> {
        objects(&self.succeeded(self.attempt(arguments)?)?)
    }

    /// As [`Person::call`], for a command that prints one object.
    ///
    /// # Errors
    /// Also when it does not.
    pub fn call_one(&self, arguments: &[&str]) -> Result<Value> {
        self.call(arguments)?.into_iter().next().ok_or_else(|| "it printed nothing".into())
    }

    /// As [`Person::call_one`], also for what is stored and will be done.
    ///
    /// # Errors
    /// When it ends in another way.
    pub fn begin(&self, arguments: &[&str]) -> Result<Value> {
        let output = self.done_or_begun(self.attempt(arguments)?)?;
        objects(&output)?.into_iter().next().ok_or_else(|| "it printed nothing".into())
    }

    /// Consents and opts in.
    ///
    /// # Errors
    /// When the program refuses.
    pub fn opt_in(&self, relay: &str) -> Result<()> {
        let policy = self.way.as_ref().map_or("together", |way| way.policy);
        self.call(&["opt-in", "--i-consent", "--relay", relay, "--policy", policy]).map(drop)
    }

    /// The same with an invite code.
    ///
    /// # Errors
    /// When the program refuses.
    pub fn opt_in_by(&self, relay: &str, code: &str) -> Result<()> {
        let policy = self.way.as_ref().map_or("together", |way| way.policy);
        self.call(&["opt-in", "--i-consent", "--relay", relay, "--policy", policy, "--invite", code]).map(drop)
    }

    /// The link of the card.
    ///
    /// # Errors
    /// When the program refuses.
    pub fn card(&self) -> Result<String> {
        let object = self.call_one(&["card"])?;
        object.get("card").and_then(Value::as_str).map(str::to_owned).ok_or_else(|| "no card".into())
    }

    /// Writes messages into the outbox, one for each line, without waiting for the relay. Durable when it returns.
    ///
    /// # Errors
    /// When the program refuses.
    pub fn write(&self, to: &str, lines: &[&str]) -> Result<()> {
        let mut child = self.writer(to)?;
        if let Some(mut stdin) = child.stdin.take() {
            lines.iter().try_for_each(|line| writeln!(stdin, "{line}"))?;
        }
        self.succeeded(child.wait_with_output()?).map(drop)
    }

    /// Starts `sealpost listen`, which shows what lies behind position `after`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn listen(&self, after: u64) -> Result<Listener> {
        self.listen_to(after, &[])
    }

    /// The same, with the conversations with these contacts open.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn listen_to(&self, after: u64, open: &[&str]) -> Result<Listener> {
        let mut command = self.command(&["listen", "--after", &after.to_string()])?;
        command.args(open.iter().flat_map(|name| ["--open", name]));
        Listener::of(command.stdout(Stdio::piped()).spawn()?, after)
    }

    /// Starts a process that writes messages into the outbox, one for each line of its standard input, and prints an
    /// object for each that is durable.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn writer(&self, to: &str) -> Result<Child> {
        let mut command = self.command(&["send", "--no-wait", to])?;
        Ok(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?)
    }

    /// Looks up everyone in address books, at once. It may be known of some only.
    ///
    /// # Errors
    /// When the program fails.
    pub fn discover(&self, books: &[PathBuf]) -> Result<Discovered> {
        let mut discover = self.command(&["discover", "--at-once", "--i-consent", "--region", REGION])?;
        let output = discover.args(books).stdout(Stdio::piped()).output()?;
        Discovered::of(&objects(&self.done_or_begun(output)?)?)
    }

    /// Waits until the relay keeps prekeys of theirs, so that others can write first.
    ///
    /// # Errors
    /// When that takes too long.
    pub fn wait_until_reachable(&self) -> Result<()> {
        wait::until("the shelf is stocked", READY, || {
            let status = self.call_one(&["status"])?;
            let left = status.get("prekeys_left").and_then(Value::as_u64);
            Ok(left.filter(|left| *left > 0).map(drop))
        })
    }

    fn own_numbers(&self) -> PathBuf {
        self.directory.join("own-numbers")
    }

    fn open_log(&self) -> Result<File> {
        Ok(OpenOptions::new().create(true).append(true).open(self.log())?)
    }

    fn done_or_begun(&self, output: Output) -> Result<Vec<u8>> {
        if output.status.code() == Some(NOT_YET) { Ok(output.stdout) } else { self.succeeded(output) }
    }

    fn succeeded(&self, output: Output) -> Result<Vec<u8>> {
        if output.status.success() {
            return Ok(output.stdout);
        }
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        let last = log.lines().last().unwrap_or_default();
        Err(format!("{}: {} {} {last}", self.name, output.status, String::from_utf8_lossy(&output.stdout)).into())
    }
}

fn objects(stdout: &[u8]) -> Result<Vec<Value>> {
    let lines = stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| Ok(serde_json::from_slice(line)?)).collect()
}

/// Kills a process with -9 and waits until it is gone.
///
/// # Errors
/// When the system refuses.
pub fn kill(mut child: Child) -> Result<()> {
    child.kill()?;
    child.wait()?;
    Ok(())
}
