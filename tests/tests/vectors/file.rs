//! The files in `tests/vectors`.

use std::fmt::Debug;
use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors").join(name)
}

/// What the file of that name holds.
pub(crate) fn load<T: DeserializeOwned>(name: &str) -> T {
    serde_json::from_str(&std::fs::read_to_string(path(name)).unwrap()).unwrap()
}

/// Fails unless the file holds exactly `made`; writes it first when `SEALPOST_WRITE_VECTORS` asks for that.
#[track_caller]
pub(crate) fn assert_golden<T: Serialize + DeserializeOwned + PartialEq + Debug>(name: &str, made: &T) {
    if std::env::var_os("SEALPOST_WRITE_VECTORS").is_some() {
        write(name, made);
    }
    assert_eq!(&load::<T>(name), made, "{name} is not what this code makes");
}

/// Whole or not at all, since other tests read at the same time.
fn write<T: Serialize>(name: &str, made: &T) {
    let fresh = path(&format!("{name}.new"));
    std::fs::write(&fresh, serde_json::to_string_pretty(made).unwrap() + "\n").unwrap();
    std::fs::rename(fresh, path(name)).unwrap();
}
