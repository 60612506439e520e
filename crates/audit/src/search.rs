//! The search for planted values, in every encoding of [`sealpost_identity::traces`].

mod files;
mod stream;

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sealpost_identity::traces::{Encoding, TooManyValues, Traces, Value, patterns_of};
use serde::Serialize;
use thiserror::Error;

pub use files::{Kind, files_below, kind_of};
pub use stream::Stream;
use stream::{Places, Sighting};

/// A value that must not turn up, and what it is.
pub struct Canary {
    /// What it is: `the third text of Anna`. Never the value.
    pub what: String,
    /// The value.
    pub value: Value,
}

/// A canary that turned up, in one place and one way of writing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Find {
    /// Where.
    pub place: String,
    /// Which.
    pub what: String,
    /// How it was written.
    #[serde(serialize_with = "displayed")]
    pub encoding: Encoding,
    /// How many bytes stand before it there, the first time.
    pub at: u64,
    /// How often it is there.
    pub times: u64,
}

/// A place that was searched.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Place {
    /// What it is.
    pub name: String,
    /// Of how many files, streams or values it consists.
    pub pieces: u64,
    /// Bytes that were searched there.
    pub bytes: u64,
    /// Bytes of holes and of long runs of zeros, which were passed over: no value is in them.
    pub zeros: u64,
}

/// A canary, and in how many ways of writing it is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Planted {
    /// What it is.
    pub what: String,
    /// Ways of writing that are looked for.
    pub patterns: usize,
    /// Ways of writing under 56 bits, which are not.
    pub too_short: usize,
    /// Whether the value itself is under 56 bits, so that not finding it says nothing.
    pub is_too_short: bool,
}

/// A file, or what should be one, cannot be read.
#[derive(Debug, Error)]
#[error("{}: it cannot be read", path.display())]
pub struct ReadError {
    path: PathBuf,
    #[source]
    source: io::Error,
}

/// A search for many canaries in every encoding, and what it has covered so far.
pub struct Search {
    canaries: Vec<Canary>,
    traces: Traces,
    places: Vec<Place>,
    found: Vec<Find>,
    /// Where in the list the find of a canary in the pieces of a place is.
    known: HashMap<(String, Sighting), usize>,
}

impl Search {
    /// Makes a search ready.
    ///
    /// # Errors
    /// When there are too many canaries for one.
    pub fn new(canaries: Vec<Canary>) -> Result<Self, TooManyValues> {
        let traces = Traces::of(canaries.iter().map(|canary| &canary.value))?;
        Ok(Self { canaries, traces, places: Vec::new(), found: Vec::new(), known: HashMap::new() })
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

    /// Each canary, and how it is looked for.
    #[must_use]
    pub fn canaries(&self) -> Vec<Planted> {
        let planted = |canary: &Canary| {
            let patterns = patterns_of(&canary.value);
            let (what, is_too_short) = (canary.what.clone(), canary.value.is_too_short());
            Planted { what, patterns: patterns.searched().len(), too_short: patterns.too_short().len(), is_too_short }
        };
        self.canaries.iter().map(planted).collect()
    }

    /// In how many ways of writing all canaries are looked for.
    #[must_use]
    pub fn patterns(&self) -> usize {
        self.traces.searched()
    }

    /// How many bytes have been searched.
    #[must_use]
    pub fn bytes_searched(&self) -> u64 {
        self.places.iter().map(|place| place.bytes).sum()
    }

    /// Where has been searched.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// What turned up so far.
    #[must_use]
    pub fn found(&self) -> &[Find] {
        &self.found
    }

    /// What is searched from here on belongs to the place of this name.
    pub fn begin(&mut self, name: &str) {
        self.places.push(Place { name: name.to_owned(), ..Place::default() });
    }

    /// Starts to search a stream of bytes that is `place`. [`Search::end`] takes it back.
    #[must_use]
    pub fn stream(&self, place: impl Into<String>) -> Stream {
        Stream::new(place.into(), self.traces.clone())
    }

    /// Takes over what a stream has found.
    pub fn end(&mut self, stream: Stream) {
        self.take(stream, false);
    }

    /// Searches bytes that were left in `place`.
    pub fn bytes(&mut self, place: &str, bytes: &[u8]) {
        let mut stream = self.stream(place);
        stream.feed(bytes);
        self.end(stream);
    }

    /// Searches a piece of `place`, which has many: a value that is in several of them is one find.
    pub fn piece(&mut self, place: &str, bytes: &[u8]) {
        let mut stream = self.stream(place);
        stream.feed(bytes);
        self.take(stream, true);
    }

    /// Searches a file, or all files below a directory, and their names. What has vanished meanwhile is left out.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn files(&mut self, path: &Path) -> Result<(), ReadError> {
        for file in files_below(path)? {
            self.file(&file, &mut |_| {})?;
        }
        Ok(())
    }

    /// Searches one file and its name, in bounded memory, and tells `progress` how many bytes it is further on.
    ///
    /// # Errors
    /// When it cannot be read. That it vanished is none.
    pub fn file(&mut self, file: &Path, progress: &mut dyn FnMut(u64)) -> Result<(), ReadError> {
        self.piece("a file's name", file.as_os_str().as_encoded_bytes());
        let mut stream = self.stream(file.display().to_string());
        match files::read(file, &mut stream, progress) {
            Ok(()) => self.end(stream),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(ReadError { path: file.to_owned(), source }),
        }
        Ok(())
    }

    /// Tries the search itself: plants each of `texts`, which are canaries, in a file of `scratch`, and returns how many
    /// of them are found there.
    ///
    /// # Errors
    /// When a file cannot be written or read.
    pub fn find_planted(&self, scratch: &Path, texts: &[&str]) -> io::Result<usize> {
        let mut found = 0;
        for (number, text) in texts.iter().enumerate() {
            let file = scratch.join(format!("leak-{number}"));
            fs::write(&file, [&b"\x00\xff sealed bytes "[..], text.as_bytes(), b" and more"].concat())?;
            found += usize::from(!self.traces.find(&fs::read(&file)?).is_empty());
        }
        Ok(found)
    }

    fn take(&mut self, stream: Stream, is_piece: bool) {
        let (place, sightings, bytes, zeros) = stream.into_parts();
        let here = self.here();
        (here.pieces, here.bytes, here.zeros) = (here.pieces + 1, here.bytes + bytes, here.zeros + zeros);
        for (sighting, Places { first: at, times, .. }) in sightings {
            let next = self.found.len();
            let known = if is_piece { *self.known.entry((place.clone(), sighting)).or_insert(next) } else { next };
            if let Some(find) = self.found.get_mut(known) {
                find.times += times;
                continue;
            }
            let what = self.canaries.get(sighting.value).map(|canary| canary.what.clone()).unwrap_or_default();
            self.found.push(Find { place: place.clone(), what, encoding: sighting.encoding, at, times });
        }
    }

    /// The place that was begun last; one without a name if there is none.
    fn here(&mut self) -> &mut Place {
        if self.places.is_empty() {
            self.places.push(Place::default());
        }
        let last = self.places.len() - 1;
        #[expect(clippy::indexing_slicing, reason = "there is a last one")]
        &mut self.places[last]
    }
}

fn displayed<S: serde::Serializer>(encoding: &Encoding, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(encoding)
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
        assert_eq!((&*search.found()[0].what, search.found()[0].at), ("long", 3));
        assert!(search.found()[0].place.ends_with("below/file"));
    }

    #[test]
    fn what_is_too_short_is_counted_and_not_claimed() {
        assert_eq!((search().planted(), search().too_short()), (1, 1));
    }

    #[test]
    fn a_value_in_several_pieces_of_a_place_is_one_find() {
        let canary = |text| Canary { what: "a text".to_owned(), value: Value::text(text) };
        let mut search = Search::new(vec![canary("meet me at the station"), canary("meet me at the harbour")]).unwrap();
        for text in ["meet me at the station", "meet me at the harbour", "meet me at the station"] {
            search.piece("one place", text.as_bytes());
        }
        assert_eq!(search.found().iter().map(|find| find.times).collect::<Vec<_>>(), [2, 1]);
        search.piece("another place", b"meet me at the station");
        assert_eq!(search.found().len(), 3);
        search.bytes("one place", b"meet me at the station");
        assert_eq!(search.found().len(), 4, "it is not said to be a piece of it");
    }

    #[test]
    fn places_are_counted_apart() {
        let mut search = search();
        search.begin("one");
        search.bytes("a", b"four");
        search.bytes("b", b"meet me at the station, meet me at the station");
        search.begin("two");
        search.bytes("c", b"six by");
        let pieces: Vec<_> = search.places().iter().map(|place| (&*place.name, place.pieces, place.bytes)).collect();
        assert_eq!(pieces, [("one", 2, 50), ("two", 1, 6)]);
        assert_eq!((search.found().len(), search.found()[0].times), (1, 2));
    }
}
