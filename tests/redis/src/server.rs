//! One server.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::iter;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::talk::{tell, tell_raw};

const PROGRAM: &str = "redis-server";
const START: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// A free port may be taken by another before the server has it.
const TRIES: usize = 5;
/// Runs a program until standard input ends, as it does when whoever holds its other end is gone, and then kills it.
const LEASH: &str =
    r#""$@" </dev/null & child=$!; exec 3<&0; (cat <&3 >/dev/null; kill -9 $child) 2>/dev/null & wait $child"#;

/// Whether the program is installed.
#[must_use]
pub fn is_installed() -> bool {
    let version = Command::new(PROGRAM).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

/// A running server on loopback, with a directory of its own. Dropped, it is killed.
#[derive(Debug)]
pub struct Server {
    /// `None` while it is killed.
    child: Option<Child>,
    /// The program's own, which a leash holds.
    process: Option<Pid>,
    address: SocketAddr,
    arguments: Vec<OsString>,
    directory: TempDir,
}

impl Server {
    /// Starts it with nothing in it: without any file of its own, unless `arguments`, as its command line takes them, say
    /// otherwise.
    ///
    /// # Errors
    /// The program is missing, or does not start.
    pub fn start(arguments: &[&str]) -> io::Result<Self> {
        Self::start_below(&env::temp_dir(), arguments)
    }

    /// The same, with its files in a directory below that one.
    ///
    /// # Errors
    /// The program is missing, or does not start.
    pub fn start_below(directory: &Path, arguments: &[&str]) -> io::Result<Self> {
        let mut tried = Self::start_once(directory, arguments);
        for _ in 1..TRIES {
            if tried.is_ok() || !is_installed() {
                break;
            }
            tried = Self::start_once(directory, arguments);
        }
        tried
    }

    fn start_once(directory: &Path, arguments: &[&str]) -> io::Result<Self> {
        let directory = tempfile::tempdir_in(directory)?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let port = address.port().to_string();
        let own = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", &port];
        let mut server = Self {
            child: None,
            process: None,
            address,
            arguments: own.iter().chain(arguments).map(OsString::from).collect(),
            directory,
        };
        server.run()?;
        Ok(server)
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The number of its process, while it runs.
    #[must_use]
    pub fn process(&self) -> Option<u32> {
        let process = self.process.filter(|_| self.child.is_some())?;
        u32::try_from(process.as_raw_nonzero().get()).ok()
    }

    /// Where its files are.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Gives it a command and waits for what it answers, each line of a list on a line of its own.
    ///
    /// # Errors
    /// It is not reached, or answers with an error.
    pub fn tell(&self, words: &[&[u8]]) -> io::Result<String> {
        tell(self.address, words)
    }

    /// The same of a command that a list of strings answers, which may have any bytes in them; empty for any other answer.
    ///
    /// # Errors
    /// It is not reached.
    pub fn tell_raw(&self, words: &[&[u8]]) -> io::Result<Vec<Vec<u8>>> {
        tell_raw(self.address, words)
    }

    /// What it is called in its cluster.
    ///
    /// # Errors
    /// It is not reached, or in no cluster.
    pub fn node_id(&self) -> io::Result<String> {
        self.tell(&[b"CLUSTER", b"MYID"])
    }

    /// Whether it answers, as a master.
    #[must_use]
    pub fn is_master(&self) -> bool {
        self.tell(&[b"INFO", b"replication"]).is_ok_and(|info| info.contains("role:master"))
    }

    /// Has it do nothing, as `kill -STOP` does, until [`Self::resume`].
    ///
    /// # Errors
    /// It does not run.
    pub fn pause(&self) -> io::Result<()> {
        self.signal(Signal::STOP)
    }

    /// Has it go on.
    ///
    /// # Errors
    /// It does not run.
    pub fn resume(&self) -> io::Result<()> {
        self.signal(Signal::CONT)
    }

    /// The process of the program itself, which is not our child.
    fn signal(&self, signal: Signal) -> io::Result<()> {
        let process = self.process.filter(|_| self.child.is_some()).ok_or(io::ErrorKind::NotFound)?;
        Ok(kill_process(process, signal)?)
    }

    /// Kills it as `kill -9` does. Its files stay.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.stdin.take());
            let _gone = child.wait();
        }
    }

    /// Starts it again after [`Self::kill`], where it was and with the files that it left.
    ///
    /// # Errors
    /// It does not start.
    pub fn restart(&mut self) -> io::Result<()> {
        self.kill();
        self.run()
    }

    fn run(&mut self) -> io::Result<()> {
        if !is_installed() {
            return Err(io::Error::other(format!("{PROGRAM} is missing; as root, run: apt-get install -y {PROGRAM}")));
        }
        let mut command = Command::new("sh");
        command.args(["-c", LEASH, "sh", PROGRAM]).args(&self.arguments).arg("--dir").arg(self.directory.path());
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(command.spawn()?);
        self.wait()?;
        let info = self.tell(&[b"INFO", b"server"])?;
        let process = info.lines().find_map(|line| line.strip_prefix("process_id:")?.trim().parse().ok());
        self.process = process.and_then(Pid::from_raw);
        Ok(())
    }

    fn wait(&mut self) -> io::Result<()> {
        let start = Instant::now();
        while !self.is_up() {
            let has_ended = self.child.as_mut().is_none_or(|child| child.try_wait().is_ok_and(|end| end.is_some()));
            if has_ended || start.elapsed() > START {
                return Err(io::Error::other(format!("{PROGRAM} did not start")));
            }
            sleep(LOOK_EVERY);
        }
        Ok(())
    }

    /// Whether this server, and not another that has got its port, answers.
    fn is_up(&self) -> bool {
        let directory = self.tell(&[b"CONFIG", b"GET", b"dir"]);
        let is_ours = directory.is_ok_and(|answer| answer.lines().nth(1).map(Path::new) == Some(self.directory()));
        is_ours && self.tell(&[b"INFO", b"persistence"]).is_ok_and(|info| info.contains("loading:0"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Below the ports that systems give to outgoing connections: one of those could take a server's while it is down.
const PORTS: std::ops::Range<u16> = 10_000..32_000;
const PORT_TRIES: usize = 1_000;

/// A port that nobody listens on, and that was not given before.
///
/// # Errors
/// The system has none.
pub fn free_port() -> io::Result<u16> {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut ports = iter::repeat_with(|| PORTS.start + random() % (PORTS.end - PORTS.start)).take(PORT_TRIES);
    let free = ports.find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok() && given.insert(*port));
    free.ok_or_else(|| io::Error::other("no port is free"))
}

/// What the standard library makes its hash tables unpredictable with.
fn random() -> u16 {
    RandomState::new().build_hasher().finish() as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_killed_server_comes_back_with_what_it_synced() {
        let mut server = Server::start(&["--appendonly", "yes", "--appendfsync", "always"]).unwrap();
        server.tell(&[b"SET", b"key", b"value"]).unwrap();
        server.kill();
        assert!(server.tell(&[b"PING"]).is_err());
        server.restart().unwrap();
        assert_eq!(server.tell(&[b"GET", b"key"]).unwrap(), "value");
    }

    #[test]
    fn a_server_that_cannot_start_is_told_soon() {
        assert!(Server::start(&["--no-such-option", "1"]).is_err());
    }
}
