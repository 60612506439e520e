//! What a server does that is of no use to a relay, and takes of its processor.

use super::check::setting;
use super::link::{Link, Node};
use super::open::OpenError;

/// Work that brings nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waste {
    /// It tries to compress envelopes, which are sealed, whenever it rewrites its files.
    Compression,
    /// It keeps how long each kind of command takes, for each one that a script gives too.
    Tracking,
}

impl Waste {
    /// What is said of it.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Compression => {
                "Redis tries to compress envelopes when it rewrites its files, which takes longer and makes them no smaller"
            }
            Self::Tracking => "Redis measures how long each command takes, also of those in scripts",
        }
    }

    /// What mends it, while the server runs; the same belongs into redis.conf.
    #[must_use]
    pub const fn mend(self) -> &'static str {
        match self {
            Self::Compression => "redis-cli CONFIG SET rdbcompression no",
            Self::Tracking => "redis-cli CONFIG SET latency-tracking no",
        }
    }
}

/// All that a server does in vain.
pub(super) async fn wastes(link: &Link, node: &Node) -> Result<Vec<Waste>, OpenError> {
    let mut found = Vec::new();
    for (name, waste) in [("rdbcompression", Waste::Compression), ("latency-tracking", Waste::Tracking)] {
        if setting(link, node, name).await? == "yes" {
            found.push(waste);
        }
    }
    Ok(found)
}
