//! Reading an archive: once to its end before anything is believed, and then again.

use std::io::Read;

use blake3::Hasher;
use sealpost_wire::operator::Purpose;

use super::ArchiveError;
use super::item::{File, Item, Start};
use super::seal::Opener;
use crate::store::dump::Record;

/// The longest item: a key service's list of what was spent.
const LONGEST: usize = 256 * 1024 * 1024;

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
pub(crate) fn verify(input: impl Read, passphrase: &[u8]) -> Result<Contents, ArchiveError> {
    verify_with(input, passphrase, &mut |_| {})
}

/// The same, and shows each record, which is not to be believed before the end.
///
/// # Errors
/// [`ArchiveError`].
pub(crate) fn verify_with(
    input: impl Read,
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
    let mark = *reader.hash.finalize().as_bytes();
    Ok(Contents { start: reader.start, files, records: reader.records, mark })
}

/// An archive that is being read.
pub(crate) struct Reader<R> {
    input: Opener<R>,
    hash: Hasher,
    start: Start,
    records: u64,
    is_over: bool,
}

/// What comes next.
enum Next {
    File(File),
    Record(Box<Record>),
}

impl<R: Read> Reader<R> {
    /// Begins to read it.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub(crate) fn begin(input: R, passphrase: &[u8]) -> Result<Self, ArchiveError> {
        let (mut input, mut hash) = (Opener::begin(input, passphrase)?, Hasher::new());
        let bytes = item(&mut input)?.ok_or(ArchiveError::Malformed)?;
        let Item::Start(start) = decoded(&bytes)? else { return Err(ArchiveError::Malformed) };
        add(&mut hash, &bytes);
        Ok(Self { input, hash, start, records: 0, is_over: false })
    }

    /// The next record; none at the end, which has held then.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub(crate) fn record(&mut self) -> Result<Option<Record>, ArchiveError> {
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
        let bytes = item(&mut self.input)?.ok_or(ArchiveError::Malformed)?;
        let next = match decoded(&bytes)? {
            Item::Start(_) => return Err(ArchiveError::Malformed),
            Item::File(file) if self.records == 0 => Next::File(file),
            Item::File(_) => return Err(ArchiveError::Malformed),
            Item::Record(record) => {
                self.records += 1;
                Next::Record(Box::new(record))
            }
            Item::End { records, signature } => return self.end(records, &signature),
        };
        add(&mut self.hash, &bytes);
        Ok(Some(next))
    }

    fn end(&mut self, records: u64, signature: &[u8]) -> Result<Option<Next>, ArchiveError> {
        let hash = self.hash.finalize();
        if !self.start.operator.verifies(Purpose::Archive, hash.as_bytes(), signature) {
            return Err(ArchiveError::Signature);
        }
        if records != self.records || item(&mut self.input)?.is_some() {
            return Err(ArchiveError::Malformed);
        }
        self.is_over = true;
        Ok(None)
    }
}

fn add(hash: &mut Hasher, item: &[u8]) {
    let length = u32::try_from(item.len()).unwrap_or(u32::MAX);
    hash.update(&length.to_be_bytes()).update(item);
}

fn item(input: &mut Opener<impl Read>) -> Result<Option<Vec<u8>>, ArchiveError> {
    let mut length = [0; 4];
    if !input.read_exact(&mut length)? {
        return Ok(None);
    }
    let length = u32::from_be_bytes(length) as usize;
    if length > LONGEST {
        return Err(ArchiveError::Malformed);
    }
    let mut bytes = vec![0; length];
    let is_there = length == 0 || input.read_exact(&mut bytes)?;
    if is_there { Ok(Some(bytes)) } else { Err(ArchiveError::Malformed) }
}

fn decoded(bytes: &[u8]) -> Result<Item, ArchiveError> {
    let mut decoder = minicbor::Decoder::new(bytes);
    let item = decoder.decode().map_err(|_| ArchiveError::Malformed)?;
    if decoder.position() == bytes.len() { Ok(item) } else { Err(ArchiveError::Malformed) }
}
