//! Writing rows that come in the order of their keys into tables at once: neither a journal nor memory has them before, so
//! they are written once instead of twice.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use fjall::{Keyspace, UserKey, UserValue};

use super::Fault;

/// So many keyspaces get tables at once, with a thread each: those of short rows, and a day each of two weeks and more.
const MOST: usize = 32;
/// Bytes of rows that are handed over at a time, and how often before whoever writes them has to catch up.
const TOGETHER: usize = 256 * 1024;
const AHEAD: usize = 8;

type Rows = Vec<(UserKey, UserValue)>;

/// Tables that are being written, by the numbers of their keyspaces. What they hold is there once they are finished.
#[derive(Default)]
pub(super) struct Tables(HashMap<u64, Table>);

struct Table {
    rows: Rows,
    bytes: usize,
    last: UserKey,
    writer: SyncSender<Rows>,
    thread: JoinHandle<fjall::Result<()>>,
}

impl Tables {
    /// Writes a row, unless it comes out of order or there are too many tables; whether it did.
    pub(super) fn write(&mut self, to: &Keyspace, key: &[u8], value: &[u8]) -> Result<bool, Fault> {
        if !self.0.contains_key(&to.id()) && self.0.len() < MOST {
            self.0.insert(to.id(), Table::begin(to.clone())?);
        }
        match self.0.get_mut(&to.id()).filter(|table| key > &*table.last) {
            Some(table) => table.write(key, value).map(|()| true),
            None => Ok(false),
        }
    }

    /// Makes all of it durable, and begins anew.
    pub(super) fn finish(&mut self) -> Result<(), Fault> {
        // All of them end what they have before any is waited for.
        let threads = self.0.drain().map(|(_, table)| table.end()).collect::<Result<Vec<_>, _>>()?;
        threads.into_iter().try_for_each(|thread| Ok(thread.join().unwrap_or(Err(fjall::Error::Poisoned))?))
    }
}

impl Table {
    fn begin(of: Keyspace) -> Result<Self, Fault> {
        let (writer, rows) = sync_channel(AHEAD);
        let thread = thread::Builder::new().name("store-filler".into()).spawn(move || write(&of, &rows));
        let thread = thread.map_err(fjall::Error::from)?;
        Ok(Self { rows: Vec::new(), bytes: 0, last: UserKey::new(&[]), writer, thread })
    }

    fn write(&mut self, key: &[u8], value: &[u8]) -> Result<(), Fault> {
        self.last = UserKey::new(key);
        self.rows.push((self.last.clone(), UserValue::new(value)));
        self.bytes += key.len() + value.len();
        if self.bytes < TOGETHER { Ok(()) } else { self.hand_over() }
    }

    fn hand_over(&mut self) -> Result<(), Fault> {
        self.bytes = 0;
        // Who does not listen any more has failed.
        Ok(self.writer.send(std::mem::take(&mut self.rows)).map_err(|_| fjall::Error::Poisoned)?)
    }

    /// Has it finished, for which no rows are the sign.
    fn end(mut self) -> Result<JoinHandle<fjall::Result<()>>, Fault> {
        if !self.rows.is_empty() {
            self.hand_over()?;
        }
        self.hand_over()?;
        Ok(self.thread)
    }
}

fn write(to: &Keyspace, rows: &Receiver<Rows>) -> fjall::Result<()> {
    let mut table = to.start_ingestion()?;
    while let Ok(rows) = rows.recv() {
        if rows.is_empty() {
            return table.finish();
        }
        rows.into_iter().try_for_each(|(key, value)| table.write(key, value))?;
    }
    // It was given up: what it left on the disk is deleted when the database is opened.
    Ok(())
}

/// Nobody has the database once it was given up.
impl Drop for Tables {
    fn drop(&mut self) {
        for (_, Table { writer, thread, .. }) in self.0.drain() {
            drop(writer);
            let _given_up = thread.join();
        }
    }
}
