//! Opening and making a database, and how it is tuned.

use std::path::Path;

use fjall::config::{BlockSizePolicy, CompressionPolicy, PinningPolicy, RestartIntervalPolicy};
use fjall::{CompressionType, Database, KeyspaceCreateOptions, KvSeparationOptions, PersistMode};

use super::days::Days;
use super::epochs::Epochs;
use super::{Disk, Fault};
use crate::store::embedded::rows::{FORMAT, FORMAT_1};

/// Halves the slowest percent of commits against fjall's 64 MiB, and bounds memory.
const MEMTABLE_BYTES: u64 = 16 * 1024 * 1024;
/// In tests, so little that directories of some thousand entries have tables.
const ENTRIES_MEMTABLE_BYTES: u64 = if cfg!(test) { 256 * 1024 } else { 4 * 1024 * 1024 };
/// When sealed journals reach this, fjall flushes whoever holds the oldest; it bounds memtables and disk alike.
const JOURNAL_BYTES: u64 = 128 * 1024 * 1024;
/// With more, fjall keeps one of them for flushes, and while another compacts, that one passes the next compaction to itself
/// without pause: a whole processor for nothing.
const WORKERS: usize = 1;

impl Disk {
    /// Opens the database at `path`.
    pub(in super::super) fn open(path: &Path, cache_bytes: u64) -> Result<Self, Fault> {
        // fjall would make one where there is none, and an empty store must never take the place of a lost one.
        std::fs::metadata(path).map_err(fjall::Error::from)?;
        let disk = Self::connect(path, cache_bytes)?;
        match disk.relay.get(FORMAT)? {
            Some(format) if *format == FORMAT_1 => disk.count_on().map(|()| disk),
            Some(format) => match *format {
                [format] if format > FORMAT_1[0] => Err(Fault::Newer { format }),
                _ => Err(Fault::Damaged),
            },
            None => Err(Fault::Damaged),
        }
    }

    /// Makes a database at `path`, which must not be there.
    pub(in super::super) fn make(path: &Path, cache_bytes: u64) -> Result<Self, Fault> {
        let disk = Self::connect(path, cache_bytes)?;
        disk.relay.insert(FORMAT, FORMAT_1)?;
        disk.database.persist(PersistMode::SyncAll)?;
        Ok(disk)
    }

    fn connect(path: &Path, cache_bytes: u64) -> Result<Self, Fault> {
        let database = Database::builder(path)
            .cache_size(cache_bytes)
            .worker_threads(WORKERS)
            .max_journaling_size(JOURNAL_BYTES)
            .journal_compression(CompressionType::None)
            .manual_journal_persist(true)
            .open()?;
        let keyspace = |name| database.keyspace(name, rows);
        let epochs = keyspace("epochs")?;
        Ok(Self {
            relay: keyspace("relay")?,
            mailboxes: keyspace("mailboxes")?,
            queue: keyspace("queue")?,
            shelves: keyspace("shelves")?,
            items: database.keyspace("items", blobs)?,
            listings: Epochs::of(&database, &epochs)?,
            epochs,
            days: Days::of(&database)?,
            database,
        })
    }
}

/// For short rows.
pub(super) fn rows() -> KeyspaceCreateOptions {
    KeyspaceCreateOptions::default()
        .manual_journal_persist(true)
        .max_memtable_size(MEMTABLE_BYTES)
        .data_block_compression_policy(CompressionPolicy::disabled())
}

/// For entries, of which a bucket is read at a time, from all over a directory: larger blocks, with more places to begin
/// at, which stand in an index that is kept in memory, and small memtables, so that most of it lies in the few tables of
/// one run.
pub(super) fn entries() -> KeyspaceCreateOptions {
    rows()
        .max_memtable_size(ENTRIES_MEMTABLE_BYTES)
        .data_block_size_policy(BlockSizePolicy::all(16 * 1024))
        .data_block_restart_interval_policy(RestartIntervalPolicy::all(4))
        .index_block_pinning_policy(PinningPolicy::all(true))
}

/// For long values that look random: kept apart from their keys, since compaction need not move them, and uncompressed,
/// since they cannot be.
pub(super) fn blobs() -> KeyspaceCreateOptions {
    rows().with_kv_separation(Some(KvSeparationOptions::default().compression(CompressionType::None)))
}
