//! Reading an archive: once to its end before anything is believed, and then again.

use std::io::{self, Read};
use std::vec;

use sealpost_wire::operator::Purpose;

use super::ahead::Ahead;
use super::digest::Digest;
use super::item::{File, Item, Start};
use super::parts::Parts;
use super::seal::Opener;
use super::{ArchiveError, CHUNK};
use crate::store::dump::Record;

/// Chunks that are opened ahead of whoever reads what is in them, and as much of records ahead of whoever keeps them.
const AHEAD: usize = 8;

/// What an archive holds besides records.
pub(crate) struct Contents {
    pub(crate) start: Start,
    pub(crate) files: Vec<File>,
    pub(crate) records: u64,
    /// What all of it hashes to: no two archives have the same.
    pub(crate) mark: [u8; 32],
}

/// Reads an archive to its end. What it says then is what its operator has signed.
///
/// # Errors
/// [`ArchiveError`].
pub(crate) fn verify(input: impl Read + Send + 'static, passphrase: &[u8]) -> Result<Contents, ArchiveError> {
    verify_with(input, passphrase, &mut |_| {})
}

/// The same, and shows each record, which is not to be believed before the end.
///
/// # Errors
/// [`ArchiveError`].
pub(crate) fn verify_with(
    input: impl Read + Send + 'static,
    passphrase: &[u8],
    show: &mut dyn FnMut(&Record),
) -> Result<Contents, ArchiveError> {
    let mut reader = Reader::begin(input, passphrase)?;
    let mut files = Vec::new();
    loop {
        match reader.next()? {
            Some(Next::File(file)) => files.push(file),
            Some(Next::Record(record)) => show(&record),
            None => break,
        }
    }
    let mark = reader.digest.value();
    Ok(Contents { start: reader.start, files, records: reader.records, mark })
}

/// An archive that is being read.
pub(crate) struct Reader {
    parts: Parts,
    digest: Digest,
    start: Start,
    records: u64,
    /// The bytes of all items so far.
    bytes: usize,
    is_over: bool,
}

/// What comes next.
enum Next {
    File(File),
    Record(Box<Record>),
}

impl Reader {
    /// Begins to read it.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub(crate) fn begin(input: impl Read + Send + 'static, passphrase: &[u8]) -> Result<Self, ArchiveError> {
        let opener = Opener::begin(input, passphrase)?;
        let mut parts = Parts::new(Ahead::of(opener, AHEAD).map_err(ArchiveError::Io)?);
        let mut digest = Digest::new();
        let bytes = parts.item()?.ok_or(ArchiveError::Malformed)?;
        let Item::Start(start) = decoded(bytes)? else { return Err(ArchiveError::Malformed) };
        digest.add(bytes);
        Ok(Self { parts, digest, start, records: 0, bytes: 0, is_over: false })
    }

    /// All records, read on a thread of its own.
    ///
    /// # Errors
    /// [`ArchiveError::Io`], when there is no thread.
    pub(crate) fn records(self) -> Result<Records, ArchiveError> {
        Ok(Records { ahead: Ahead::of(Together(self), AHEAD).map_err(ArchiveError::Io)?, now: Vec::new().into_iter() })
    }

    /// The next record; none at the end, which has held then.
    fn record(&mut self) -> Result<Option<Record>, ArchiveError> {
        loop {
            match self.next()? {
                Some(Next::Record(record)) => return Ok(Some(*record)),
                Some(Next::File(_)) => {}
                None => return Ok(None),
            }
        }
    }

    fn next(&mut self) -> Result<Option<Next>, ArchiveError> {
        if self.is_over {
            return Ok(None);
        }
        let bytes = self.parts.item()?.ok_or(ArchiveError::Malformed)?;
        let next = match decoded(bytes)? {
            Item::Start(_) => return Err(ArchiveError::Malformed),
            Item::File(file) if self.records == 0 => Next::File(file),
            Item::File(_) => return Err(ArchiveError::Malformed),
            Item::Record(record) => {
                self.records += 1;
                Next::Record(Box::new(record))
            }
            Item::End { records, signature } => return self.end(records, &signature),
        };
        self.digest.add(bytes);
        self.bytes += bytes.len();
        Ok(Some(next))
    }

    fn end(&mut self, records: u64, signature: &[u8]) -> Result<Option<Next>, ArchiveError> {
        if !self.start.operator.verifies(Purpose::Archive, &self.digest.value(), signature) {
            return Err(ArchiveError::Signature);
        }
        if records != self.records || self.parts.item()?.is_some() {
            return Err(ArchiveError::Malformed);
        }
        self.is_over = true;
        Ok(None)
    }
}

/// Records of about a chunk at a time, and none at all from the end on.
struct Together(Reader);

impl Iterator for Together {
    type Item = Result<Vec<Record>, ArchiveError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (mut records, end) = (Vec::new(), self.0.bytes + CHUNK);
        while records.is_empty() || self.0.bytes < end {
            match self.0.record() {
                Ok(Some(record)) => records.push(record),
                Ok(None) => break,
                Err(error) => return Some(Err(error)),
            }
        }
        Some(Ok(records))
    }
}

/// Records that are read ahead.
pub(crate) struct Records {
    ahead: Ahead<Result<Vec<Record>, ArchiveError>>,
    now: vec::IntoIter<Record>,
}

impl Records {
    /// The next one; none at the end, which has held then.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub(crate) fn next(&mut self) -> Result<Option<Record>, ArchiveError> {
        if self.now.len() == 0 {
            // Without a word, whoever reads has panicked.
            let gone = || ArchiveError::Io(io::ErrorKind::BrokenPipe.into());
            self.now = self.ahead.next().ok_or_else(gone)??.into_iter();
        }
        Ok(self.now.next())
    }
}

fn decoded(bytes: &[u8]) -> Result<Item, ArchiveError> {
    let mut decoder = minicbor::Decoder::new(bytes);
    let item = decoder.decode().map_err(|_| ArchiveError::Malformed)?;
    if decoder.position() == bytes.len() { Ok(item) } else { Err(ArchiveError::Malformed) }
}
