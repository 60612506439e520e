//! Files that hold keys: only their owner may read them, and nothing here overwrites one but to erase it.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER_PERMISSIVE;
use rand::CryptoRng;
use rustix::process::getegid;
use sealpost_wire::operator::OperatorSecret;
use thiserror::Error;
use zeroize::Zeroizing;

/// Why a key file cannot be used or made.
#[derive(Debug, Error, miette::Diagnostic)]
pub enum KeyFileError {
    /// It cannot be read or written.
    #[error("the key file {} cannot be used", path.display())]
    #[diagnostic(help("`init` writes the keys; the server's own account must own them"))]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Others than its owner may read or change it.
    #[error("others may read the key file {}: its mode is {mode:o}", path.display())]
    #[diagnostic(help("chmod 600 {}", path.display()))]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It does not hold a key.
    #[error("there is no key in {}: {expected} was expected", path.display())]
    #[diagnostic(help("put the file back from a backup"))]
    NotAKey {
        /// The file.
        path: PathBuf,
        /// What should be in it.
        expected: &'static str,
    },
}

const OPERATOR_FORM: &str = "one line of 64 hexadecimal digits";

/// Reads the operator's key.
///
/// # Errors
/// [`KeyFileError`], also when others than the file's owner may read it.
pub fn read_operator(path: &Path) -> Result<OperatorSecret, KeyFileError> {
    let text = read(path)?;
    let not_a_key = || KeyFileError::NotAKey { path: path.to_owned(), expected: OPERATOR_FORM };
    let line = text.strip_suffix(b"\n").unwrap_or(&text);
    let mut seed = Zeroizing::new([0; 32]);
    let length = HEXLOWER_PERMISSIVE.decode_len(line.len()).map_err(|_| not_a_key())?;
    if length != seed.len() {
        return Err(not_a_key());
    }
    HEXLOWER_PERMISSIVE.decode_mut(line, &mut *seed).map_err(|_| not_a_key())?;
    Ok(OperatorSecret::from_seed(&seed))
}

/// Draws an operator's key and writes it.
///
/// # Errors
/// [`KeyFileError::Io`], also when the file is there already.
pub fn create_operator(path: &Path, rng: &mut impl CryptoRng) -> Result<OperatorSecret, KeyFileError> {
    let secret = OperatorSecret::random(rng);
    let line = Zeroizing::new(format!("{}\n", HEXLOWER_PERMISSIVE.encode(secret.expose_seed())));
    create(path, line.as_bytes())?;
    Ok(secret)
}

/// Reads a key file of at most 16 KiB, if only its owner may; or if root hands it over, as systemd and Kubernetes do: then a group
/// may read it that is the server's own, or root's.
///
/// # Errors
/// [`KeyFileError::Io`], [`KeyFileError::Exposed`].
pub fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let failed = |source| KeyFileError::Io { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 && !is_handed_over(mode, metadata.uid(), metadata.gid(), getegid().as_raw()) {
        return Err(KeyFileError::Exposed { path: path.to_owned(), mode });
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_LENGTH));
    Read::take(&mut file, MAX_LENGTH as u64).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// Whether nobody can write to a file of root's, and only one group read it: that of the server itself, or root's, to which the
/// system has added this account alone (an access control list shows as the group's bits).
const fn is_handed_over(mode: u32, owner: u32, group: u32, own_group: u32) -> bool {
    const ROOT: u32 = 0;
    mode & 0o277 == 0o040 && owner == ROOT && (group == own_group || group == ROOT)
}

/// No key file is longer: so much is read at most, into a buffer that never moves.
const MAX_LENGTH: usize = 16 * 1024;

/// Writes a new key file, durably, for its owner alone.
///
/// # Errors
/// [`KeyFileError::Io`], also when the file is there already.
pub fn create(path: &Path, bytes: &[u8]) -> Result<(), KeyFileError> {
    create_with_mode(path, bytes, 0o600).map_err(|source| KeyFileError::Io { path: path.to_owned(), source })
}

/// Writes a new file, durably, with exactly these permissions; a crash leaves all of it or nothing by that name.
///
/// # Errors
/// The system's, also when the file is there already.
pub fn create_with_mode(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let unfinished = unfinished(path);
    // An earlier crash may have left one.
    let _left_behind = std::fs::remove_file(&unfinished);
    // A link, unlike a renaming, takes the place of nothing.
    let named = write_whole(&unfinished, bytes, mode).and_then(|()| std::fs::hard_link(&unfinished, path));
    let _removed = std::fs::remove_file(&unfinished);
    named?;
    match path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        Some(directory) => File::open(directory)?.sync_all(),
        None => Ok(()),
    }
}

/// Writes a file in the place of one that is there, durably, with the same permissions; a crash leaves the one or the other.
///
/// # Errors
/// The system's.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mode = std::fs::metadata(path)?.permissions().mode() & 0o777;
    put(path, bytes, mode)
}

/// Writes a file, durably, with exactly these permissions, in the place of one that may be there; a crash leaves the one or the other.
///
/// # Errors
/// The system's.
pub fn put(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let unfinished = unfinished(path);
    // An earlier crash may have left one.
    let _left_behind = std::fs::remove_file(&unfinished);
    write_whole(&unfinished, bytes, mode)?;
    std::fs::rename(&unfinished, path)?;
    match path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        Some(directory) => File::open(directory)?.sync_all(),
        None => Ok(()),
    }
}

fn write_whole(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.set_permissions(Permissions::from_mode(mode))?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Overwrites a file with zeros, durably, and takes its name away, durably; tells whether it was there.
///
/// That is the best a program can do: file systems that copy on write, disks that move blocks around, and snapshots may
/// keep the old bytes.
///
/// # Errors
/// The system's.
pub fn erase(path: &Path) -> io::Result<bool> {
    let mut file = match OpenOptions::new().write(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        file => file?,
    };
    let length = file.metadata()?.len();
    io::copy(&mut io::repeat(0).take(length), &mut file)?;
    file.sync_all()?;
    remove(path)?;
    Ok(true)
}

/// Takes a file's name away, durably, if it has one.
///
/// # Errors
/// The system's.
pub fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        removed => removed?,
    }
    match path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        Some(directory) => File::open(directory)?.sync_all(),
        None => Ok(()),
    }
}

/// Where a file is written before it has its name.
fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".unfinished");
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_directory(run: impl FnOnce(&Path)) {
        run(&tempfile::tempdir().unwrap().path().join("operator.key"));
    }

    #[test]
    fn a_key_is_read_as_it_was_written() {
        in_directory(|path| {
            let made = create_operator(path, &mut rand::rng()).unwrap();
            assert_eq!(read_operator(path).unwrap().public(), made.public());
            assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        });
    }

    #[test]
    fn a_key_is_never_overwritten() {
        in_directory(|path| {
            create_operator(path, &mut rand::rng()).unwrap();
            assert!(matches!(create_operator(path, &mut rand::rng()), Err(KeyFileError::Io { .. })));
        });
    }

    #[test]
    fn what_a_crash_left_half_written_is_no_key_and_in_nobodys_way() {
        in_directory(|path| {
            std::fs::write(unfinished(path), "half").unwrap();
            assert!(matches!(read_operator(path), Err(KeyFileError::Io { .. })));
            let made = create_operator(path, &mut rand::rng()).unwrap();
            assert_eq!(read_operator(path).unwrap().public(), made.public());
            assert!(create_operator(path, &mut rand::rng()).is_err());
            assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        });
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        in_directory(|path| {
            create_operator(path, &mut rand::rng()).unwrap();
            for mode in [0o640, 0o604, 0o620, 0o601] {
                std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
                assert!(matches!(read_operator(path), Err(KeyFileError::Exposed { .. })), "{mode:o}");
            }
        });
    }

    #[test]
    fn a_key_that_root_hands_over_is_for_the_servers_group_or_roots_and_nobody_writes_it() {
        const OWN: u32 = 65_532;
        assert!(is_handed_over(0o440, 0, OWN, OWN), "Kubernetes");
        assert!(is_handed_over(0o440, 0, 0, OWN), "systemd, by an access control list");
        for (mode, owner, group) in
            [(0o440, OWN, OWN), (0o440, 0, OWN + 1), (0o640, 0, OWN), (0o460, 0, OWN), (0o444, 0, OWN), (0o450, 0, OWN)]
        {
            assert!(!is_handed_over(mode, owner, group, OWN), "{mode:o} of {owner}:{group}");
        }
    }

    #[test]
    fn of_an_erased_file_no_byte_is_left_where_it_was() {
        in_directory(|path| {
            create(path, b"secret").unwrap();
            let witness = path.with_file_name("witness");
            std::fs::hard_link(path, &witness).unwrap();
            assert!(erase(path).unwrap() && !path.exists());
            assert_eq!(std::fs::read(witness).unwrap(), [0; 6]);
            assert!(!erase(path).unwrap());
        });
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "\n", "zz", &"0".repeat(63), &"0".repeat(65), &"g".repeat(64)] {
            in_directory(|path| {
                create(path, text.as_bytes()).unwrap();
                assert!(matches!(read_operator(path), Err(KeyFileError::NotAKey { .. })), "{text}");
            });
        }
    }
}
