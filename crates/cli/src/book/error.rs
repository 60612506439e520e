//! Why a file is no address book.

use std::io;

use thiserror::Error;

use super::Book;
use super::file::MOST_BYTES;

/// Why a file cannot be used at all.
#[derive(Debug, Error)]
pub(crate) enum BookError {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// It is too large.
    #[error("it has more than {} MiB", MOST_BYTES >> 20)]
    TooLarge,
    /// There are too many people in it, or in all files.
    #[error("there are more than {} entries", Book::MOST_ENTRIES)]
    TooManyEntries,
    /// There is too much in it that cannot be used.
    #[error("more than {} of its numbers and lines cannot be used", Book::MOST_UNREAD)]
    TooManyUnread,
    /// It has the marks of neither format.
    #[error("it is neither a vCard file nor a table with titles (CSV)")]
    UnknownFormat,
    /// No title of the table is one of a column of numbers.
    #[error("none of its columns has a title by which columns of phone numbers are known")]
    NoNumberColumn,
    /// A column that the caller named is not there.
    #[error("it has no column with the title that was given")]
    NoSuchColumn,
}

impl BookError {
    /// What to do about it.
    pub(crate) const fn help(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "check the path and its rights",
            Self::TooLarge | Self::TooManyEntries => "export fewer contacts, without their pictures, or in parts",
            Self::TooManyUnread => "is it an address book? numbers without a country code need --region",
            Self::UnknownFormat => "export contacts as vCard (.vcf) or as CSV with a line of titles",
            Self::NoNumberColumn => "name them: --number-columns TITLE,TITLE (and --name-column TITLE)",
            Self::NoSuchColumn => "titles stand in the first line; letter case does not matter",
        }
    }
}
