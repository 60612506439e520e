//! The way from a relay that runs to whoever exports it: a named pipe in the store's directory, which nobody but the server's
//! account, and root, can make there or read.
//!
//! ```text
//! (length[4] ‖ CBOR) …  length 0      what ends without it is not whole
//! ```

use std::fs::{self, File, Permissions};
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, fcntl_setfl, mknodat};

use super::Record;

const NAME: &str = "export.pipe";
/// What goes through at a time.
const BUFFER: usize = 1 << 18;
/// No record is longer.
const LONGEST: usize = 1 << 20;

/// The end that is read. Dropping it takes it away; whoever writes then fails.
pub(crate) struct Pipe {
    path: PathBuf,
    input: BufReader<File>,
}

impl Pipe {
    /// Makes one in a store's directory.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn make(directory: &Path) -> io::Result<Self> {
        let path = directory.join(NAME);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
        fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        let input = BufReader::with_capacity(BUFFER, open(&path, fs::OpenOptions::new().read(true))?);
        Ok(Self { path, input })
    }

    /// The next record, once somebody writes; none at the end.
    ///
    /// # Errors
    /// The system's; [`ErrorKind::UnexpectedEof`] when whoever wrote has gone before the end.
    pub(crate) fn read(&mut self) -> io::Result<Option<Record>> {
        let mut length = [0; 4];
        self.input.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length) as usize;
        if length == 0 {
            return Ok(None);
        }
        if length > LONGEST {
            return Err(ErrorKind::InvalidData.into());
        }
        let mut bytes = vec![0; length];
        self.input.read_exact(&mut bytes)?;
        minicbor::decode(&bytes).map(Some).map_err(|_| ErrorKind::InvalidData.into())
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        let _removed = fs::remove_file(&self.path);
    }
}

/// The end that is written.
pub(crate) struct Writer(BufWriter<File>);

impl Writer {
    /// Opens the one in a store's directory, which somebody reads.
    ///
    /// # Errors
    /// The system's, when nobody does.
    pub(crate) fn open(directory: &Path) -> io::Result<Self> {
        Ok(Self(BufWriter::with_capacity(BUFFER, open(&directory.join(NAME), fs::OpenOptions::new().write(true))?)))
    }

    /// Gives a record, and waits while whoever reads is slower.
    ///
    /// # Errors
    /// The system's, when whoever read has gone.
    pub(crate) fn write(&mut self, record: &Record) -> io::Result<()> {
        let bytes = sealpost_wire::to_bytes(record);
        self.0.write_all(&u32::try_from(bytes.len()).map_err(io::Error::other)?.to_be_bytes())?;
        self.0.write_all(&bytes)
    }

    /// Says that this was all.
    ///
    /// # Errors
    /// The system's, when whoever read has gone.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.0.write_all(&[0; 4])?;
        self.0.flush()
    }
}

/// Opens a pipe without waiting for whoever has the other end, but waits for them afterwards.
fn open(path: &Path, options: &mut fs::OpenOptions) -> io::Result<File> {
    let file = options.custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)?;
    if !file.metadata()?.file_type().is_fifo() {
        return Err(ErrorKind::InvalidInput.into());
    }
    fcntl_setfl(&file, OFlags::empty())?;
    Ok(file)
}
