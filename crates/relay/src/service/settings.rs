//! What an operator decides, as plain values; every default is safe.

use std::path::PathBuf;

use sealpost_wire::manifest::{Limits, Retention};

use super::directory::DirectorySettings;
use crate::store::Quota;
use crate::store::embedded::Options;
use crate::store::redis;
use crate::tickets;

/// What a relay is opened with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The store's directory; made if it is not there.
    pub directory: PathBuf,
    /// Where the store is instead, when it is in Redis.
    pub redis: Option<redis::Options>,
    /// Limits that the manifest tells.
    pub limits: Limits,
    /// How long things are kept; told by the manifest too.
    pub retention: Retention,
    /// What bounds the process and its disk.
    pub memory: Memory,
    /// The directory, where there is one.
    pub discovery: Option<DirectorySettings>,
    /// Tickets, where there are any.
    pub tickets: Option<TicketSettings>,
}

/// What an operator decides of tickets at a relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketSettings {
    /// What they are issued with.
    pub issuer: tickets::Settings,
    /// Deposits an hour at one front door without one.
    pub strangers_per_hour: u32,
}

/// Bounds of the process that no client needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// Deposits that are not yet answered, in bytes; whoever has some there and comes with more is put off beyond that, others wait.
    pub in_flight_bytes: usize,
    /// Envelopes queued for collectors that are connected, in bytes, of all of them together. What does not fit is read
    /// from the store when its collector is ready for it.
    pub undelivered_bytes: usize,
    /// The store's index of mailboxes in use, in bytes.
    pub index_bytes: usize,
    /// The store's cache of blocks, in bytes.
    pub cache_bytes: u64,
    /// Disk space that deposits leave free, in bytes, so that what erases still finds room.
    pub disk_reserve_bytes: u64,
}

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

impl Default for Settings {
    fn default() -> Self {
        Self {
            directory: PathBuf::from("store"),
            redis: None,
            limits: Limits {
                mailbox_envelopes: 2_000,
                mailbox_bytes: 32 * MIB as u64,
                deposits_per_minute: 600,
                takes_per_hour: 120,
                shelf_items: 100,
                subscriptions: 256,
                body_bytes: 512 * KIB,
            },
            retention: Retention { envelope_hours: 14 * 24, lease_days: 90 },
            memory: Memory::default(),
            discovery: None,
            tickets: None,
        }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            in_flight_bytes: 32 * MIB,
            undelivered_bytes: 64 * MIB,
            index_bytes: 64 * MIB,
            cache_bytes: 16 * MIB as u64,
            disk_reserve_bytes: 256 * MIB as u64,
        }
    }
}

impl Settings {
    /// How much one object may hold.
    pub(crate) const fn quota(&self) -> Quota {
        Quota {
            envelopes: self.limits.mailbox_envelopes as usize,
            bytes: self.limits.mailbox_bytes,
            items: self.limits.shelf_items as usize,
        }
    }

    /// What the embedded store needs of it.
    pub(crate) fn store_options(&self) -> Options {
        Options {
            directory: self.directory.clone(),
            quota: self.quota(),
            index_bytes: self.memory.index_bytes,
            cache_bytes: self.memory.cache_bytes,
            disk_reserve_bytes: self.memory.disk_reserve_bytes,
        }
    }
}
