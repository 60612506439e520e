//! A server as a process, with TLS, on loopback: a relay, a key service or an attester.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rand::Rng;
use serde_json::Value;

use super::wait;
use crate::Trouble;
use crate::tap::Tapped;

const START: Duration = Duration::from_secs(60);
const STOP: Duration = Duration::from_secs(30);
const ANSWER: Duration = Duration::from_secs(30);
/// Below the ports that systems give to outgoing connections.
const PORTS: std::ops::Range<u16> = 10_000..32_000;
const TRIES: usize = 1_000;

/// What a server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Relay,
    KeyService,
    Attester,
    Proxy,
}

/// A server's directory and, while it runs, its process. Dropped, the process is killed.
pub(super) struct Server {
    program: PathBuf,
    kind: Kind,
    directory: PathBuf,
    reference: String,
    listen: SocketAddr,
    public: SocketAddr,
    admin: SocketAddr,
    process: Option<Child>,
}

impl Server {
    /// Makes one by its program's `init`, behind another port that a tap is to take. It does not run yet.
    pub(super) fn init(program: &Path, kind: Kind, directory: &Path) -> Result<Self, Trouble> {
        let (listen, public, admin) = (free_port()?, free_port()?, free_port()?);
        let mut init = Command::new(program);
        init.args(["init", "--json", "--region", "loopback", "--name", "A server under audit", "--dir"]).arg(directory);
        match kind {
            Kind::Relay | Kind::Attester => {}
            Kind::KeyService => drop(init.args(["--role", "key-service"])),
            Kind::Proxy => drop(init.args(["--role", "ohttp-proxy"])),
        }
        init.args(["--listen", &listen.to_string(), "--host", &public.to_string(), "--admin", &admin.to_string()]);
        let written = init.output().map_err(|error| format!("{}: {error}", program.display()))?;
        if !written.status.success() {
            return Err(format!("init: {}", String::from_utf8_lossy(&written.stderr)).into());
        }
        let written: Value = serde_json::from_slice(&written.stdout)?;
        let reference = written.get("reference").and_then(Value::as_str).ok_or("init printed no reference")?.to_owned();
        let (program, directory) = (program.to_owned(), directory.to_owned());
        let server = Self { program, kind, directory, reference, listen, public, admin, process: None };
        server.set("log", "level", "\"trace\"")?;
        Ok(server)
    }

    /// As [`Server::init`], a relay with a directory whose hash is the cheapest that clients take.
    pub(super) fn init_relay(program: &Path, directory: &Path) -> Result<Self, Trouble> {
        let relay = Self::init(program, Kind::Relay, directory)?;
        relay.set("store", "disk_reserve", "\"16 MiB\"")?;
        for (option, value) in [("enabled", "true"), ("hash_memory", "\"19 MiB\""), ("hash_passes", "2")] {
            relay.set("directory", option, value)?;
        }
        Ok(relay)
    }

    /// What people opt in with.
    pub(super) fn reference(&self) -> &str {
        &self.reference
    }

    /// Where clients reach it.
    pub(super) const fn public(&self) -> SocketAddr {
        self.public
    }

    /// As [`Server::init`], a proxy of Oblivious HTTP to these.
    pub(super) fn init_proxy<'s>(
        program: &Path,
        directory: &Path,
        gateways: impl Iterator<Item = &'s Self>,
    ) -> Result<Self, Trouble> {
        let proxy = Self::init(program, Kind::Proxy, directory)?;
        let references: Vec<_> = gateways.map(|gateway| format!("\"{}\"", gateway.reference)).collect();
        proxy.set("ohttp_proxy", "gateways", &format!("[{}]", references.join(", ")))?;
        Ok(proxy)
    }

    /// The directory of what it keeps. An attester and a proxy keep nothing but what is beside their configuration.
    pub(super) fn data(&self) -> PathBuf {
        match self.kind {
            Kind::Relay => self.directory.join("data"),
            Kind::KeyService => self.directory.join("epochs"),
            Kind::Attester | Kind::Proxy => self.directory.clone(),
        }
    }

    /// The directory of the keys with which it opens what is inside Oblivious HTTP.
    pub(super) fn gateway_keys(&self) -> PathBuf {
        self.directory.join("ohttp")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.directory.join("server.log")
    }

    pub(super) fn process(&self) -> Result<u32, Trouble> {
        Ok(self.process.as_ref().ok_or("the server does not run")?.id())
    }

    /// Starts it and waits until it takes connections.
    pub(super) fn start(&mut self) -> Result<(), Trouble> {
        let mut serve = Command::new(&self.program);
        serve.arg("serve").arg("--config").arg(self.config());
        serve.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(self.log())?);
        self.process = Some(serve.spawn()?);
        wait::until("the server is ready", START, || {
            if let Some(status) = self.process.as_mut().and_then(|process| process.try_wait().transpose()) {
                return Err(format!("the server ended at once: {}", status?).into());
            }
            Ok(self.ask("/ready").ok())
        })
        .map(drop)
    }

    /// Ends it as a service manager does, and waits until it has.
    pub(super) fn stop(&mut self) -> Result<(), Trouble> {
        let mut process = self.process.take().ok_or("the server does not run")?;
        Command::new("sh").args(["-c", "kill -TERM \"$0\""]).arg(process.id().to_string()).status()?;
        wait::until("the server stops", STOP, || Ok(process.try_wait()?)).map(drop)
    }

    /// The numbers of the whole server.
    pub(super) fn metrics(&self) -> Result<String, Trouble> {
        self.ask("/metrics")
    }

    fn config(&self) -> PathBuf {
        self.directory.join(match self.kind {
            Kind::Relay | Kind::KeyService | Kind::Proxy => "sealpost-relay.toml",
            Kind::Attester => "sealpost-attester.toml",
        })
    }

    /// Changes an option where it stands, in a section or before all: every one is in the file that `init` writes.
    pub(super) fn set(&self, section: &str, option: &str, value: &str) -> Result<(), Trouble> {
        let text = fs::read_to_string(self.config())?;
        let missing = || format!("there is no option {section}.{option}");
        let start = if section.is_empty() { Some(0) } else { text.find(&format!("\n[{section}]\n")) };
        let start = start.ok_or_else(missing)?;
        let (before, section) = text.split_at(start);
        let name = format!("{option} = ");
        let line = section.lines().find(|line| line.starts_with(&name)).ok_or_else(missing)?;
        Ok(fs::write(self.config(), [before, &section.replacen(line, &format!("{name}{value}"), 1)].concat())?)
    }

    /// Asks the admin listener: plain HTTP, one request a connection.
    fn ask(&self, path: &str) -> Result<String, Trouble> {
        let mut stream = TcpStream::connect(self.admin)?;
        stream.set_read_timeout(Some(ANSWER))?;
        write!(stream, "GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.admin)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or("the server's admin listener did not answer")?;
        if head.starts_with("HTTP/1.1 200") { Ok(body.to_owned()) } else { Err(format!("{path} was refused").into()) }
    }
}

impl Tapped for Server {
    fn listen(&self) -> SocketAddr {
        self.listen
    }

    fn certificate(&self) -> (PathBuf, PathBuf) {
        (self.directory.join("tls.pem"), self.directory.join("tls.key"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _gone = process.kill();
            let _gone = process.wait();
        }
    }
}

/// An address of loopback that nothing listens on at the moment, and that was not given before.
fn free_port() -> Result<SocketAddr, Trouble> {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut ports = std::iter::repeat_with(|| rand::rng().random_range(PORTS)).take(TRIES);
    let free = ports.find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok() && given.insert(*port));
    Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, free.ok_or("no port is free")?)))
}
