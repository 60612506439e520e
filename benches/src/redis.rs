//! A Redis server for a relay to keep its store in.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::failure::Failure;
use crate::subject::Tuning;

/// When a relay on Redis accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Durability {
    /// When it is synced: `appendfsync always`.
    Disk,
    /// At once; the server syncs every second.
    Second,
}

/// A server that runs until this is dropped.
pub(crate) struct Redis(Child);

impl Redis {
    /// Starts one there, with nothing in it.
    pub(crate) fn start(durability: Durability, address: SocketAddr, directory: &Path) -> Result<Self, Failure> {
        let sync = match durability {
            Durability::Disk => "always",
            Durability::Second => "everysec",
        };
        let mut program = Command::new("redis-server");
        program.current_dir(directory).args(["--bind", "127.0.0.1", "--port", &address.port().to_string()]);
        program.args(["--save", "", "--appendonly", "yes", "--appendfsync", sync, "--maxmemory-policy", "noeviction"]);
        let child = program.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Ok(Self(child.map_err(|error| Failure::NoProgram("redis-server".into(), error))?))
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _killed = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// What a relay is told to keep its store there.
pub(crate) fn tuning(durability: Durability, address: SocketAddr) -> Tuning {
    let word = match durability {
        Durability::Disk => "disk",
        Durability::Second => "second",
    };
    let urls = vec![toml::Value::from(format!("redis://{address}"))];
    let values = vec![
        ("store", "backend", "redis".into()),
        ("redis", "urls", urls.into()),
        ("redis", "durability", word.into()),
    ];
    Tuning { values }
}
