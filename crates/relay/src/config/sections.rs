//! The tables that a relay has besides [those of every server](sealpost_server::config).

use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use sealpost_wire::RelayRef;
use serde::{Deserialize, Serialize};

use super::{Backend, reference};

const fn days(count: u64) -> Duration {
    Duration::from_secs(count * 24 * 60 * 60)
}

/// What the server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// It keeps mailboxes and shelves.
    Relay,
    /// It evaluates elements under a key of its own for each epoch, and keeps neither.
    KeyService,
    /// It passes sealed requests on to gateways of others, and keeps nothing.
    OhttpProxy,
}

impl Role {
    /// How the file names it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Relay => "relay",
            Self::KeyService => "key-service",
            Self::OhttpProxy => "ohttp-proxy",
        }
    }
}

/// How long things are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// An envelope's time to live.
    #[serde(with = "humantime_serde")]
    pub envelopes: Duration,
    /// How long a mailbox or shelf outlives its owner's last visit.
    #[serde(with = "humantime_serde")]
    pub lease: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self { envelopes: days(14), lease: days(90) }
    }
}

/// How much is kept, and how fast it may come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Envelopes in one mailbox.
    pub mailbox_envelopes: u32,
    /// Bytes in one mailbox, as stored.
    pub mailbox_bytes: ByteSize,
    /// Deposits into one mailbox per minute.
    pub deposits_per_minute: u32,
    /// Takes from one shelf per hour.
    pub takes_per_hour: u32,
    /// One-time items on one shelf.
    pub shelf_items: u32,
    /// Mailboxes that one connection may subscribe to.
    pub subscriptions: u32,
    /// The longest request body, and the longest WebSocket message.
    pub body: ByteSize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            mailbox_envelopes: 2_000,
            mailbox_bytes: ByteSize::mib(32),
            deposits_per_minute: 600,
            takes_per_hour: 120,
            shelf_items: 100,
            subscriptions: 256,
            body: ByteSize::kib(512),
        }
    }
}

/// Where the store lies, and what it may take of the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// Where it lies.
    pub backend: Backend,
    /// Memory for deposits that are not yet answered; senders with more than a batch there are put off beyond that.
    pub in_flight: ByteSize,
    /// Memory for envelopes that wait for connected collectors.
    pub undelivered: ByteSize,
    /// Memory for the index of mailboxes in use.
    pub index: ByteSize,
    /// Memory for blocks that were read.
    pub cache: ByteSize,
    /// Disk space that deposits leave free.
    pub disk_reserve: ByteSize,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            backend: Backend::Embedded,
            in_flight: ByteSize::mib(32),
            undelivered: ByteSize::mib(64),
            index: ByteSize::mib(64),
            cache: ByteSize::mib(16),
            disk_reserve: ByteSize::mib(256),
        }
    }
}

/// A relay's directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Directory {
    /// Whether there is one.
    pub enabled: bool,
    /// The key services, up to two.
    #[serde(with = "reference::list")]
    pub key_services: Vec<RelayRef>,
    /// The attester without whose word nobody is listed; without one, anyone may publish any number.
    #[serde(with = "reference")]
    pub attester: Option<RelayRef>,
    /// Memory for the slow hash of a number, on the devices that compute it.
    pub hash_memory: ByteSize,
    /// Passes over that memory.
    pub hash_passes: u32,
    /// Entries that are taken a minute, of all together.
    pub publishes_per_minute: u32,
}

impl Default for Directory {
    fn default() -> Self {
        Self {
            enabled: false,
            key_services: Vec::new(),
            attester: None,
            hash_memory: ByteSize::mib(64),
            hash_passes: 3,
            publishes_per_minute: 600,
        }
    }
}

/// Who gets tickets, and how many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tickets {
    /// Who gets them.
    pub policy: TicketPolicy,
    /// The directory of their keys and of invite codes.
    pub keys: PathBuf,
    /// With `open`: requests for tickets a minute, of all together.
    pub issues_per_minute: u32,
    /// Mailboxes that one voucher is good for.
    pub mailboxes: u16,
    /// Shelves.
    pub shelves: u16,
    /// Entries published.
    pub entries: u16,
    /// Of a key service: batches of 64 elements.
    pub batches: u16,
    /// First messages at front doors at the normal rate.
    pub front_doors: u16,
    /// Deposits an hour at one front door without a ticket.
    pub strangers_per_hour: u32,
}

/// Who gets tickets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TicketPolicy {
    /// There are none, and none are needed.
    Off,
    /// Anyone.
    Open,
    /// Whoever has an invite code.
    Invite,
    /// Whoever has the attester's word, or an invite code.
    Attestation,
}

impl Default for Tickets {
    fn default() -> Self {
        Self {
            policy: TicketPolicy::Off,
            keys: "tickets".into(),
            issues_per_minute: 600,
            mailboxes: 128,
            shelves: 16,
            entries: 16,
            batches: 16,
            front_doors: 64,
            strangers_per_hour: 20,
        }
    }
}

/// What a key service does, and for whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeyService {
    /// The directory of the epochs' keys.
    pub keys: PathBuf,
    /// The attester whose vouchers give the right to ask; without one, anyone may.
    #[serde(with = "reference")]
    pub attester: Option<RelayRef>,
    /// Without an attester: batches per minute, of all together.
    pub batches_per_minute: u32,
    /// With an attester: the most vouchers that are counted in one epoch.
    pub vouchers_per_epoch: u32,
}

impl Default for KeyService {
    fn default() -> Self {
        Self { keys: "epochs".into(), attester: None, batches_per_minute: 600, vouchers_per_epoch: 100_000 }
    }
}

/// Where a proxy passes sealed requests on to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OhttpProxy {
    /// The gateways, none of which this server's own operator runs.
    #[serde(with = "reference::list")]
    pub gateways: Vec<RelayRef>,
    /// The most connections to one of them.
    pub connections: usize,
    /// The most requests that wait for those connections.
    pub waiting: usize,
    /// How long a gateway may take.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// How many threads it works on.
    pub workers: usize,
}

impl Default for OhttpProxy {
    fn default() -> Self {
        Self { gateways: Vec::new(), connections: 4, waiting: 256, timeout: Duration::from_secs(20), workers: 1 }
    }
}
