//! Everything that the relay's database holds, read without the relay's code.

use std::path::Path;

use fjall::{Database, KeyspaceCreateOptions};
use sealpost_tests::Result;

/// All keys and values of all keyspaces, one behind the other.
///
/// # Errors
/// When the database of a stopped relay cannot be read.
pub(super) fn all_rows(data: &Path) -> Result<Vec<u8>> {
    Ok(each(data)?.into_iter().flat_map(|(_, rows)| rows).collect())
}

/// The name of each keyspace, and its keys and values one behind the other.
///
/// # Errors
/// When the database of a stopped relay cannot be read.
pub(in super::super) fn each(data: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let live = data.join("live");
    if !live.is_dir() {
        return Err(format!("there is no database at {}", live.display()).into());
    }
    let database = Database::builder(&live).open()?;
    let mut keyspaces = Vec::new();
    for name in database.list_keyspace_names() {
        let mut rows = Vec::new();
        for row in database.keyspace(&name, KeyspaceCreateOptions::default)?.iter() {
            let (key, value) = row.into_inner()?;
            rows.extend_from_slice(&key);
            rows.extend_from_slice(&value);
        }
        keyspaces.push((name.to_string(), rows));
    }
    Ok(keyspaces)
}
