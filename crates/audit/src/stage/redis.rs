//! A Redis server on loopback, of one's own and empty.

use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::Trouble;

const PROGRAM: &str = "redis-server";
const START: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A running server. Dropped, it is killed.
pub(crate) struct Redis {
    child: Child,
    address: String,
    _directory: TempDir,
}

impl Redis {
    /// Whether the program is installed.
    pub(crate) fn is_installed() -> bool {
        let version = Command::new(PROGRAM).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        version.is_ok_and(|status| status.success())
    }

    /// Starts it, with nothing on disk.
    pub(crate) fn start() -> Result<Self, Trouble> {
        let directory = tempfile::tempdir()?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let mut command = Command::new(PROGRAM);
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", &port.to_string()]);
        command.arg("--dir").arg(directory.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command
            .spawn()
            .map_err(|error| format!("{PROGRAM} is needed (`cargo xtask test` installs it): {error}"))?;
        let mut server = Self { child, address: format!("127.0.0.1:{port}"), _directory: directory };
        server.wait()?;
        Ok(server)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Gives it a command.
    pub(crate) fn tell(&self, words: &[&[u8]]) -> Result<(), Trouble> {
        let mut connection = redis::Client::open(format!("redis://{}", self.address))?.get_connection()?;
        let mut command = redis::Cmd::new();
        words.iter().for_each(|word| {
            command.arg(*word);
        });
        Ok(command.exec(&mut connection)?)
    }

    fn wait(&mut self) -> Result<(), Trouble> {
        let start = Instant::now();
        while self.tell(&[b"PING"]).is_err() {
            if self.child.try_wait()?.is_some() || start.elapsed() > START {
                return Err("the Redis server did not start".into());
            }
            sleep(LOOK_EVERY);
        }
        Ok(())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}
