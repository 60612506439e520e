//! The file: it is only appended to, and goes when its epoch's key goes.
//!
//! ```text
//! head     48   "sealpost v1 " ‖ epoch[4] ‖ public key[32]
//! record i 48   at 48·(i + 1); see `record`
//! ```
//!
//! In memory there is, for each voucher, the place of its last record; the others are found from there. What a crash left
//! behind the last durable record was never answered, so it is cut off; a record that is broken among durable ones is
//! damage, and told.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use miette::Diagnostic;
use sealpost_wire::directory::VoucherId;
use thiserror::Error;

use super::record::{LENGTH, Place, Record};
use super::{Allowance, Bill, Owner, Paid, Unpaid};
use crate::keys;

const MAGIC: &[u8; 12] = b"sealpost v1 ";
/// How much of a file is read at once when it is opened.
const READ_AT_ONCE: usize = 64 * 1024 / LENGTH * LENGTH;

/// Why what was spent of vouchers cannot be used.
#[derive(Debug, Error, Diagnostic)]
pub enum LogError {
    /// The file cannot be read or written.
    #[error("what was spent of vouchers, {}, cannot be used", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another process has it open.
    #[error("another process counts vouchers in {}", path.display())]
    #[diagnostic(help("one directory of epoch keys serves one process; is the service running already?"))]
    Taken {
        /// The file.
        path: PathBuf,
    },
    /// A record that was durable is not what was written.
    #[error("{} is damaged at byte {at}", path.display())]
    #[diagnostic(help(
        "this is the disk's doing: look after it. Moved away, the file begins anew, and every voucher of its epoch with it"
    ))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the first broken record begins.
        at: u64,
    },
}

/// The open file.
pub(super) struct Log {
    file: File,
    most: u32,
    allowance: Allowance,
    /// Where each voucher's last record stands.
    last: HashMap<VoucherId, Place>,
    /// How many records there are.
    records: u32,
    /// How many of them are durable.
    settled: u32,
    /// What [`Self::last`] said of vouchers before the records that are not durable, oldest first.
    before: Vec<(VoucherId, Option<Place>)>,
}

impl LogError {
    pub(in crate::key_service) fn unusable(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }
}

impl Log {
    /// Opens the file, or makes it; one that is about another key is thrown away.
    pub(super) fn open(path: &Path, owner: Owner, most: u32) -> Result<Self, LogError> {
        let unusable = |source| LogError::unusable(path, source);
        let file = open_or_make(path, owner).map_err(unusable)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(LogError::Taken { path: path.to_owned() }),
            locked => locked.map_err(|error| unusable(error.into()))?,
        }
        let mut log = Self {
            file,
            most,
            allowance: owner.allowance,
            last: HashMap::new(),
            records: 0,
            settled: 0,
            before: Vec::new(),
        };
        let broken = log.read().map_err(unusable)?;
        log.settled = log.records;
        log.before = Vec::new();
        if broken {
            log.cut_torn_end(path)?;
        }
        Ok(log)
    }

    /// How many vouchers there are.
    pub(super) fn vouchers(&self) -> u32 {
        u32::try_from(self.last.len()).unwrap_or(u32::MAX)
    }

    /// Writes that a voucher pays for a batch, if it may and has not before. It is durable after the next [`Self::sync`].
    pub(super) fn pay(&mut self, bill: &Bill) -> Result<Paid, Unpaid> {
        let Some(last) = self.last.get(&bill.voucher).copied() else { return self.pay_first(bill) };
        let Record { first, number, .. } = self.record(last).map_err(|_| Unpaid::Out)?;
        if self.has_paid(last, bill).map_err(|_| Unpaid::Out)? {
            return Ok(Paid::Before);
        }
        if number >= self.allowance.batches(first, bill.today) {
            return Err(Unpaid::Spent);
        }
        let (voucher, batch, settled) = (bill.voucher, bill.batch, self.settled);
        self.append(Record { voucher, batch, first, number: number + 1, previous: Some(last), settled })
    }

    /// Makes all that was written durable; else takes it back.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        if self.records == self.settled {
            return Ok(());
        }
        let synced = self.file.sync_data();
        match synced {
            Ok(()) => (self.settled, self.before) = (self.records, Vec::new()),
            Err(_) => self.take_back(),
        }
        synced
    }

    fn pay_first(&mut self, bill: &Bill) -> Result<Paid, Unpaid> {
        if self.vouchers() >= self.most {
            return Err(Unpaid::TooMany);
        }
        let (voucher, batch, first, settled) = (bill.voucher, bill.batch, bill.today, self.settled);
        self.append(Record { voucher, batch, first, number: 1, previous: None, settled })
    }

    /// Whether one of the voucher's records, the last of which is at `place`, is of that batch.
    fn has_paid(&self, place: Place, bill: &Bill) -> io::Result<bool> {
        let mut next = Some(place);
        while let Some(place) = next {
            let record = self.record(place)?;
            if record.voucher != bill.voucher || record.previous.is_some_and(|previous| previous >= place) {
                return Err(io::ErrorKind::InvalidData.into());
            }
            if record.batch == bill.batch {
                return Ok(true);
            }
            next = record.previous;
        }
        Ok(false)
    }

    fn append(&mut self, record: Record) -> Result<Paid, Unpaid> {
        let place = self.records;
        self.cut()
            .and_then(|()| self.file.write_all_at(&record.to_bytes(place), offset(place)))
            .map_err(|_| Unpaid::Out)?;
        self.note(record.voucher, place);
        Ok(Paid::Now)
    }

    /// Takes a record into account.
    fn note(&mut self, voucher: VoucherId, place: Place) {
        let before = self.last.insert(voucher, place);
        self.before.push((voucher, before));
        self.records = place.saturating_add(1);
    }

    /// Forgets the records that are not durable. None of them was answered, so whoever is still there pays again.
    fn take_back(&mut self) {
        for (voucher, before) in self.before.drain(..).rev() {
            match before {
                Some(place) => self.last.insert(voucher, place),
                None => self.last.remove(&voucher),
            };
        }
        self.records = self.settled;
    }

    /// Before the first record after the durable ones is written: cuts off what was taken back, lest it be taken for
    /// records that come after it.
    fn cut(&self) -> io::Result<()> {
        if self.records == self.settled { self.file.set_len(offset(self.settled)) } else { Ok(()) }
    }

    fn record(&self, place: Place) -> io::Result<Record> {
        let mut bytes = [0; LENGTH];
        self.file.read_exact_at(&mut bytes, offset(place))?;
        Record::from_bytes(&bytes, place).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// Reads all records up to the first that is broken or not where it belongs; tells whether there is something behind.
    fn read(&mut self) -> io::Result<bool> {
        let mut buffer = vec![0; READ_AT_ONCE];
        loop {
            let length = read_full(&self.file, &mut buffer, offset(self.records))?;
            let (chunks, rest) = buffer.get(..length).unwrap_or_default().as_chunks();
            for bytes in chunks {
                match Record::from_bytes(bytes, self.records) {
                    Some(record) if self.follows(&record) => self.note(record.voucher, self.records),
                    _ => return Ok(true),
                }
            }
            self.before.clear();
            if length < buffer.len() {
                return Ok(!rest.is_empty());
            }
        }
    }

    /// Whether a record is the next one of its voucher.
    fn follows(&self, record: &Record) -> bool {
        self.last.get(&record.voucher).copied() == record.previous
    }

    /// Cuts off what stands behind the last good record, unless a record that comes later says that more was durable.
    fn cut_torn_end(&mut self, path: &Path) -> Result<(), LogError> {
        let unusable = |source| LogError::unusable(path, source);
        if self.most_settled().map_err(unusable)? > self.settled {
            return Err(LogError::Damaged { path: path.to_owned(), at: offset(self.settled) });
        }
        self.cut().and_then(|()| self.file.sync_all()).map_err(unusable)
    }

    /// How many records were durable as far as the records behind the first broken one know.
    fn most_settled(&self) -> io::Result<u32> {
        let mut most = 0;
        let mut place = self.records;
        let mut bytes = [0; LENGTH];
        while read_full(&self.file, &mut bytes, offset(place))? == LENGTH {
            most = most.max(Record::from_bytes(&bytes, place).map_or(0, |record| record.settled));
            place = place.saturating_add(1);
        }
        Ok(most)
    }
}

/// Where a record begins.
const fn offset(place: Place) -> u64 {
    (place as u64 + 1) * LENGTH as u64
}

fn open_or_make(path: &Path, owner: Owner) -> io::Result<File> {
    let open = || OpenOptions::new().read(true).write(true).open(path);
    let head = head(owner);
    match open() {
        Ok(file) if has_head(&file, &head)? => return Ok(file),
        Ok(_) => std::fs::remove_file(path)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    keys::create_with_mode(path, &head, 0o600)?;
    open()
}

fn has_head(mut file: &File, head: &[u8; LENGTH]) -> io::Result<bool> {
    let mut bytes = Vec::with_capacity(LENGTH);
    file.by_ref().take(LENGTH as u64).read_to_end(&mut bytes)?;
    Ok(bytes == head)
}

fn head(owner: Owner) -> [u8; LENGTH] {
    let mut head = [0; LENGTH];
    let parts = [MAGIC.as_slice(), &owner.epoch.0.to_be_bytes(), &owner.key].concat();
    head.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
    head
}

/// Reads until the buffer is full or the file ends; tells how much there was.
fn read_full(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    let mut length = 0;
    while let Some(rest) = buffer.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, at + length as u64) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

#[cfg(test)]
mod tests;
