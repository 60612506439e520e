//! What is measured: a relay that is started for it, the floor, or a relay at a URL.

use std::env;
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use http::Uri;
use tempfile::TempDir;

use crate::failure::Failure;
use crate::load::client::Target;
use crate::process::Usage;
use crate::redis::{self, Durability, Redis};
use crate::seal::Opening;

/// How long a server may take to listen.
const PATIENCE: Duration = Duration::from_secs(20);
const CONFIG: &str = "sealpost-relay.toml";

/// What a relay is run with besides its defaults.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tuning {
    /// Sections of the configuration, keys in them, and values as TOML has them.
    pub values: Vec<(&'static str, &'static str, toml::Value)>,
}

/// What is to be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A relay with an embedded store.
    Relay,
    /// What the relay's socket code would cost by itself.
    Floor,
}

/// Where the programs are, and where a relay may keep its store.
#[derive(Debug, Clone)]
pub struct Programs {
    /// `sealpost-relay`.
    pub relay: PathBuf,
    /// This program, which is the floor too.
    pub own: PathBuf,
    /// Where stores are made; the system's temporary directory without.
    pub data: Option<PathBuf>,
    /// A relay that runs already, to be measured instead.
    pub url: Option<Uri>,
    /// Whether a relay's store is to be in Redis, and when it accepts then.
    pub redis: Option<Durability>,
}

/// A server that runs until this is dropped, if it was started for the run.
pub struct Subject {
    /// How it is spoken to.
    pub target: Target,
    /// How what it delivers is opened.
    pub opening: Opening,
    server: Option<Server>,
}

struct Server {
    child: Child,
    redis: Option<Redis>,
    directory: TempDir,
    address: SocketAddr,
}

impl Programs {
    /// Those beside this one, unless another relay is named.
    ///
    /// # Errors
    /// [`Failure::Files`].
    pub fn find(relay: Option<PathBuf>, data: Option<PathBuf>, url: Option<Uri>) -> Result<Self, Failure> {
        let own = env::current_exe().map_err(|error| Failure::Files("finding this program", error))?;
        let beside = || own.with_file_name("sealpost-relay").with_extension(env::consts::EXE_EXTENSION);
        Ok(Self { relay: relay.unwrap_or_else(beside), own, data, url, redis: None })
    }

    /// Starts what is to be measured, and waits until it listens.
    ///
    /// # Errors
    /// [`Failure`], of the start.
    pub fn start(&self, kind: Kind, tls: bool) -> Result<Subject, Failure> {
        self.start_tuned(kind, tls, &Tuning::default())
    }

    /// The same; a relay with that, too.
    ///
    /// # Errors
    /// [`Failure`], of the start.
    pub fn start_tuned(&self, kind: Kind, tls: bool, tuning: &Tuning) -> Result<Subject, Failure> {
        if let Some(url) = self.url.as_ref().filter(|_| kind == Kind::Relay) {
            return Ok(Subject::at(target(url)?, Opening::AtRest));
        }
        let address = free_address()?;
        let directory = self.directory()?;
        let mut redis = None;
        let (child, opening) = match kind {
            Kind::Relay => {
                self.make(directory.path(), address)?;
                let mut tuning = tuning.clone();
                if let Some(durability) = self.redis {
                    let address = free_address()?;
                    redis = Some(Redis::start(durability, address, directory.path())?);
                    wait(address, || false)?;
                    tuning.values.extend(redis::tuning(durability, address).values);
                }
                configure(&directory.path().join(CONFIG), tls, &tuning)?;
                (self.relay(directory.path(), None)?, Opening::AtRest)
            }
            Kind::Floor => (self.floor(address, tls)?, Opening::Bare),
        };
        let mut server = Server { child, redis, directory, address };
        server.wait()?;
        Ok(Subject { target: Target::new(address, "localhost", tls)?, opening, server: Some(server) })
    }

    /// Kills a relay that was started here, without a warning, and starts it again where it was: by a clock so many days
    /// ahead, where libfaketime is there.
    ///
    /// # Errors
    /// [`Failure`], of the start.
    pub fn kill_and_start(&self, subject: &mut Subject, days: u32) -> Result<(), Failure> {
        let server =
            subject.server.as_mut().ok_or_else(|| Failure::Argument("another's relay is not killed".into()))?;
        server.kill();
        server.child = self.relay(server.directory.path(), Some(days))?;
        server.wait()
    }

    fn directory(&self) -> Result<TempDir, Failure> {
        let made = self.data.as_ref().map_or_else(tempfile::tempdir, tempfile::tempdir_in);
        made.map_err(|error| Failure::Files("making a directory for the store", error))
    }

    fn make(&self, directory: &Path, address: SocketAddr) -> Result<(), Failure> {
        let init = ["init", "--listen", &address.to_string(), "--admin", "off"];
        let mut program = Command::new(&self.relay);
        program.current_dir(directory).args(init).stdout(Stdio::null()).stderr(Stdio::null());
        program.status().map(drop).map_err(|error| Failure::NoProgram(self.relay.clone(), error))
    }

    fn relay(&self, directory: &Path, days: Option<u32>) -> Result<Child, Failure> {
        let log = fs::File::create(directory.join("log")).map_err(|error| Failure::Files("opening a log", error))?;
        let mut program = Command::new(&self.relay);
        program.current_dir(directory).arg("serve").env_remove("SEALPOST_RELAY_CONFIG");
        if let Some((days, library)) = days.zip(libfaketime()) {
            program.env("LD_PRELOAD", library).env("FAKETIME", format!("+{days}d"));
            program.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
        let spawned = program.stdout(Stdio::null()).stderr(log).spawn();
        spawned.map_err(|error| Failure::NoProgram(self.relay.clone(), error))
    }

    fn floor(&self, address: SocketAddr, tls: bool) -> Result<Child, Failure> {
        let mut program = Command::new(&self.own);
        program.args(["floor", "--listen", &address.to_string()]);
        if tls {
            program.arg("--tls");
        }
        program.stdout(Stdio::null()).spawn().map_err(|error| Failure::NoProgram(self.own.clone(), error))
    }
}

impl Subject {
    /// What somebody else has started; what it takes of its machine is not known.
    #[must_use]
    pub const fn at(target: Target, opening: Opening) -> Self {
        Self { target, opening, server: None }
    }

    /// What its process has taken so far, and that of its Redis, if it was started for the run.
    ///
    /// # Errors
    /// [`Failure::Files`], when it has ended.
    pub fn usage(&self) -> Result<Option<Usage>, Failure> {
        self.server.as_ref().map(Server::usage).transpose()
    }

    /// What its files take, in bytes, if it was started for the run.
    #[must_use]
    pub fn disk(&self) -> Option<u64> {
        self.server.as_ref().map(|server| files(server.directory.path()))
    }

    /// Whether mailboxes are to be opened before they are written to.
    #[must_use]
    pub fn keeps_mailboxes(&self) -> bool {
        self.opening == Opening::AtRest
    }
}

impl Server {
    fn usage(&self) -> Result<Usage, Failure> {
        let own = Usage::of(self.child.id())?;
        let Some(redis) = &self.redis else { return Ok(own) };
        let redis = Usage::of(redis.id())?;
        Ok(Usage { cpu: own.cpu + redis.cpu, resident: own.resident + redis.resident, files: own.files + redis.files })
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

/// Waits until something listens there.
fn wait(address: SocketAddr, mut has_ended: impl FnMut() -> bool) -> Result<(), Failure> {
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

/// What a relay is run with besides its defaults: no limit on deposits to one mailbox, of which there are few here.
fn configure(path: &Path, tls: bool, tuning: &Tuning) -> Result<(), Failure> {
    let strange = |_| Failure::Argument("the relay wrote a configuration that is none".into());
    let text = fs::read_to_string(path).map_err(|error| Failure::Files("reading the configuration", error))?;
    let mut config: toml::Table = text.parse().map_err(strange)?;
    set(&mut config, "limits", "deposits_per_minute", 1_000_000_000.into());
    if !tls {
        set(&mut config, "tls", "mode", "off".into());
    }
    tuning.values.iter().for_each(|(section, key, value)| set(&mut config, section, key, value.clone()));
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

/// Where a URL points to; `https` is by TLS.
fn target(url: &Uri) -> Result<Target, Failure> {
    let tls = url.scheme_str() != Some("http");
    let host = url.host().ok_or_else(|| Failure::Argument("the URL names no host".into()))?;
    let port = url.port_u16().unwrap_or(if tls { 443 } else { 80 });
    let address = (host, port).to_socket_addrs().ok().and_then(|mut all| all.next());
    let address = address.ok_or_else(|| Failure::Argument("the URL's host is not known".into()))?;
    Target::new(address, host, tls)
}

fn free_address() -> Result<SocketAddr, Failure> {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    free.map_err(|error| Failure::Files("finding a free port", error))
}
