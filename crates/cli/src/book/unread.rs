//! What was left out, and why.

use std::fmt;
use std::path::PathBuf;

use sealpost_identity::numbers::PhoneNumberError;
use thiserror::Error;
use zeroize::Zeroizing;

/// Something in a file that is not in the book.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Unread {
    /// In which file.
    pub(crate) file: PathBuf,
    /// In which line, from 1.
    pub(crate) line: u64,
    /// Whose it is; empty where that is not known.
    pub(crate) name: Zeroizing<String>,
    /// Why it was left out.
    pub(crate) reason: Reason,
}

/// Why something was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Error)]
pub(crate) enum Reason {
    /// A person without any number.
    #[error("no phone number")]
    NoNumber,
    /// A number that is one within its country only, and no country is given.
    #[error("written without a country code: give --region")]
    NoRegion,
    /// It leads to somebody else, who passes the call on.
    #[error("an extension behind another number")]
    Extension,
    /// It is no number, for the reason of the same name in [`PhoneNumberError`].
    #[error("{}", PhoneNumberError::Character)]
    Character,
    /// See [`Reason::Character`].
    #[error("{}", PhoneNumberError::CountryCode)]
    CountryCode,
    /// See [`Reason::Character`].
    #[error("{}", PhoneNumberError::TooShort)]
    TooShort,
    /// See [`Reason::Character`].
    #[error("{}", PhoneNumberError::TooLong)]
    TooLong,
    /// See [`Reason::Character`].
    #[error("{}", PhoneNumberError::Length)]
    Length,
    /// See [`Reason::Character`].
    #[error("{}", PhoneNumberError::AreaCode)]
    AreaCode,
    /// The number stands in the book already, under another name.
    #[error("the same number stands earlier in the book, under another name")]
    Duplicate,
    /// The last of a file, without its end: part of a number may be missing.
    #[error("cut off: its end is missing")]
    CutOff,
    /// A name with a line break in it: more likely a row that lacks a quotation mark, and took others in.
    #[error("a name runs over several lines: a quotation mark may be missing")]
    RunsOn,
    /// A line that no format explains.
    #[error("a line that cannot be read")]
    Line,
}

impl fmt::Debug for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file: _, line, name: _, reason } = self;
        write!(f, "Unread(line {line}, {reason:?})")
    }
}

impl From<PhoneNumberError> for Reason {
    fn from(error: PhoneNumberError) -> Self {
        match error {
            PhoneNumberError::Character => Self::Character,
            PhoneNumberError::CountryCode => Self::CountryCode,
            PhoneNumberError::TooShort => Self::TooShort,
            PhoneNumberError::TooLong => Self::TooLong,
            PhoneNumberError::Length => Self::Length,
            PhoneNumberError::AreaCode => Self::AreaCode,
        }
    }
}
