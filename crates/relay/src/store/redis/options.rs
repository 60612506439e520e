//! What the store is opened with.

use std::path::PathBuf;

/// What a store on Redis is opened with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Servers, each `redis://HOST:PORT`, or `rediss://…` for TLS: the one server, or some of a cluster.
    pub urls: Vec<String>,
    /// The authorities whose certificates the servers may have, PEM; without one, the system's.
    pub ca: Option<PathBuf>,
    /// Whom the servers know this program as; without one, as their default user.
    pub user: Option<String>,
    /// The file of the password, if there is one.
    pub password: Option<PathBuf>,
    /// What all keys begin with, so that several stores may be in one Redis.
    pub namespace: String,
    /// When something is kept.
    pub durability: Durability,
    /// How fast something may come.
    pub rates: Rates,
}

/// How fast something may come, at all relays together. Each relay has limits of its own besides, which are finer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// Takes from one shelf in an hour.
    pub takes_per_hour: u32,
    /// Deposits of strangers at one front door in an hour.
    pub strangers_per_hour: u32,
}

/// When something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// When it is synced in the server's append-only file (`appendfsync always`). Nothing that was accepted is lost while
    /// that disk lives.
    Disk,
    /// When it is on so many replicas. Nothing that was accepted is lost while one of them, or the server, lives.
    Replicas(u32),
    /// When the server has it, which writes it to its disk within about a second (`appendfsync everysec`). What was
    /// accepted in the last two seconds is lost when the server's machine crashes.
    Second,
}
