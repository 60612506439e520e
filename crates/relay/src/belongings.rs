//! All files that are a server's, by what they are for, wherever its configuration has them lie.
//!
//! ```text
//! config · operator.key · operator.succession · tls.pem · tls.key · acme
//! oblivious/NAME · tickets/NAME · tickets/invites/NAME · epochs/NAME        keys of days and of epochs, invite codes
//! ```
//!
//! A relay's store is not among them, nor what it is let into Redis with.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sealpost_server::config::{Configuration, TlsMode};
use sealpost_server::succession;

use crate::config::{Config, Role};

/// So deep directories lie in each other.
const DEPTH: usize = 3;

/// A file that is a server's.
pub(crate) struct Belonging {
    /// What it is for, and below that its name.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
}

/// All that are there, of the server whose configuration is the file `path`.
///
/// # Errors
/// A directory cannot be read.
pub(crate) fn belongings(path: &Path, config: &Config) -> io::Result<Vec<Belonging>> {
    let single = |(name, path): (&str, PathBuf)| Belonging { name: name.to_owned(), path };
    let mut all: Vec<_> = singles(path, config).into_iter().filter(|(_, path)| path.exists()).map(single).collect();
    for (name, directory) in directories(config) {
        collect(name, &directory, DEPTH, &mut all)?;
    }
    Ok(all)
}

/// Where a file of that name belongs by `config`, whose file is `path`; none if no server has one of that name.
pub(crate) fn place(name: &str, path: &Path, config: &Config) -> Option<PathBuf> {
    if let Some((_, path)) = singles(path, config).into_iter().find(|(known, _)| *known == name) {
        return Some(path);
    }
    let (directory, rest) = name.split_once('/')?;
    let (_, directory) = directories(config).into_iter().find(|(known, _)| *known == directory)?;
    let parts: Vec<&str> = rest.split('/').collect();
    (parts.len() <= DEPTH && parts.iter().all(|part| is_plain(part))).then(|| directory.join(rest))
}

/// Directories of keys, whichever the server has.
pub(crate) fn directories(config: &Config) -> Vec<(&'static str, PathBuf)> {
    let oblivious = config.serving().oblivious.map(|oblivious| ("oblivious", oblivious.keys.clone()));
    let epochs = (config.role == Role::KeyService).then(|| ("epochs", config.key_service.keys.clone()));
    [("tickets", config.tickets.keys.clone())].into_iter().chain(oblivious).chain(epochs).collect()
}

fn singles(path: &Path, config: &Config) -> Vec<(&'static str, PathBuf)> {
    let mut singles = vec![
        ("config", path.to_owned()),
        ("operator.key", config.operator_key.clone()),
        ("operator.succession", succession::list(&config.operator_key)),
    ];
    if config.tls.mode != TlsMode::Off {
        singles.extend([("tls.pem", config.tls.certificate.clone()), ("tls.key", config.tls.key.clone())]);
    }
    if config.tls.mode == TlsMode::Acme {
        singles.push(("acme", config.tls.acme.account.clone()));
    }
    singles
}

fn collect(name: &str, directory: &Path, depth: usize, all: &mut Vec<Belonging>) -> io::Result<()> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let Some(own) = entry.file_name().to_str().filter(|own| is_plain(own)).map(str::to_owned) else { continue };
        let (name, kind) = (format!("{name}/{own}"), entry.file_type()?);
        if kind.is_dir() && depth > 1 {
            collect(&name, &entry.path(), depth - 1, all)?;
        } else if kind.is_file() {
            all.push(Belonging { name, path: entry.path() });
        }
    }
    Ok(())
}

/// Whether a name stays in its directory.
fn is_plain(name: &str) -> bool {
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !name.is_empty() && !name.starts_with('.') && name.bytes().all(is_known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_where_its_file_was_and_nowhere_else() {
        let config = Config::default().rooted_at(Path::new("/srv/relay"));
        let at = |name| place(name, Path::new("/srv/relay/sealpost-relay.toml"), &config);
        assert_eq!(at("tls.key"), Some("/srv/relay/tls.key".into()));
        assert_eq!(at("tickets/invites/00aa"), Some("/srv/relay/tickets/invites/00aa".into()));
        for foreign in
            ["", "tls", "epochs/1", "tickets", "tickets/../operator.key", "tickets//etc", "tickets/.ssh", "/etc/passwd"]
        {
            assert_eq!(at(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn all_files_of_a_directory_are_found_by_what_they_are_for() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("sealpost-relay.toml");
        let config = Config::default().rooted_at(root.path());
        fs::create_dir_all(config.tickets.keys.join("invites")).unwrap();
        for path in
            [&path, &config.operator_key, &config.tickets.keys.join("a.key"), &config.tickets.keys.join("invites/b")]
        {
            fs::write(path, "").unwrap();
        }
        let mut names: Vec<_> = belongings(&path, &config).unwrap().into_iter().map(|file| file.name).collect();
        names.sort();
        assert_eq!(names, ["config", "operator.key", "tickets/a.key", "tickets/invites/b"]);
    }
}
