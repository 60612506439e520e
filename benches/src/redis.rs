//! A Redis server for a relay to keep its store in.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use serde::Serialize;

use crate::failure::Failure;
use crate::process::Usage;
use crate::server::{Site, Tuning, free_address, wait};

/// When a relay on Redis accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Durability {
    /// When it is synced: `appendfsync always`.
    Disk,
    /// At once; the server syncs every second.
    Second,
}

/// A server that runs until this is dropped.
pub(crate) struct Redis {
    child: Child,
    address: SocketAddr,
    durability: Durability,
}

impl Redis {
    /// Starts one with nothing in it, whose files are beside the relay's.
    pub(crate) fn start(durability: Durability, site: &Site) -> Result<Self, Failure> {
        let address = free_address()?;
        let sync = match durability {
            Durability::Disk => "always",
            Durability::Second => "everysec",
        };
        let mut program = Command::new("redis-server");
        program.current_dir(site.directory.path()).args(["--bind", "127.0.0.1", "--port", &address.port().to_string()]);
        program.args(["--save", "", "--appendonly", "yes", "--appendfsync", sync, "--maxmemory-policy", "noeviction"]);
        let child = program.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.map_err(|error| Failure::NoProgram("redis-server".into(), error))?;
        let redis = Self { child, address, durability };
        wait(address, || false)?;
        Ok(redis)
    }

    /// What it has taken so far.
    pub(crate) fn usage(&self) -> Result<Usage, Failure> {
        Usage::of(self.child.id())
    }

    /// What a relay is told to keep its store there.
    pub(crate) fn tuning(&self) -> Tuning {
        let word = match self.durability {
            Durability::Disk => "disk",
            Durability::Second => "second",
        };
        let urls = vec![toml::Value::from(format!("redis://{}", self.address))];
        let values = vec![
            ("store", "backend", "redis".into()),
            ("redis", "urls", urls.into()),
            ("redis", "durability", word.into()),
        ];
        Tuning { values }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _killed = self.child.kill();
        let _reaped = self.child.wait();
    }
}
