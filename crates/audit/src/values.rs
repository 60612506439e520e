//! Values of one's own to look for: from the command line, or from a file of lines `kind value`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER_PERMISSIVE;
use sealpost_identity::traces::Value;
use sealpost_identity::{Imei, Imsi, PhoneNumber};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::search::Canary;

/// A kind of value, and how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An IMEI: 15 digits, or 14 without the check digit.
    Imei,
    /// An IMSI.
    Imsi,
    /// A phone number with its country code.
    Number,
    /// A text: a name, a message.
    Text,
    /// Bytes, as hexadecimal.
    Hex,
}

/// Values cannot be taken. Says where and why, never what.
#[derive(Debug, Error)]
pub enum ValuesError {
    /// The file cannot be read.
    #[error("{}: it cannot be read", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A line does not begin with a kind.
    #[error("line {0}: it is neither `imei …`, `imsi …`, `number …`, `text …` nor `hex …`")]
    NoKind(usize),
    /// A value is not what it should be.
    #[error("{place}: {why}")]
    Bad {
        /// Which it is.
        place: String,
        /// What is wrong with it.
        why: String,
    },
}

/// What the names of phone numbers begin with.
pub(crate) const PHONE_NUMBER: &str = "phone number";
/// What the names of the experiment's phone numbers end with.
pub(crate) const OWN_NUMBER: &str = "own number";

impl Kind {
    const ALL: [Self; 5] = [Self::Imei, Self::Imsi, Self::Number, Self::Text, Self::Hex];

    const fn word(self) -> &'static str {
        match self {
            Self::Imei => "imei",
            Self::Imsi => "imsi",
            Self::Number => "number",
            Self::Text => "text",
            Self::Hex => "hex",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Imei => "IMEI",
            Self::Imsi => "IMSI",
            Self::Number => PHONE_NUMBER,
            Self::Text => "text",
            Self::Hex => "bytes",
        }
    }

    /// The value that `text` is, to be known as `place`: `line 3`, `number 2`.
    ///
    /// # Errors
    /// [`ValuesError::Bad`].
    pub fn canary(self, text: &str, place: &str) -> Result<Canary, ValuesError> {
        let value = self.value(text).map_err(|why| ValuesError::Bad { place: place.to_owned(), why })?;
        Ok(Canary { what: format!("{} ({place})", self.title()), value })
    }

    fn value(self, text: &str) -> Result<Value, String> {
        Ok(match self {
            Self::Imei => (&Imei::parse(text).map_err(|error| error.to_string())?).into(),
            Self::Imsi => (&Imsi::parse(text).map_err(|error| error.to_string())?).into(),
            Self::Number => (&PhoneNumber::parse(text, None).map_err(|error| error.to_string())?).into(),
            Self::Text if text.is_empty() => return Err("the text is empty".to_owned()),
            Self::Text => Value::text(text),
            Self::Hex => Value::bytes(&bytes(text)?),
        })
    }
}

/// Reads a file; empty lines and those that start with `#` are left out.
///
/// # Errors
/// Any of [`ValuesError`].
pub fn read(path: &Path) -> Result<Vec<Canary>, ValuesError> {
    let text = fs::read_to_string(path).map(Zeroizing::new);
    parse(&text.map_err(|source| ValuesError::Unreadable { path: path.to_owned(), source })?)
}

/// Reads lines, as [`read`] does.
///
/// # Errors
/// As [`read`], but for the file.
pub fn parse(text: &str) -> Result<Vec<Canary>, ValuesError> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    lines.map(|(number, line)| canary(number + 1, line)).collect()
}

fn canary(number: usize, line: &str) -> Result<Canary, ValuesError> {
    let (word, text) = line.split_once(' ').ok_or(ValuesError::NoKind(number))?;
    let kind = Kind::ALL.into_iter().find(|kind| kind.word() == word).ok_or(ValuesError::NoKind(number))?;
    kind.canary(text, &format!("line {number}"))
}

fn bytes(text: &str) -> Result<Zeroizing<Vec<u8>>, String> {
    let bytes = HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).map(Zeroizing::new);
    let bytes = bytes.map_err(|_| "it is not hexadecimal".to_owned())?;
    if bytes.iter().all(|byte| *byte == 0) { Err("zeros alone are everywhere".to_owned()) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_names_values_by_their_lines() {
        let text = "# mine\nimei 490154203237518\n\nnumber +49 30 23125001\ntext see: you \nhex C0ffee00c0ffee\n";
        let names: Vec<_> = parse(text).unwrap().into_iter().map(|canary| canary.what).collect();
        assert_eq!(names, ["IMEI (line 2)", "phone number (line 4)", "text (line 5)", "bytes (line 6)"]);
    }

    #[test]
    fn a_mistake_is_told_by_its_place_and_not_repeated() {
        for text in ["imei 490154203237510", "serial 490154203237510", "imei", "number 12", "hex 0x", "hex 0000"] {
            let Err(error) = parse(&format!("\n{text}\n")) else { panic!("{text} was taken") };
            let told = error.to_string();
            assert!(told.starts_with("line 2: ") && !told.contains("490154203237510"), "{told}");
        }
    }
}
