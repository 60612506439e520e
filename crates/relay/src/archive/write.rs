//! Writing an archive.

use std::io::{self, Write};

use sealpost_wire::operator::{OperatorSecret, Purpose};
use sealpost_wire::to_bytes;

use super::digest::Digest;
use super::item::{File, Item, Start};
use super::seal::Sealer;
use crate::store::dump::Record;

/// An archive in the making.
pub(crate) struct Writer<W> {
    out: Sealer<W>,
    digest: Digest,
    records: u64,
}

impl<W: Write> Writer<W> {
    /// Begins it.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn begin(out: W, passphrase: &[u8], start: Start) -> io::Result<Self> {
        let mut writer = Self { out: Sealer::begin(out, passphrase)?, digest: Digest::new(), records: 0 };
        writer.item(&Item::Start(start))?;
        Ok(writer)
    }

    /// Adds a file.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn file(&mut self, file: File) -> io::Result<()> {
        self.item(&Item::File(file))
    }

    /// Adds something from the store. Files come before it.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn record(&mut self, record: Record) -> io::Result<()> {
        self.records += 1;
        self.item(&Item::Record(record))
    }

    /// Signs it, and gives back where it was written to.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn finish(mut self, operator: &OperatorSecret) -> io::Result<W> {
        let signature = operator.sign(Purpose::Archive, &self.digest.value()).to_vec().into();
        self.item(&Item::End { records: self.records, signature })?;
        self.out.finish()
    }

    fn item(&mut self, item: &Item) -> io::Result<()> {
        let bytes = to_bytes(item);
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?.to_be_bytes();
        self.digest.add(&bytes);
        self.out.write_all(&length)?;
        self.out.write_all(&bytes)
    }
}
