//! The passphrase of an archive: from a file, or the terminal.

use std::io;
use std::path::Path;

use zeroize::Zeroizing;

use super::Failure;
use crate::keys;

/// Where a passphrase that is asked for will be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It opens what is there.
    Opens,
    /// It will protect what is about to be made, so it is asked for twice.
    Protects,
}

/// The first line of `file`, which its owner alone may read, or what is typed.
pub(super) fn passphrase(file: Option<&Path>, wanted: Use) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let passphrase = match file {
        Some(file) => first_line(&keys::read(file)?),
        None => asked(wanted)?,
    };
    if passphrase.is_empty() { Err(Failure::NoPassphrase) } else { Ok(passphrase) }
}

fn first_line(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    Zeroizing::new(line.strip_suffix(b"\r").unwrap_or(line).to_vec())
}

fn asked(wanted: Use) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let passphrase = prompt("Passphrase of the archive: ")?;
    if wanted == Use::Protects && *passphrase != *prompt("The same again: ")? {
        let source = io::Error::other("the two differ");
        return Err(Failure::System { doing: "asking for the passphrase", source });
    }
    Ok(passphrase)
}

fn prompt(text: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let typed = rpassword::prompt_password(text).map_err(|_| Failure::NoPassphrase)?;
    Ok(Zeroizing::new(typed.into_bytes()))
}
