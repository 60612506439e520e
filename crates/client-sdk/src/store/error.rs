//! Why the store did not do something.

use std::io;

use rusqlite::ffi;
use thiserror::Error;

use crate::error::ErrorKind;

/// Why the store did not do something. No variant prints a value of a row, a name of a file or a text.
#[derive(Debug, Error)]
pub(crate) enum StoreError {
    #[error("the key does not open the profile")]
    WrongKey,
    #[error("the profile's header cannot be read")]
    Header,
    #[error("the database is damaged")]
    Damaged,
    #[error("a row holds what this version never writes")]
    Row,
    #[error("the files are of something else")]
    Foreign,
    #[error("the database has the schema of a newer version")]
    Newer,
    #[error("the disk is full")]
    Full,
    #[error("another process held the database for too long")]
    Busy,
    #[error("a file cannot be read or written")]
    Files(#[source] io::Error),
    #[error("the database cannot be read or written (code {0})")]
    Database(i32),
    #[error("the key cannot be derived from the passphrase with the header's parameters")]
    Derivation,
    #[error("the profile is in another phase")]
    Phase,
    #[error("there is no such row")]
    NoRow,
    #[error("{0}")]
    Refused(ErrorKind),
}

impl StoreError {
    /// What the app is told.
    pub(crate) const fn kind(&self) -> ErrorKind {
        match self {
            Self::WrongKey => ErrorKind::WrongKey,
            Self::Header | Self::Damaged | Self::Row => ErrorKind::Corrupt,
            Self::Foreign => ErrorKind::Foreign,
            Self::Newer => ErrorKind::NewerVersion,
            Self::Full => ErrorKind::StorageFull,
            Self::Busy => ErrorKind::StorageBusy,
            Self::Files(_) | Self::Database(_) => ErrorKind::Storage,
            Self::Phase => ErrorKind::OptedOut,
            Self::NoRow => ErrorKind::NotFound,
            Self::Derivation => ErrorKind::Internal,
            Self::Refused(kind) => *kind,
        }
    }

    /// Classifies what happened to a file.
    pub(crate) fn of_file(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => Self::Full,
            _ => Self::Files(error),
        }
    }
}

/// SQLite's own errors carry statements and file names, so they end here: what remains is what can be done about them.
impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::QueryReturnedNoRows => Self::NoRow,
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::Utf8Error(..) => Self::Row,
            rusqlite::Error::SqliteFailure(error, _) => Self::of_code(error.extended_code),
            rusqlite::Error::SqlInputError { error, .. } => Self::of_code(error.extended_code),
            _ => Self::Database(0),
        }
    }
}

impl StoreError {
    fn of_code(code: i32) -> Self {
        match code {
            ffi::SQLITE_IOERR_SHMSIZE | ffi::SQLITE_IOERR_WRITE => return Self::Full,
            _ => {}
        }
        match code & 0xff {
            ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB => Self::Damaged,
            ffi::SQLITE_FULL => Self::Full,
            ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => Self::Busy,
            _ => Self::Database(code),
        }
    }
}
