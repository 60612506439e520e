//! Whether a server is one that keeps what it is given, and how it must be set so that it is.

use miette::Diagnostic;
use redis::{Value, cmd};
use thiserror::Error;

use super::answer::text;
use super::health::field;
use super::link::{Link, Node};
use super::open::{OpenError, info, refused};
use super::options::Durability;
use super::traces::{Trace, traces};
use super::waste::{Waste, wastes};

/// The oldest version that will do: scripts with flags and sharded channels came with it.
const OLDEST: u32 = 7;

/// Why a server does not do.
#[derive(Debug, PartialEq, Eq, Error, Diagnostic)]
pub enum Unfit {
    /// It is too old.
    #[error("the Redis server has version {version}, which is too old")]
    #[diagnostic(help("version 7 or later is needed"))]
    Old {
        /// Its version.
        version: String,
    },
    /// It would throw away what is kept.
    #[error("the Redis server throws things away when its memory is full: maxmemory-policy is {policy}")]
    #[diagnostic(help(
        "set `maxmemory-policy noeviction` in redis.conf, or: redis-cli CONFIG SET maxmemory-policy noeviction"
    ))]
    Evicts {
        /// By which rule.
        policy: String,
    },
    /// It is a replica.
    #[error("the Redis server is a replica, which takes no writes")]
    #[diagnostic(help("name its master in `urls`, in [redis]; `redis-cli INFO replication` says which that is"))]
    Replica,
    /// It writes nothing to its disk.
    #[error("the Redis server has no append-only file: a restart would lose everything")]
    #[diagnostic(help("set `appendonly yes` in redis.conf, or: redis-cli CONFIG SET appendonly yes"))]
    Forgets,
    /// It answers before what it was given is on its disk.
    #[error(
        "the Redis server answers before it has synced its file (appendfsync is {policy}), and durability is \"disk\""
    )]
    #[diagnostic(help(
        "set `appendfsync always` in redis.conf, or durability = \"replicas\" in [redis], or \
                       \"second\", which loses up to two seconds of what was accepted when that machine crashes"
    ))]
    Hasty {
        /// When it syncs.
        policy: String,
    },
    /// It takes writes without its replicas.
    #[error("the Redis server takes writes with fewer than {replicas} replicas: min-replicas-to-write is {least}")]
    #[diagnostic(help("set `min-replicas-to-write` in redis.conf to at least `replicas` in [redis]"))]
    Alone {
        /// How many there must be.
        replicas: u32,
        /// With how many it takes writes.
        least: u32,
    },
}

/// A server as it was looked at: why it does not do, what it brings back that the relay does not keep, and what it does in vain.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Where it is in a cluster; empty for the one server.
    pub server: String,
    /// Why it does not do; not at all if it does.
    pub unfit: Vec<Unfit>,
    /// What it brings back.
    pub traces: Vec<Trace>,
    /// What it does in vain.
    pub wastes: Vec<Waste>,
}

/// Checks every master.
pub(super) async fn check(link: &Link, durability: Durability) -> Result<(), OpenError> {
    for Seen { server: _, unfit, traces, wastes: _ } in look(link, durability).await? {
        unfit.into_iter().next().map_or(Ok(()), Err)?;
        traces.into_iter().for_each(|trace| trace.event().log());
    }
    Ok(())
}

/// Looks at every master.
pub(super) async fn look(link: &Link, durability: Durability) -> Result<Vec<Seen>, OpenError> {
    let mut seen = Vec::new();
    for node in link.masters().await.map_err(refused("CLUSTER SLOTS"))? {
        let info = info(link, &node).await?;
        let evicts = evicts(&setting(link, &node, "maxmemory-policy").await?);
        let durable = is_durable(link, &node, durability).await?;
        let unfit = of_itself(&info, durability).err().into_iter().chain(evicts).chain(durable);
        let (traces, wastes) = (traces(link, &node).await?, wastes(link, &node).await?);
        seen.push(Seen { server: node.to_string(), unfit: unfit.collect(), traces, wastes });
    }
    Ok(seen)
}

fn evicts(policy: &str) -> Option<Unfit> {
    (policy != "noeviction").then(|| Unfit::Evicts { policy: policy.to_owned() })
}

/// Whether what a server says of itself will do.
fn of_itself(info: &str, durability: Durability) -> Result<(), Unfit> {
    let version = field(info, "redis_version").unwrap_or("unknown");
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < OLDEST) {
        return Err(Unfit::Old { version: version.to_owned() });
    }
    if field(info, "role") != Some("master") {
        return Err(Unfit::Replica);
    }
    let forgets = field(info, "aof_enabled") != Some("1");
    if forgets && !matches!(durability, Durability::Replicas(_)) { Err(Unfit::Forgets) } else { Ok(()) }
}

async fn is_durable(link: &Link, node: &Node, durability: Durability) -> Result<Option<Unfit>, OpenError> {
    Ok(match durability {
        Durability::Disk => {
            let policy = setting(link, node, "appendfsync").await?;
            (policy != "always").then_some(Unfit::Hasty { policy })
        }
        Durability::Replicas(replicas) => {
            let least = setting(link, node, "min-replicas-to-write").await?.parse().unwrap_or(0);
            (least < replicas).then_some(Unfit::Alone { replicas, least })
        }
        Durability::Second => None,
    })
}

/// How a server is set.
pub(super) async fn setting(link: &Link, node: &Node, name: &str) -> Result<String, OpenError> {
    let refused = refused("CONFIG GET");
    let answer = link.ask_node(node, cmd("CONFIG").arg("GET").arg(name)).await.map_err(&refused)?;
    let value = match answer {
        Value::Map(settings) => settings.into_iter().next().map(|(_, value)| value),
        Value::Array(settings) => settings.into_iter().nth(1),
        _ => None,
    };
    value.map_or(Ok(String::new()), text).map_err(refused)
}

/// Whether a server makes snapshots.
pub(super) async fn makes_snapshots(link: &Link, node: &Node) -> bool {
    setting(link, node, "save").await.is_ok_and(|save| !save.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIT: &str = "redis_version:7.0.15\r\nrole:master\r\naof_enabled:1\r\n";

    #[test]
    fn a_server_says_itself_whether_it_will_do() {
        let with = |from: &str, to: &str| of_itself(&FIT.replace(from, to), Durability::Disk);
        assert_eq!(with("", ""), Ok(()));
        assert_eq!(with("7.0.15", "10.2.0"), Ok(()));
        assert_eq!(with("7.0.15", "6.2.14"), Err(Unfit::Old { version: "6.2.14".to_owned() }));
        assert_eq!(with("master", "slave"), Err(Unfit::Replica));
        assert_eq!(with("aof_enabled:1", "aof_enabled:0"), Err(Unfit::Forgets));
    }
}
