//! What is done to a stage, and what becomes of it by itself.

use std::thread::sleep;
use std::time::Duration;

use clap::ValueEnum;
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::{IndexedMutRandom, IndexedRandom, SliceRandom};
use sealpost_redis_stage::{Server, begin_move, end_move, move_some};
use serde::Serialize;

use super::stage::{Durability, Stage};
use crate::{Result, wait};

/// How long something stays broken.
const A_WHILE: Duration = Duration::from_secs(2);
/// Longer than the cluster waits for a server (2 s) and its replica needs to take over.
const TOO_LONG: Duration = Duration::from_secs(6);
/// Longer than a relay waits for Redis (10 s).
const CUT_FOR: Duration = Duration::from_secs(12);
/// How long a replica may need to take over.
const TAKEN_OVER: Duration = Duration::from_secs(30);
/// Slots that are moved.
const SLOTS: usize = 12;
/// How long each of them is on its way, at several points.
const ON_THE_WAY: Duration = Duration::from_millis(20);
/// Tags and channels that a relay has in Redis: see the relay's own list of keys.
const TAGS: u16 = 1_024;

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// `kill -9` of a master; a replica takes over, then it comes back
    MasterKilled,
    /// `kill -9` of a relay, which comes back
    RelayKilled,
    /// `kill -9` of all of Redis, which comes back with what its disks have
    RedisKilled,
    /// A server of Redis that stops and goes on, before or after others gave it up
    NodePaused,
    /// Slots that go from one master to another while they are used
    SlotsMoved,
    /// A master without memory, which takes nothing new
    RedisFull,
    /// A relay that nothing reaches from Redis, nor the other way
    RelayCut,
    /// Both relays stopped by SIGTERM and started again, one after the other
    RollingRestart,
}

impl Fault {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::MasterKilled,
        Self::RelayKilled,
        Self::RedisKilled,
        Self::NodePaused,
        Self::SlotsMoved,
        Self::RedisFull,
        Self::RelayCut,
        Self::RollingRestart,
    ];

    /// In words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MasterKilled => "a master killed",
            Self::RelayKilled => "a relay killed",
            Self::RedisKilled => "all of Redis killed",
            Self::NodePaused => "a server of Redis paused",
            Self::SlotsMoved => "slots moved",
            Self::RedisFull => "a master full",
            Self::RelayCut => "a relay cut off from Redis",
            Self::RollingRestart => "relays restarted, one by one",
        }
    }

    /// All kinds, shuffled.
    pub(super) fn round(of: &[Self], rng: &mut StdRng) -> Vec<Self> {
        let mut round = of.to_vec();
        round.shuffle(rng);
        round
    }

    /// Does it to a stage, and undoes what does not undo itself.
    ///
    /// # Errors
    /// Something does not come back.
    pub(super) fn happen(self, stage: &mut Stage, rng: &mut StdRng) -> Result<()> {
        match self {
            Self::MasterKilled => kill_master(stage, rng),
            Self::RelayKilled => kill_relay(stage, rng),
            Self::RedisKilled => kill_redis(stage),
            Self::NodePaused => pause(stage, rng),
            Self::SlotsMoved => move_slots(stage, rng),
            Self::RedisFull => fill(stage, rng),
            Self::RelayCut => cut(stage, rng),
            Self::RollingRestart => restart(stage),
        }?;
        stage.wait_until_whole()
    }
}

fn kill_master(stage: &mut Stage, rng: &mut StdRng) -> Result<()> {
    let masters = stage.masters();
    let killed = *masters.choose(rng).ok_or("no master")?;
    kill(stage, killed);
    if stage.durability == Durability::Disk {
        sleep(A_WHILE);
    } else {
        wait::until("a replica takes over", TAKEN_OVER, || Ok((stage.masters().len() == masters.len()).then_some(())))?;
        sleep(A_WHILE);
    }
    bring_back(stage, killed)
}

fn kill_relay(stage: &mut Stage, rng: &mut StdRng) -> Result<()> {
    let relay = stage.relays.choose_mut(rng).ok_or("no relay")?;
    relay.kill()?;
    sleep(A_WHILE);
    relay.start()
}

fn kill_redis(stage: &mut Stage) -> Result<()> {
    let mut masters = stage.masters();
    let all = 0..stage.cluster.servers().len();
    all.clone().for_each(|place| kill(stage, place));
    sleep(A_WHILE / 2);
    masters.extend(all.filter(|place| !masters.contains(place)).collect::<Vec<_>>());
    masters.into_iter().try_for_each(|place| bring_back(stage, place))
}

fn pause(stage: &mut Stage, rng: &mut StdRng) -> Result<()> {
    let server = stage.cluster.servers().choose(rng).ok_or("no server")?;
    server.pause()?;
    sleep(if rng.random() { A_WHILE / 2 } else { TOO_LONG });
    Ok(server.resume()?)
}

/// Some slots in which something lies, and some of the channels by which relays wake each other.
fn move_slots(stage: &Stage, rng: &mut StdRng) -> Result<()> {
    let mut masters = stage.masters();
    masters.shuffle(rng);
    let servers = stage.cluster.servers();
    let master = |at: usize| masters.get(at).and_then(|place| servers.get(*place)).ok_or("too few masters");
    let (from, to) = (master(0)?, master(1)?);
    for slot in slots(from)? {
        begin_move(slot, from, to)?;
        sleep(ON_THE_WAY);
        while move_some(slot, from, to)? {
            sleep(ON_THE_WAY);
        }
        end_move(slot, to, servers)?;
    }
    Ok(())
}

/// Slots that a master has: with something in them, and of channels.
fn slots(of: &Server) -> Result<Vec<u16>> {
    let slot = |tag: String| -> Result<u16> { Ok(of.tell(&[b"CLUSTER", b"KEYSLOT", tag.as_bytes()])?.parse()?) };
    let mut slots = Vec::new();
    for number in 0..TAGS {
        let slot = slot(format!("{{sealpost:{number:03x}}}"))?;
        let keys = of.tell(&[b"CLUSTER", b"COUNTKEYSINSLOT", slot.to_string().as_bytes()])?;
        if keys != "0" && !slots.contains(&slot) {
            slots.push(slot);
        }
        if slots.len() == SLOTS {
            break;
        }
    }
    for number in 0..2 {
        let slot = slot(format!("{{sealpost:w{number:x}}}"))?;
        if owns(of, slot)? && !slots.contains(&slot) {
            slots.push(slot);
        }
    }
    Ok(slots)
}

fn owns(server: &Server, slot: u16) -> Result<bool> {
    let nodes = server.tell(&[b"CLUSTER", b"NODES"])?;
    let own = nodes.lines().find(|line| line.contains("myself")).unwrap_or_default();
    let is_inside = |range: &str| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        first.parse().is_ok_and(|first: u16| first <= slot) && last.parse().is_ok_and(|last: u16| slot <= last)
    };
    Ok(own.split(' ').skip(8).any(is_inside))
}

fn fill(stage: &Stage, rng: &mut StdRng) -> Result<()> {
    let masters = stage.masters();
    let place = *masters.choose(rng).ok_or("no master")?;
    let full = stage.cluster.servers().get(place).ok_or("no such server")?;
    full.tell(&[b"CONFIG", b"SET", b"maxmemory", b"1"])?;
    sleep(2 * A_WHILE);
    full.tell(&[b"CONFIG", b"SET", b"maxmemory", b"0"])?;
    Ok(())
}

fn cut(stage: &Stage, rng: &mut StdRng) -> Result<()> {
    let relay = rng.random_range(0..stage.relays.len());
    stage.cut(relay, true);
    sleep(CUT_FOR);
    stage.cut(relay, false);
    Ok(())
}

fn restart(stage: &mut Stage) -> Result<()> {
    for relay in &mut stage.relays {
        relay.stop()?;
        relay.start()?;
    }
    Ok(())
}

fn kill(stage: &mut Stage, place: usize) {
    if let Some(server) = stage.cluster.servers_mut().get_mut(place) {
        server.kill();
    }
}

fn bring_back(stage: &mut Stage, place: usize) -> Result<()> {
    let server = stage.cluster.servers_mut().get_mut(place).ok_or("no such server")?;
    Ok(server.restart()?)
}
