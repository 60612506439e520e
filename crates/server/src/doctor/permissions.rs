//! Who may read and write what the server keeps.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::{Check, Finding};
use crate::keys;

/// What anybody but the owner may do.
const OTHERS: u32 = 0o077;
/// Anybody but the owner may write.
const OTHERS_WRITE: u32 = 0o022;

/// Looks whether the operator's key can be read, by its owner alone.
#[must_use]
pub fn operator_key(path: &Path) -> Finding {
    match keys::read_operator(path) {
        Ok(_) => Finding::ok(Check::Permissions, "the operator's key is its owner's alone"),
        Err(error) => Finding::of_error(Check::Permissions, &error),
    }
}

/// Looks whether others may change the configuration.
#[must_use]
pub fn config_file(path: &Path) -> Finding {
    let is_open = fs::metadata(path).is_ok_and(|file| file.mode() & OTHERS_WRITE != 0);
    match is_open {
        true => Finding::problem(
            Check::Permissions,
            format_args!("others may change the configuration {}", path.display()),
            format!("chmod go-w {}", path.display()),
        ),
        false => Finding::ok(Check::Permissions, "the configuration is its owner's to change"),
    }
}

/// Looks whether each directory that is there is its owner's alone, and that owner is the one of `key`.
#[must_use]
pub fn directories(paths: &[&Path], key: &Path) -> Vec<Finding> {
    let owner = fs::metadata(key).ok().map(|key| key.uid());
    let there = paths.iter().filter_map(|path| Some((*path, fs::metadata(path).ok()?)));
    there.map(|(path, directory)| of_directory(path, &directory, owner)).collect()
}

fn of_directory(path: &Path, directory: &Metadata, owner: Option<u32>) -> Finding {
    let shown = path.display();
    if !directory.is_dir() {
        return Finding::problem(
            Check::Permissions,
            format_args!("{shown} is no directory"),
            format!("mv {shown} {shown}.old"),
        );
    }
    if owner.is_some_and(|owner| owner != directory.uid()) {
        let finding = format!("{shown} belongs to another account than the operator's key");
        return Finding::problem(Check::Permissions, finding, format!("chown -R the server's own account {shown}"));
    }
    match directory.mode() & OTHERS {
        0 => Finding::ok(Check::Permissions, format_args!("{shown} is its owner's alone")),
        _ => Finding::warning(
            Check::Permissions,
            format_args!("others may look into {shown}, at the sizes and times of its files"),
            format!("chmod 700 {shown}"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::super::Level;
    use super::*;

    fn set(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn what_others_may_read_or_write_is_told_with_its_mend() {
        let directory = tempfile::tempdir().unwrap();
        let (key, data) = (directory.path().join("operator.key"), directory.path().join("data"));
        keys::create_operator(&key, &mut rand::rng()).unwrap();
        fs::create_dir(&data).unwrap();
        set(&data, 0o700);
        let looked = |data: &Path| directories(&[data, Path::new("/not/there")], &key);
        assert_eq!([operator_key(&key).level, looked(&data)[0].level], [Level::Ok; 2]);
        assert_eq!(looked(&data).len(), 1);
        set(&data, 0o750);
        assert_eq!(looked(&data)[0].mend, Some(format!("chmod 700 {}", data.display())));
        set(&key, 0o644);
        let told = operator_key(&key);
        assert_eq!((told.level, told.mend), (Level::Problem, Some(format!("chmod 600 {}", key.display()))));
        assert_eq!(looked(&key)[0].level, Level::Problem);
        set(&key, 0o622);
        assert_eq!(config_file(&key).level, Level::Problem);
        set(&key, 0o644);
        assert_eq!(config_file(&key).level, Level::Ok);
    }
}
