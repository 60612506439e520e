//! The search for planted values in everything that was left behind.

use std::fs;
use std::path::{Path, PathBuf};

use sealpost_identity::traces::{Encoding, Traces, Value};

use crate::Result;

/// A value that must not turn up, and what it is.
pub struct Canary {
    /// What it is: `the third text of Anna`. Never the value.
    pub what: String,
    /// The value.
    pub value: Value,
}

/// A canary that turned up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Find {
    /// Where.
    pub place: String,
    /// Which.
    pub what: String,
    /// How it was written.
    pub encoding: Encoding,
}

/// A search for many canaries in every encoding, and what it has covered so far.
pub struct Search {
    canaries: Vec<Canary>,
    traces: Traces,
    bytes: u64,
    found: Vec<Find>,
}

impl Search {
    /// Makes a search ready.
    ///
    /// # Errors
    /// When there are too many canaries for one.
    pub fn new(canaries: Vec<Canary>) -> Result<Self> {
        let traces = Traces::of(canaries.iter().map(|canary| &canary.value))?;
        Ok(Self { canaries, traces, bytes: 0, found: Vec::new() })
    }

    /// How many canaries are looked for as they are.
    #[must_use]
    pub fn planted(&self) -> usize {
        self.canaries.len() - self.too_short()
    }

    /// How many are under 56 bits, so that finding or not finding them would say nothing.
    #[must_use]
    pub fn too_short(&self) -> usize {
        self.canaries.iter().filter(|canary| canary.value.is_too_short()).count()
    }

    /// In how many ways of writing all canaries are looked for.
    #[must_use]
    pub fn patterns(&self) -> usize {
        self.traces.searched()
    }

    /// How many bytes have been searched.
    #[must_use]
    pub fn bytes_searched(&self) -> u64 {
        self.bytes
    }

    /// What turned up so far.
    #[must_use]
    pub fn found(&self) -> &[Find] {
        &self.found
    }

    /// Searches bytes that were left in `place`.
    pub fn bytes(&mut self, place: &str, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        for found in self.traces.find(bytes) {
            let what = self.canaries.get(found.value).map(|canary| canary.what.clone()).unwrap_or_default();
            self.found.push(Find { place: place.to_owned(), what, encoding: found.encoding });
        }
    }

    /// Searches a file, or all files below a directory, and their names. What has vanished meanwhile is left out.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn files(&mut self, path: &Path) -> Result<()> {
        for file in files_below(path)? {
            self.bytes("a file's name", file.to_string_lossy().as_bytes());
            match fs::read(&file) {
                Ok(bytes) => self.bytes(&file.display().to_string(), &bytes),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(format!("{}: {error}", file.display()).into()),
            }
        }
        Ok(())
    }

    /// Tries the search itself: plants each of `texts`, which are canaries, in a file of `scratch`, and returns how many
    /// of them are found there.
    ///
    /// # Errors
    /// When a file cannot be written or read.
    pub fn find_planted(&self, scratch: &Path, texts: &[&str]) -> Result<usize> {
        let mut found = 0;
        for (number, text) in texts.iter().enumerate() {
            let file = scratch.join(format!("leak-{number}"));
            fs::write(&file, [&b"\x00\xff sealed bytes "[..], text.as_bytes(), b" and more"].concat())?;
            found += usize::from(!self.traces.find(&fs::read(&file)?).is_empty());
        }
        Ok(found)
    }
}

/// All files below `path`, or `path` itself, sorted.
///
/// # Errors
/// When a directory cannot be read.
pub fn files_below(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path)? {
        files.extend(files_below(&entry?.path())?);
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search() -> Search {
        let text = |what: &str, text| Canary { what: what.to_owned(), value: Value::text(text) };
        Search::new(vec![text("long", "meet me at the station"), text("short", "ok")]).unwrap()
    }

    #[test]
    fn a_leak_in_a_file_is_found_and_named_without_repeating_it() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("below")).unwrap();
        fs::write(directory.path().join("below/file"), b"...6d656574206d6520617420746865207374617469").unwrap();
        fs::write(directory.path().join("clean"), b"meet me at the statior").unwrap();
        let mut search = search();
        search.files(directory.path()).unwrap();
        assert_eq!(search.found().len(), 0, "a beginning alone is no find");
        fs::write(directory.path().join("below/file"), b"...6d656574206d65206174207468652073746174696f6e").unwrap();
        search.files(directory.path()).unwrap();
        assert_eq!(search.found().len(), 1);
        assert_eq!(search.found()[0].what, "long");
        assert!(search.found()[0].place.ends_with("below/file"));
    }

    #[test]
    fn what_is_too_short_is_counted_and_not_claimed() {
        assert_eq!((search().planted(), search().too_short()), (1, 1));
    }
}
