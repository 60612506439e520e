//! A device: a profile directory, used through the program `sealpost` alone.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::phone::Phone;
use super::wait;
use crate::Trouble;

const PATIENCE: Duration = Duration::from_secs(90);

/// A device.
pub(super) struct Device {
    program: PathBuf,
    directory: PathBuf,
    pub(super) phone: Phone,
}

impl Device {
    pub(super) fn new(program: &Path, directory: &Path, phone: Phone) -> Result<Self, Trouble> {
        fs::create_dir_all(directory)?;
        fs::write(directory.join("passphrase"), "the passphrase of a made-up phone")?;
        fs::write(directory.join("own-numbers"), phone.own_numbers())?;
        fs::write(directory.join("address-book.vcf"), phone.address_book())?;
        Ok(Self { program: program.to_owned(), directory: directory.to_owned(), phone })
    }

    /// All that its programs wrote to the standard error.
    pub(super) fn log(&self) -> PathBuf {
        self.directory.join("log")
    }

    pub(super) fn address_book(&self) -> PathBuf {
        self.directory.join("address-book.vcf")
    }

    /// Whether anything is left of the profile.
    pub(super) fn has_profile(&self) -> bool {
        fs::read_dir(self.profile()).is_ok_and(|mut entries| entries.next().is_some())
    }

    /// `sealpost`, with the passphrase, the numbers that must not leave, and a log of everything.
    pub(super) fn command(&self, arguments: &[&str]) -> Result<Command, Trouble> {
        let mut command = Command::new(&self.program);
        command.args(["--json", "-vvv"]).args(arguments);
        command.env("SEALPOST_PROFILE", self.profile());
        command.env("SEALPOST_PASSPHRASE_FILE", self.directory.join("passphrase"));
        command.env("SEALPOST_OWN_NUMBERS", self.directory.join("own-numbers"));
        command.env_remove("RUST_LOG").stdin(Stdio::null()).stderr(self.open_log()?);
        Ok(command)
    }

    /// Runs it, and returns the objects that it printed.
    pub(super) fn call(&self, arguments: &[&str]) -> Result<Vec<Value>, Trouble> {
        let output = self.command(arguments)?.stdout(Stdio::piped()).output()?;
        if !output.status.success() {
            return Err(self.failed(arguments, &output));
        }
        let lines = output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| Ok(serde_json::from_slice(line)?)).collect()
    }

    /// As [`Device::call`], for one field of the one object that is printed.
    pub(super) fn field(&self, arguments: &[&str], name: &str) -> Result<Value, Trouble> {
        let object = self.call(arguments)?.into_iter().next().ok_or("it printed nothing")?;
        Ok(object.get(name).cloned().unwrap_or_default())
    }

    pub(super) fn card(&self) -> Result<String, Trouble> {
        Ok(self.field(&["card"], "card")?.as_str().unwrap_or_default().to_owned())
    }

    /// Connects until prekeys of its owner lie at the relay.
    pub(super) fn become_reachable(&self) -> Result<(), Trouble> {
        wait::until("the shelf is stocked", PATIENCE, || {
            self.call(&["listen", "--once"])?;
            Ok(self.field(&["status"], "prekeys_left")?.as_u64().filter(|left| *left > 0))
        })
        .map(drop)
    }

    /// Connects until a message with this text has come.
    pub(super) fn receive(&self, text: &str) -> Result<(), Trouble> {
        wait::until("a message arrives", PATIENCE, || {
            let shown = self.call(&["listen", "--once", "--after", "0"])?;
            let came = shown.iter().any(|object| object.get("text").and_then(Value::as_str) == Some(text));
            Ok(came.then_some(()))
        })
    }

    fn profile(&self) -> PathBuf {
        self.directory.join("profile")
    }

    fn open_log(&self) -> Result<File, Trouble> {
        Ok(OpenOptions::new().create(true).append(true).open(self.log())?)
    }

    /// The command's first word says which it was; the others may be names.
    fn failed(&self, arguments: &[&str], output: &Output) -> Trouble {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        let last = log.lines().last().unwrap_or_default();
        format!("sealpost {}: {} {last}", arguments.first().unwrap_or(&""), output.status).into()
    }
}
