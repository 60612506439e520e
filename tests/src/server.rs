//! A server as a process, with TLS, on loopback: a relay, a key service or an attester.

mod admin;
mod config;
mod role;

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::iter;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rand::Rng;
use serde_json::Value;

pub use role::Role;

use crate::programs::program;
use crate::tap::Tapped;
use crate::{Result, clock, wait};

const START: Duration = Duration::from_secs(60);
const STOP: Duration = Duration::from_secs(30);

/// A server's directory and, while it runs, its process. Dropped, the process is killed.
pub struct Server {
    role: Role,
    directory: PathBuf,
    reference: String,
    listen: SocketAddr,
    admin: SocketAddr,
    clock: Option<String>,
    process: Option<Child>,
}

/// How a test wants its server, besides the defaults.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// What it is.
    pub role: Role,
    /// The port under which clients reach it, when that is not its own but a tap's.
    pub public_port: Option<u16>,
    /// Options of the configuration file to change: name, behind its section if it has one, and value as TOML writes it.
    pub options: Vec<(&'static str, String)>,
}

/// Below the ports that systems give to outgoing connections: one of those could take a server's while it is down.
const PORTS: Range<u16> = 10_000..32_000;
const TRIES: usize = 1_000;

/// A port that nothing listens on at the moment, and that was not given before.
///
/// # Errors
/// When there is none.
pub fn free_port() -> Result<u16> {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut ports = iter::repeat_with(|| rand::rng().random_range(PORTS)).take(TRIES);
    let free = ports.find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok() && given.insert(*port));
    free.ok_or_else(|| "no port is free".into())
}

impl Server {
    /// Makes a server in `directory`, by its program's `init`. It does not run yet.
    ///
    /// # Errors
    /// When the program refuses.
    pub fn init(directory: &Path, settings: &Settings) -> Result<Self> {
        let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let (listen, admin) = (local(free_port()?), local(free_port()?));
        let host = local(settings.public_port.unwrap_or(listen.port()));
        let role = settings.role.clone();
        let mut init = Command::new(program(role.program())?);
        init.args(["init", "--json", "--region", "loopback", "--name", "A server under test", "--dir"]).arg(directory);
        init.args(role.arguments());
        init.args(["--listen", &listen.to_string(), "--host", &host.to_string(), "--admin", &admin.to_string()]);
        let written = init.output()?;
        if !written.status.success() {
            return Err(format!("init: {}", String::from_utf8_lossy(&written.stderr)).into());
        }
        let written: Value = serde_json::from_slice(&written.stdout)?;
        let reference = written.get("reference").and_then(Value::as_str).ok_or("init printed no reference")?.to_owned();
        let directory = directory.to_owned();
        let server = Self { role, directory, reference, listen, admin, clock: None, process: None };
        server.set(&settings.options)?;
        Ok(server)
    }

    /// What people opt in with, and what other servers are told.
    #[must_use]
    pub fn reference(&self) -> &str {
        &self.reference
    }

    /// Where it listens itself, which is behind the tap if there is one.
    #[must_use]
    pub fn listen(&self) -> SocketAddr {
        self.listen
    }

    /// Where its operator asks it.
    #[must_use]
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// Where everything of it is: what it keeps, its keys, its configuration, its log.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The directory of what it keeps.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.role.data(&self.directory)
    }

    /// All that it wrote to its standard error.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.directory.join("server.log")
    }

    /// Its own certificate and that certificate's key, which whoever runs it has.
    #[must_use]
    pub fn certificate(&self) -> (PathBuf, PathBuf) {
        (self.directory.join("tls.pem"), self.directory.join("tls.key"))
    }

    /// Starts it and waits until it takes connections.
    ///
    /// # Errors
    /// When it ends instead, or is not ready in time.
    pub fn start(&mut self) -> Result<()> {
        self.spawn()?;
        self.wait_until_ready()
    }

    /// What is added to the time of day from its next start on: see [`clock::jump`].
    pub fn set_clock(&mut self, jump: &str) {
        self.clock = Some(jump.to_owned());
    }

    /// Starts it, and waits for nothing.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn spawn(&mut self) -> Result<()> {
        let log = OpenOptions::new().create(true).append(true).open(self.log())?;
        let mut serve = Command::new(program(self.role.program())?);
        serve.arg("serve").arg("--config").arg(self.config());
        if let Some(jump) = &self.clock {
            clock::jump(&mut serve, jump)?;
        }
        self.process = Some(serve.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?);
        Ok(())
    }

    /// Waits until it takes connections.
    ///
    /// # Errors
    /// When it ends instead, or is not ready in time.
    pub fn wait_until_ready(&mut self) -> Result<()> {
        let ready = wait::until("the server is ready", START, || self.look_whether_ready());
        ready.map_err(|trouble| format!("{trouble}; {}", self.end_of_log()).into())
    }

    /// kill -9.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill(&mut self) -> Result<()> {
        let mut process = self.process.take().ok_or("the server does not run")?;
        process.kill()?;
        process.wait()?;
        Ok(())
    }

    /// Ends it as a service manager does, and waits until it has.
    ///
    /// # Errors
    /// When it does not end in time, or not well.
    pub fn stop(&mut self) -> Result<()> {
        let mut process = self.process.take().ok_or("the server does not run")?;
        // The shell's own: a bare machine has no program of that name.
        Command::new("sh").args(["-c", "kill -TERM \"$0\""]).arg(process.id().to_string()).status()?;
        let status = wait::until("the server stops", STOP, || Ok(process.try_wait()?))?;
        if status.success() { Ok(()) } else { Err(format!("the server ended with {status}").into()) }
    }

    /// Whether the process is there.
    #[must_use]
    pub fn runs(&mut self) -> bool {
        self.process.as_mut().is_some_and(|process| matches!(process.try_wait(), Ok(None)))
    }

    /// The number of its process.
    ///
    /// # Errors
    /// When it does not run.
    pub fn process(&self) -> Result<u32> {
        Ok(self.process.as_ref().ok_or("the server does not run")?.id())
    }

    /// A fresh invite code, made by the program beside the running one.
    ///
    /// # Errors
    /// When it makes none.
    pub fn invite(&self) -> Result<String> {
        let mut invite = Command::new(program(self.role.program())?);
        invite.args(["invite", "--json", "--config"]).arg(self.directory.join("sealpost-relay.toml"));
        let made = invite.output()?;
        if !made.status.success() {
            return Err(format!("invite: {}", String::from_utf8_lossy(&made.stderr)).into());
        }
        let made: Value = serde_json::from_slice(&made.stdout)?;
        let code = made.get("codes").and_then(|codes| codes.get(0)).and_then(Value::as_str);
        Ok(code.ok_or("invite printed no code")?.to_owned())
    }

    /// Rewrites the store without what was erased.
    ///
    /// # Errors
    /// When it does not say that it did.
    pub fn purge(&self) -> Result<()> {
        admin::ask(self.admin, "POST", "/purge").map(drop)
    }

    /// The numbers of the whole server, in Prometheus' text format.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn metrics(&self) -> Result<String> {
        admin::ask(self.admin, "GET", "/metrics")
    }

    /// Changes options where they stand; what runs has read its own at the start.
    ///
    /// # Errors
    /// When there is no such option.
    pub fn set(&self, options: &[(&str, String)]) -> Result<()> {
        let text = fs::read_to_string(self.config())?;
        let changed = options.iter().try_fold(text, |text, (option, value)| config::with(&text, option, value))?;
        Ok(fs::write(self.config(), changed)?)
    }

    fn config(&self) -> PathBuf {
        self.directory.join(self.role.program()).with_extension("toml")
    }

    fn look_whether_ready(&mut self) -> Result<Option<()>> {
        if !self.runs() {
            return Err("the server ended at once".into());
        }
        Ok(admin::ask(self.admin, "GET", "/ready").ok().map(drop))
    }

    fn end_of_log(&self) -> String {
        let text = File::open(self.log()).and_then(std::io::read_to_string).unwrap_or_default();
        text.lines().rev().take(20).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

impl Tapped for Server {
    fn listen(&self) -> SocketAddr {
        self.listen
    }

    fn certificate(&self) -> (PathBuf, PathBuf) {
        Self::certificate(self)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended_already = self.kill();
    }
}
