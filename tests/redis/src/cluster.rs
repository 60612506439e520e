//! A cluster.

use std::env;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::server::{Server, free_port};

const SLOTS: usize = 16_384;
const FORMED: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What a cluster is to be.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Masters, each with its share of the slots.
    pub masters: usize,
    /// Replicas of each of them.
    pub replicas: usize,
    /// What every server is started with.
    pub arguments: Vec<String>,
    /// The ports under which clients are told that the servers are, masters first, where those are not their own.
    pub announced: Vec<u16>,
    /// Below which directory their files are; the system's for what is temporary, where none is said.
    pub below: Option<PathBuf>,
}

/// A cluster. Dropped, its servers are killed.
#[derive(Debug)]
pub struct Cluster {
    servers: Vec<Server>,
    masters: usize,
}

impl Cluster {
    /// Starts so many masters without replicas, each with its share of the slots, and waits until they know each other.
    ///
    /// # Errors
    /// A server does not start, or they do not find together.
    pub fn start(masters: usize, arguments: &[&str]) -> io::Result<Self> {
        let arguments = arguments.iter().map(ToString::to_string).collect();
        Self::of(&Plan { masters, arguments, ..Plan::default() })
    }

    /// Starts what is planned, and waits until the servers know each other and all replicas follow.
    ///
    /// # Errors
    /// A server does not start, or they do not find together.
    pub fn of(plan: &Plan) -> io::Result<Self> {
        Self::led(plan, |_| {})
    }

    /// The same, where whoever leads from the announced ports to the servers is told their addresses as soon as they listen.
    ///
    /// # Errors
    /// A server does not start, or they do not find together.
    pub fn led(plan: &Plan, lead: impl FnOnce(&[SocketAddr])) -> io::Result<Self> {
        let count = plan.masters * (1 + plan.replicas);
        let announced = plan.announced.iter().copied().map(Some).chain(std::iter::repeat(None));
        let servers = announced.take(count).map(|port| node(port, plan)).collect::<io::Result<Vec<_>>>()?;
        lead(&servers.iter().map(Server::address).collect::<Vec<_>>());
        let cluster = Self { servers, masters: plan.masters };
        cluster.share_slots()?;
        cluster.meet()?;
        cluster.wait("the cluster's servers did not find together", Self::is_whole_for)?;
        cluster.replicate()?;
        cluster.wait("the replicas do not follow", |_, server| is_in_step(server))?;
        Ok(cluster)
    }

    /// Those that were started as masters.
    #[must_use]
    pub fn masters(&self) -> &[Server] {
        self.servers.get(..self.masters).unwrap_or_default()
    }

    /// All servers, those first that were started as masters.
    #[must_use]
    pub fn servers(&self) -> &[Server] {
        &self.servers
    }

    /// All servers, to be killed and started again.
    #[must_use]
    pub fn servers_mut(&mut self) -> &mut [Server] {
        &mut self.servers
    }

    /// Where the servers listen that were started as masters.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.masters().iter().map(Server::address).collect()
    }

    /// Waits until every server answers, agrees with the others and, as a replica, follows its master.
    ///
    /// # Errors
    /// It takes too long.
    pub fn wait_until_whole(&self) -> io::Result<()> {
        self.wait("the cluster does not become whole", |cluster, server| {
            cluster.is_whole_for(server) && is_in_step(server)
        })
    }

    fn share_slots(&self) -> io::Result<()> {
        let share = SLOTS.div_ceil(self.masters.max(1));
        for (number, server) in self.servers.iter().enumerate() {
            let epoch = (number + 1).to_string();
            server.tell(&[b"CLUSTER", b"SET-CONFIG-EPOCH", epoch.as_bytes()])?;
            if number < self.masters {
                let [first, last] = [number * share, ((number + 1) * share).min(SLOTS) - 1];
                let [first, last] = [first, last].map(|slot| slot.to_string());
                server.tell(&[b"CLUSTER", b"ADDSLOTSRANGE", first.as_bytes(), last.as_bytes()])?;
            }
        }
        Ok(())
    }

    fn meet(&self) -> io::Result<()> {
        let Some((first, others)) = self.servers.split_first() else { return Ok(()) };
        for other in others {
            let port = other.address().port().to_string();
            let bus = other.tell(&[b"CONFIG", b"GET", b"cluster-port"])?;
            let bus = bus.lines().nth(1).unwrap_or_default();
            first.tell(&[b"CLUSTER", b"MEET", b"127.0.0.1", port.as_bytes(), bus.as_bytes()])?;
        }
        Ok(())
    }

    fn replicate(&self) -> io::Result<()> {
        let replicas = self.servers.iter().skip(self.masters);
        for (replica, master) in replicas.zip(self.masters().iter().cycle()) {
            let id = master.node_id()?;
            replica.tell(&[b"CLUSTER", b"REPLICATE", id.as_bytes()])?;
        }
        Ok(())
    }

    fn wait(&self, trouble: &str, is_so: impl Fn(&Self, &Server) -> bool) -> io::Result<()> {
        let start = Instant::now();
        while !self.servers.iter().all(|server| is_so(self, server)) {
            if start.elapsed() > FORMED {
                return Err(io::Error::other(trouble.to_owned()));
            }
            sleep(LOOK_EVERY);
        }
        Ok(())
    }

    fn is_whole_for(&self, server: &Server) -> bool {
        let known = format!("cluster_known_nodes:{}", self.servers.len());
        let info = server.tell(&[b"CLUSTER", b"INFO"]);
        let is_whole = |info: String| info.contains("cluster_state:ok") && info.lines().any(|line| line == known);
        let nodes = server.tell(&[b"CLUSTER", b"NODES"]);
        info.is_ok_and(is_whole) && nodes.is_ok_and(|nodes| !nodes.lines().any(has_failed))
    }
}

/// Whether this line of `CLUSTER NODES` is of a server that does not answer, or did not.
fn has_failed(line: &str) -> bool {
    line.split(' ').nth(2).is_none_or(|flags| flags.split(',').any(|flag| ["fail", "fail?"].contains(&flag)))
}

/// Whether a replica follows; a master does, too.
fn is_in_step(server: &Server) -> bool {
    let info = server.tell(&[b"INFO", b"replication"]);
    info.is_ok_and(|info| info.contains("role:master") || info.contains("master_link_status:up"))
}

fn node(announced: Option<u16>, plan: &Plan) -> io::Result<Server> {
    let bus = free_port()?.to_string();
    let mut own = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--cluster-port", &bus]
        .map(ToOwned::to_owned)
        .to_vec();
    if let Some(port) = announced {
        let announced = ["--cluster-announce-ip", "127.0.0.1", "--cluster-announce-bus-port", &bus];
        own.extend(announced.map(ToOwned::to_owned));
        own.extend(["--cluster-announce-port".to_owned(), port.to_string()]);
    }
    let all: Vec<&str> = own.iter().chain(&plan.arguments).map(String::as_str).collect();
    Server::start_below(&plan.below.clone().unwrap_or_else(env::temp_dir), &all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_comes_up_whole() {
        let cluster = Cluster::start(3, &[]).unwrap();
        let owned = cluster.masters().iter().filter(|master| master.tell(&[b"SET", b"key", b"value"]).is_ok());
        assert_eq!(owned.count(), 1);
    }

    #[test]
    fn a_replica_takes_over_and_its_master_comes_back_as_its_replica() {
        let mut cluster = Cluster::of(&Plan { masters: 3, replicas: 1, ..Plan::default() }).unwrap();
        cluster.servers_mut()[0].kill();
        while !cluster.servers()[3].is_master() {
            sleep(LOOK_EVERY);
        }
        cluster.servers_mut()[0].restart().unwrap();
        cluster.wait_until_whole().unwrap();
        assert!(!cluster.servers()[0].is_master());
    }

    #[test]
    fn slots_move_with_what_is_in_them() {
        let cluster = Cluster::start(2, &[]).unwrap();
        let [from, to] = cluster.masters() else { panic!("two masters") };
        from.tell(&[b"SET", b"{b}key", b"value"]).unwrap();
        let slot = from.tell(&[b"CLUSTER", b"KEYSLOT", b"{b}"]).unwrap().parse().unwrap();
        crate::move_slot(slot, from, to, cluster.servers()).unwrap();
        assert_eq!(to.tell(&[b"GET", b"{b}key"]).unwrap(), "value");
        assert!(from.tell(&[b"GET", b"{b}key"]).is_err());
        cluster.wait_until_whole().unwrap();
    }
}
