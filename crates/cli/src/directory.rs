//! Where a profile is kept.

use std::env;
use std::path::{Path, PathBuf};

use crate::failure::{Exit, Failure};

/// The directory that was named, or the platform's place for a program's data.
pub(crate) fn of(named: Option<&Path>) -> Result<PathBuf, Failure> {
    let default = || data_directory().map(|data| data.join("sealpost"));
    named.map(Path::to_owned).or_else(default).ok_or_else(|| {
        Failure::new(Exit::Usage, "no-directory", "there is no directory for the profile")
            .with_help("name one with --profile DIR")
    })
}

/// Whether there is nothing in `directory` yet, so that looking at it need not make anything there.
pub(crate) fn is_unused(directory: &Path) -> bool {
    directory.read_dir().map_or(true, |mut entries| entries.next().is_none())
}

fn data_directory() -> Option<PathBuf> {
    let set = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    if cfg!(windows) {
        return set("APPDATA");
    }
    let home = set("HOME")?;
    let usual = if cfg!(target_os = "macos") { "Library/Application Support" } else { ".local/share" };
    Some(set("XDG_DATA_HOME").unwrap_or_else(|| home.join(usual)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_at_a_directory_that_is_not_there_does_not_make_it() {
        let there = tempfile::tempdir().unwrap();
        assert!(is_unused(there.path()));
        assert!(is_unused(&there.path().join("not")));
        assert!(!there.path().join("not").exists());
        std::fs::write(there.path().join("file"), b"").unwrap();
        assert!(!is_unused(there.path()));
    }
}
