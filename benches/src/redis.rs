//! Redis for a relay to keep its store in: one server, or a cluster.

use std::path::Path;

pub use sealpost_redis_stage::is_installed;
use sealpost_redis_stage::{Cluster, Plan, Server};
use serde::Serialize;

use crate::failure::Failure;
use crate::process::Usage;
use crate::server::Tuning;

/// Masters of a cluster.
const MASTERS: usize = 3;

/// Where a relay keeps its store, and when it accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Backing {
    /// One server, which has synced what is accepted: `appendfsync always`.
    Disk,
    /// One server, which syncs every second: accepted at once.
    Second,
    /// A cluster of three masters, each of which has synced what is accepted.
    Cluster,
    /// A cluster of three masters with a replica each, both of which have what is accepted.
    Replicas,
}

/// Servers that run until this is dropped.
pub struct Redis {
    servers: Servers,
    backing: Backing,
}

enum Servers {
    One(Box<Server>),
    Several(Cluster),
}

impl Redis {
    /// Starts them with nothing in them, their files below that directory.
    ///
    /// # Errors
    /// [`Failure::Files`].
    pub fn start(backing: Backing, directory: &Path) -> Result<Self, Failure> {
        let arguments = backing.arguments();
        let one = || Server::start_below(directory, &arguments).map(Box::new).map(Servers::One);
        let several = |replicas| {
            let (arguments, below) = (arguments.iter().map(ToString::to_string).collect(), Some(directory.to_owned()));
            Cluster::of(&Plan { masters: MASTERS, replicas, arguments, below, ..Plan::default() }).map(Servers::Several)
        };
        let servers = match backing {
            Backing::Disk | Backing::Second => one(),
            Backing::Cluster => several(0),
            Backing::Replicas => several(1),
        };
        Ok(Self { servers: servers.map_err(|error| Failure::Files("starting Redis", error))?, backing })
    }

    /// Where they listen, as the configuration has it.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        self.masters().iter().map(|server| format!("redis://{}", server.address())).collect()
    }

    fn all(&self) -> &[Server] {
        match &self.servers {
            Servers::One(server) => std::slice::from_ref(server),
            Servers::Several(cluster) => cluster.servers(),
        }
    }

    fn masters(&self) -> &[Server] {
        match &self.servers {
            Servers::One(server) => std::slice::from_ref(server),
            Servers::Several(cluster) => cluster.masters(),
        }
    }

    /// What they have taken so far, all together.
    ///
    /// # Errors
    /// [`Failure::Files`], when one has ended.
    pub fn usage(&self) -> Result<Usage, Failure> {
        let all = self.all().iter().map(|server| Usage::of(server.process().ok_or(Failure::Ended)?));
        all.reduce(|one, other| Ok(one?.and(other?))).unwrap_or(Err(Failure::Ended))
    }

    /// What a relay is told to keep its store there.
    pub(crate) fn tuning(&self) -> Tuning {
        let values = vec![
            ("store", "backend", "redis".into()),
            ("redis", "urls", self.urls().into()),
            ("redis", "durability", self.backing.durability().into()),
        ];
        Tuning { values }
    }
}

impl Backing {
    const fn durability(self) -> &'static str {
        match self {
            Self::Disk | Self::Cluster => "disk",
            Self::Second => "second",
            Self::Replicas => "replicas",
        }
    }

    fn arguments(self) -> Vec<&'static str> {
        let sync = if self == Self::Second { "everysec" } else { "always" };
        let mut arguments = vec!["--appendonly", "yes", "--appendfsync", sync, "--maxmemory-policy", "noeviction"];
        // As the runbook has it.
        arguments.extend(["--slowlog-log-slower-than", "-1", "--rdbcompression", "no", "--latency-tracking", "no"]);
        if self == Self::Replicas {
            arguments.extend(["--min-replicas-to-write", "1"]);
        }
        arguments
    }
}
