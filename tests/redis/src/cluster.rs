//! A cluster.

use std::io;
use std::net::SocketAddr;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::server::{Server, free_port};

const SLOTS: usize = 16_384;
const FORMED: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A cluster of masters without replicas. Dropped, its servers are killed.
#[derive(Debug)]
pub struct Cluster {
    masters: Vec<Server>,
}

impl Cluster {
    /// Starts so many masters, each with its share of the slots, and waits until they know each other.
    ///
    /// # Errors
    /// A server does not start, or they do not find together.
    pub fn start(masters: usize, arguments: &[&str]) -> io::Result<Self> {
        let masters = (0..masters).map(|_| master(arguments)).collect::<io::Result<Vec<_>>>()?;
        let cluster = Self { masters };
        cluster.share_slots()?;
        cluster.meet()?;
        cluster.wait()?;
        Ok(cluster)
    }

    /// Its masters.
    #[must_use]
    pub fn masters(&self) -> &[Server] {
        &self.masters
    }

    /// Where they listen.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.masters.iter().map(Server::address).collect()
    }

    fn share_slots(&self) -> io::Result<()> {
        let share = SLOTS.div_ceil(self.masters.len().max(1));
        for (number, master) in self.masters.iter().enumerate() {
            let (first, end) = (number * share, ((number + 1) * share).min(SLOTS));
            let [first, last] = [first, end - 1].map(|slot| slot.to_string());
            master.tell(&[b"CLUSTER", b"ADDSLOTSRANGE", first.as_bytes(), last.as_bytes()])?;
            master.tell(&[b"CLUSTER", b"SET-CONFIG-EPOCH", (number + 1).to_string().as_bytes()])?;
        }
        Ok(())
    }

    fn meet(&self) -> io::Result<()> {
        let Some((first, others)) = self.masters.split_first() else { return Ok(()) };
        for other in others {
            let port = other.address().port().to_string();
            let bus = other.tell(&[b"CONFIG", b"GET", b"cluster-port"])?;
            let bus = bus.lines().nth(1).unwrap_or_default();
            first.tell(&[b"CLUSTER", b"MEET", b"127.0.0.1", port.as_bytes(), bus.as_bytes()])?;
        }
        Ok(())
    }

    fn wait(&self) -> io::Result<()> {
        let start = Instant::now();
        while !self.masters.iter().all(|master| self.is_whole_for(master)) {
            if start.elapsed() > FORMED {
                return Err(io::Error::other("the cluster's servers did not find together"));
            }
            sleep(LOOK_EVERY);
        }
        Ok(())
    }

    fn is_whole_for(&self, master: &Server) -> bool {
        let known = format!("cluster_known_nodes:{}", self.masters.len());
        let info = master.tell(&[b"CLUSTER", b"INFO"]);
        info.is_ok_and(|info| info.contains("cluster_state:ok") && info.lines().any(|line| line == known))
    }
}

fn master(arguments: &[&str]) -> io::Result<Server> {
    let bus = free_port()?.to_string();
    let own = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--cluster-port", &bus];
    Server::start(&[&own, arguments].concat())
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
}
