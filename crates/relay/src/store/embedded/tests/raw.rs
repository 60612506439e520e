//! A store as whoever seizes its disk sees it.

use std::fs;
use std::path::Path;

/// Every file below `directory`, without the zeros that a journal ends with.
pub(super) fn files(directory: &Path) -> Vec<Vec<u8>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            let mut bytes = fs::read(path).unwrap();
            let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            bytes.truncate(end);
            files.push(bytes);
        }
    }
    files
}

/// Whether `needle` is in any of `files`.
pub(super) fn holds(files: &[Vec<u8>], needle: &[u8]) -> bool {
    files.iter().any(|file| file.windows(needle.len()).any(|window| window == needle))
}

/// Every key and value of the database in a closed store's directory.
pub(super) fn rows(directory: &Path) -> Vec<Vec<u8>> {
    let database = fjall::Database::builder(directory.join("live")).open().unwrap();
    let mut rows = Vec::new();
    for name in database.list_keyspace_names() {
        for row in database.keyspace(&name, Default::default).unwrap().iter() {
            let (key, value) = row.into_inner().unwrap();
            rows.push([&*key, &*value].concat());
        }
    }
    rows
}
