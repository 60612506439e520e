//! Three masters, three replicas and two relays, each a process.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use clap::ValueEnum;
use sealpost_redis_stage::{self as redis, Cluster};
use serde::Serialize;

use super::line::{Gate, Line, USERS};
use super::load::RELAYS;
use crate::Result;
use crate::server::{Server, Settings};

const MASTERS: usize = 3;
const PASSWORD: &str = "on-loopback-alone";

/// When something is accepted, and what that promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// When a replica has it, and the server's disk: servers may go, and replicas take over
    Replicas,
    /// When it is on the server's disk: a server that goes is waited for, since no replica takes over
    Disk,
    /// When the server has it: replicas take over, and may lack what it had last
    Second,
}

/// What a stage is to be.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// When something is accepted.
    pub durability: Durability,
    /// Whether clients speak TLS with the relays.
    pub tls: bool,
    /// The port under which clients are told that the relays are, when that is not each one's own.
    pub public_port: Option<u16>,
}

/// The processes. Dropped, they are killed.
pub struct Stage {
    /// What the relays were set to.
    pub durability: Durability,
    /// The servers of Redis.
    pub cluster: Cluster,
    /// The relays.
    pub relays: [Server; RELAYS],
    gate: Arc<Gate>,
}

impl Stage {
    /// Starts everything, and keeps the relays' files in `directory`.
    ///
    /// # Errors
    /// Something does not start.
    pub fn set(directory: &Path, setting: Setting) -> Result<Self> {
        let lines = (0..2 * MASTERS).map(|_| Line::new()).collect::<Result<Vec<_>>>()?;
        let announced: Vec<u16> = lines.iter().map(Line::port).collect();
        let arguments = arguments(setting.durability);
        let plan = redis::Plan { masters: MASTERS, replicas: 1, arguments, announced: announced.clone(), below: None };
        let gate = Arc::<Gate>::default();
        // Replicas reach their masters by the same lines.
        let cluster = Cluster::led(&plan, |servers| {
            for (line, server) in lines.into_iter().zip(servers) {
                line.lead_to(*server, &gate);
            }
        })?;
        let relays = relays(directory, setting, &announced)?;
        let mut stage = Self { durability: setting.durability, cluster, relays, gate };
        for relay in &mut stage.relays {
            relay.start()?;
        }
        Ok(stage)
    }

    /// Where the relays listen.
    #[must_use]
    pub fn addresses(&self) -> [SocketAddr; RELAYS] {
        self.relays.each_ref().map(Server::listen)
    }

    /// Cuts a relay off from Redis, as a network does that carries nothing any more; or joins them again.
    pub fn cut(&self, relay: usize, is_cut: bool) {
        self.gate.cut(relay, is_cut);
    }

    /// Waits until the cluster is whole again and both relays say that they are ready.
    ///
    /// # Errors
    /// That does not happen.
    pub fn wait_until_whole(&mut self) -> Result<()> {
        self.cluster.wait_until_whole()?;
        self.relays.iter_mut().try_for_each(Server::wait_until_ready)
    }

    /// The places of those servers that are masters now.
    #[must_use]
    pub fn masters(&self) -> Vec<usize> {
        let servers = self.cluster.servers().iter().enumerate();
        servers.filter(|(_, server)| server.is_master()).map(|(place, _)| place).collect()
    }
}

/// What every server of Redis is started with.
fn arguments(durability: Durability) -> Vec<String> {
    let always = "--appendonly yes --slowlog-log-slower-than -1 --cluster-require-full-coverage no";
    let own = match durability {
        Durability::Replicas => "--appendfsync always --min-replicas-to-write 1",
        Durability::Disk => "--appendfsync always --cluster-replica-no-failover yes",
        Durability::Second => "--appendfsync everysec",
    };
    let users = USERS.map(|user| format!("--user {user} on >{PASSWORD} ~* &* +@all"));
    let lines = [always, own].into_iter().chain(users.iter().map(String::as_str));
    lines.flat_map(|line| line.split(' ')).map(ToOwned::to_owned).collect()
}

/// Makes both: one relay to their clients, so with the same keys.
fn relays(directory: &Path, setting: Setting, redis: &[u16]) -> Result<[Server; RELAYS]> {
    let relay = |number: usize| {
        let own = directory.join(format!("relay-{number}"));
        let user = USERS.get(number).copied().unwrap_or_default();
        let settings = Settings {
            public_port: setting.public_port,
            options: options(setting, user, redis),
            ..Settings::default()
        };
        let relay = Server::init(&own, &settings)?;
        let mut password =
            OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(own.join("redis.password"))?;
        writeln!(password, "{PASSWORD}")?;
        Result::Ok(relay)
    };
    let relays = [relay(0)?, relay(1)?];
    for key in ["operator.key", "tls.key", "tls.pem"] {
        let [from, to] = relays.each_ref().map(|relay| relay.directory().join(key));
        if from.exists() {
            fs::copy(from, to)?;
        }
    }
    Ok(relays)
}

fn options(setting: Setting, user: &str, redis: &[u16]) -> Vec<(&'static str, String)> {
    let urls: Vec<_> = redis.iter().map(|port| format!("\"redis://127.0.0.1:{port}\"")).collect();
    let durability = match setting.durability {
        Durability::Replicas => "\"replicas\"",
        Durability::Disk => "\"disk\"",
        Durability::Second => "\"second\"",
    };
    let mut options = vec![
        ("store.backend", "\"redis\"".to_owned()),
        ("redis.urls", format!("[{}]", urls.join(", "))),
        ("redis.user", format!("\"{user}\"")),
        ("redis.password", "\"redis.password\"".to_owned()),
        ("redis.durability", durability.to_owned()),
        ("limits.deposits_per_minute", "1000000".to_owned()),
    ];
    if !setting.tls {
        options.push(("tls.mode", "\"off\"".to_owned()));
    }
    options
}
