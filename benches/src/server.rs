//! Servers of ours, as processes that run until they are dropped.

use std::env;
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sealpost_wire::RelayRef;
use serde::Deserialize;
use tempfile::TempDir;

use crate::failure::Failure;
use crate::process::Usage;
use crate::subject::Programs;

/// How long a server may take to listen.
const PATIENCE: Duration = Duration::from_secs(20);
const CONFIG: &str = "sealpost-relay.toml";

/// What a server is run with besides its defaults.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tuning {
    /// Sections of the configuration, keys in them, and values as TOML has them.
    pub values: Vec<(&'static str, &'static str, toml::Value)>,
}

/// What the relay's program is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Relay,
    KeyService,
    Proxy,
}

/// A server's directory, before it is served.
pub(crate) struct Site {
    pub(crate) directory: TempDir,
    pub(crate) address: SocketAddr,
    role: Role,
    /// How others name it.
    pub(crate) reference: RelayRef,
}

/// A server that is served.
pub(crate) struct Server {
    child: Child,
    directory: TempDir,
    address: SocketAddr,
    /// How others name it; the floor has no name.
    pub(crate) reference: Option<RelayRef>,
}

/// What `init` says.
#[derive(Deserialize)]
struct Written {
    reference: String,
}

impl Role {
    const fn name(self) -> &'static str {
        match self {
            Self::Relay => "relay",
            Self::KeyService => "key-service",
            Self::Proxy => "ohttp-proxy",
        }
    }

    /// What there are too few of here to keep to the defaults: mailboxes, and those who ask.
    fn values(self) -> Vec<(&'static str, &'static str, toml::Value)> {
        const MANY: u32 = 1_000_000_000;
        match self {
            Self::Relay => {
                vec![("limits", "deposits_per_minute", MANY.into()), ("directory", "publishes_per_minute", MANY.into())]
            }
            Self::KeyService => vec![("key_service", "batches_per_minute", MANY.into())],
            Self::Proxy => vec![("ohttp_proxy", "waiting", 10_000.into())],
        }
    }
}

impl Site {
    /// Has the program make one.
    pub(crate) fn make(programs: &Programs, role: Role) -> Result<Self, Failure> {
        let (address, directory) = (free_address()?, programs.directory()?);
        let init = ["init", "--json", "--role", role.name(), "--listen", &address.to_string(), "--admin", "off"];
        let mut program = Command::new(&programs.relay);
        program.current_dir(directory.path()).args(init).stderr(Stdio::null());
        let told = program.output().map_err(|error| Failure::NoProgram(programs.relay.clone(), error))?;
        let written: Option<Written> = serde_json::from_slice(&told.stdout).ok();
        let reference = written.and_then(|written| written.reference.parse().ok());
        let reference = reference.ok_or_else(|| Failure::Argument("the relay's program made no server".into()))?;
        Ok(Self { directory, address, role, reference })
    }

    /// Serves it, and waits until it listens.
    pub(crate) fn serve(self, programs: &Programs, tls: bool, tuning: &Tuning) -> Result<Server, Failure> {
        configure(&self.directory.path().join(CONFIG), self.role, tls, tuning)?;
        let child = serve(programs, self.directory.path(), None)?;
        let Self { directory, address, reference, .. } = self;
        let mut server = Server { child, directory, address, reference: Some(reference) };
        server.wait()?;
        Ok(server)
    }
}

impl Server {
    /// The floor, which is this program.
    pub(crate) fn floor(programs: &Programs, tls: bool) -> Result<Self, Failure> {
        let (address, directory) = (free_address()?, programs.directory()?);
        let mut program = Command::new(&programs.own);
        program.args(["floor", "--listen", &address.to_string()]).args(tls.then_some("--tls"));
        let spawned = program.stdout(Stdio::null()).spawn();
        let child = spawned.map_err(|error| Failure::NoProgram(programs.own.clone(), error))?;
        let mut server = Self { child, directory, address, reference: None };
        server.wait()?;
        Ok(server)
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has taken so far.
    pub(crate) fn usage(&self) -> Result<Usage, Failure> {
        Usage::of(self.child.id())
    }

    /// What its files take of the disk, in bytes.
    pub(crate) fn disk(&self) -> u64 {
        files(self.directory.path())
    }

    /// Kills it without a warning, and starts it again where it was: by a clock so many days ahead, where libfaketime is there.
    pub(crate) fn kill_and_start(&mut self, programs: &Programs, days: u32) -> Result<(), Failure> {
        self.kill();
        self.child = serve(programs, self.directory.path(), Some(days))?;
        self.wait()
    }

    fn wait(&mut self) -> Result<(), Failure> {
        wait(self.address, || self.child.try_wait().is_ok_and(|ended| ended.is_some()))
    }

    fn kill(&mut self) {
        // It may have ended by itself.
        let _killed = self.child.kill();
        let _reaped = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn serve(programs: &Programs, directory: &Path, days: Option<u32>) -> Result<Child, Failure> {
    let log = fs::File::create(directory.join("log")).map_err(|error| Failure::Files("opening a log", error))?;
    let mut program = Command::new(&programs.relay);
    program.current_dir(directory).arg("serve").env_remove("SEALPOST_RELAY_CONFIG");
    if let Some((days, library)) = days.zip(libfaketime()) {
        program.env("LD_PRELOAD", library).env("FAKETIME", format!("+{days}d"));
        program.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    }
    let spawned = program.stdout(Stdio::null()).stderr(log).spawn();
    spawned.map_err(|error| Failure::NoProgram(programs.relay.clone(), error))
}

/// Waits until something listens there.
pub(crate) fn wait(address: SocketAddr, mut has_ended: impl FnMut() -> bool) -> Result<(), Failure> {
    let deadline = Instant::now() + PATIENCE;
    while TcpStream::connect(address).is_err() {
        if has_ended() {
            return Err(Failure::Ended);
        }
        if Instant::now() > deadline {
            return Err(Failure::NotListening(PATIENCE.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn configure(path: &Path, role: Role, tls: bool, tuning: &Tuning) -> Result<(), Failure> {
    let strange = |_| Failure::Argument("the relay wrote a configuration that is none".into());
    let text = fs::read_to_string(path).map_err(|error| Failure::Files("reading the configuration", error))?;
    let mut config: toml::Table = text.parse().map_err(strange)?;
    let tls = (!tls).then(|| ("tls", "mode", "off".into()));
    let values = role.values().into_iter().chain(tls).chain(tuning.values.iter().cloned());
    values.for_each(|(section, key, value)| set(&mut config, section, key, value));
    fs::write(path, config.to_string()).map_err(|error| Failure::Files("writing the configuration", error))
}

fn set(config: &mut toml::Table, section: &str, key: &str, value: toml::Value) {
    let section = config.entry(section).or_insert_with(|| toml::Table::new().into());
    if let Some(section) = section.as_table_mut() {
        section.insert(key.to_owned(), value);
    }
}

/// What the files of a directory take of the disk, those below too.
fn files(directory: &Path) -> u64 {
    let entries = fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok);
    let each = entries.filter_map(|entry| Some((entry.path(), entry.metadata().ok()?)));
    each.map(|(path, of)| if of.is_dir() { files(&path) } else { of.blocks() * 512 }).sum()
}

/// The library that gives a process another time of day.
#[must_use]
pub fn libfaketime() -> Option<PathBuf> {
    let below = |directory: PathBuf| directory.join("faketime/libfaketimeMT.so.1");
    let platforms = fs::read_dir("/usr/lib").ok()?.filter_map(Result::ok).map(|entry| below(entry.path()));
    platforms.chain([below("/usr/lib".into())]).find(|library| library.is_file())
}

/// An address that nothing listens on at the moment.
pub(crate) fn free_address() -> Result<SocketAddr, Failure> {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    free.map_err(|error| Failure::Files("finding a free port", error))
}

impl Programs {
    fn directory(&self) -> Result<TempDir, Failure> {
        let made = self.data.as_ref().map_or_else(tempfile::tempdir, tempfile::tempdir_in);
        made.map_err(|error| Failure::Files("making a directory for the store", error))
    }
}

/// Where this program and the relay's are.
pub(crate) fn own_program() -> Result<PathBuf, Failure> {
    env::current_exe().map_err(|error| Failure::Files("finding this program", error))
}
