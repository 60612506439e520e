//! The passphrase: from a file, the environment or the terminal.

use std::env;
use std::fs;
use std::path::Path;

use zeroize::Zeroizing;

use crate::failure::{Exit, Failure};

const VARIABLE: &str = "SEALPOST_PASSPHRASE";

/// Where a passphrase that is asked for will be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// It opens what is there.
    Opens,
    /// It will protect what is about to be made, so it is asked for twice.
    Protects,
}

/// The passphrase of the first source that there is: `file`, the environment, the terminal.
pub(crate) fn read(file: Option<&Path>, wanted: Use) -> Result<Zeroizing<String>, Failure> {
    let passphrase = match (file, env::var(VARIABLE)) {
        (Some(file), _) => first_line(file)?,
        (None, Ok(passphrase)) => Zeroizing::new(passphrase),
        (None, Err(_)) => ask(wanted)?,
    };
    if passphrase.is_empty() {
        return Err(refuse("the passphrase is empty"));
    }
    Ok(passphrase)
}

fn first_line(file: &Path) -> Result<Zeroizing<String>, Failure> {
    let text = fs::read_to_string(file).map(Zeroizing::new);
    let text = text.map_err(|error| refuse(&format!("the passphrase file cannot be read: {error}")))?;
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}

fn ask(wanted: Use) -> Result<Zeroizing<String>, Failure> {
    let passphrase = prompt("Passphrase: ")?;
    if wanted == Use::Protects && *passphrase != *prompt("The same again: ")? {
        return Err(refuse("the two passphrases differ"));
    }
    Ok(passphrase)
}

fn prompt(text: &str) -> Result<Zeroizing<String>, Failure> {
    let no_terminal = |error| refuse(&format!("there is no terminal to ask for the passphrase: {error}"));
    rpassword::prompt_password(text).map(Zeroizing::new).map_err(no_terminal)
}

fn refuse(message: &str) -> Failure {
    Failure::new(Exit::Profile, "passphrase", message)
        .with_help(format!("give it by --passphrase-file FILE, by {VARIABLE}, or in a terminal"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_line_of_a_file_counts_and_it_must_say_something() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "correct horse\nbattery staple\n").unwrap();
        assert_eq!(*read(Some(file.path()), Use::Protects).unwrap(), "correct horse");
        fs::write(file.path(), "\n").unwrap();
        assert!(read(Some(file.path()), Use::Opens).is_err());
    }
}
