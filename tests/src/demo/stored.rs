//! What lies in a server's store, as whoever seizes the disk sees it.

use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::Result;
use crate::search::files_below;

/// Bytes that are shown.
const GLIMPSE: usize = 32;

/// The files of a store.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Stored {
    /// How many files there are.
    pub files: usize,
    /// Their bytes, without the zeros that room was reserved with.
    pub bytes: u64,
    /// The last bytes of the fullest one.
    #[serde(skip)]
    pub glimpse: Vec<u8>,
}

/// What one server keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// Which server.
    pub server: &'static str,
    /// Its files.
    #[serde(flatten)]
    pub stored: Stored,
}

impl Stored {
    /// Looks at all files below `directory`.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn of(directory: &Path) -> Result<Self> {
        let mut stored = Self::default();
        let mut fullest = 0;
        for file in files_below(directory)? {
            let written = without_reserve(fs::read(&file)?);
            stored.files += 1;
            stored.bytes += written.len() as u64;
            if written.len() > fullest {
                fullest = written.len();
                stored.glimpse = written.last_chunk::<GLIMPSE>().map(Vec::from).unwrap_or_default();
            }
        }
        Ok(stored)
    }
}

fn without_reserve(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    bytes.truncate(end);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_room_does_not_count() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("journal"), [[7; 40].as_slice(), &[0; 1_000]].concat()).unwrap();
        fs::write(directory.path().join("empty"), [0; 9]).unwrap();
        let expected = Stored { files: 2, bytes: 40, glimpse: vec![7; GLIMPSE] };
        assert_eq!(Stored::of(directory.path()).unwrap(), expected);
    }
}
