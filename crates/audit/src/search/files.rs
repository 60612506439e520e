//! Files of any size, in bounded memory: their holes, and long runs of zeros, are passed over.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek};
use std::path::{Path, PathBuf};

use rustix::fs::{SeekFrom, seek};
use rustix::io::Errno;

use super::{ReadError, Stream};

const BUFFER: usize = 256 * 1024;
/// Shorter runs of zeros are searched like anything else.
const BLOCK: usize = 4096;
const ZEROS: [u8; BLOCK] = [0; BLOCK];

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file with content.
    File,
    /// A directory.
    Directory,
    /// A symbolic link, a socket, a device: its name can be searched, and nothing else.
    Special,
}

/// What is at `path`; links are not followed.
///
/// # Errors
/// When that cannot be told.
pub fn kind_of(path: &Path) -> Result<Kind, ReadError> {
    let metadata = fs::symlink_metadata(path).map_err(|source| ReadError { path: path.to_owned(), source })?;
    let kind = metadata.file_type();
    Ok(if kind.is_dir() {
        Kind::Directory
    } else if kind.is_file() {
        Kind::File
    } else {
        Kind::Special
    })
}

/// All files below `path`, or `path` itself, sorted. Links are listed and not followed.
///
/// # Errors
/// When a directory cannot be read.
pub fn files_below(path: &Path) -> Result<Vec<PathBuf>, ReadError> {
    let mut files = Vec::new();
    collect(path, &mut files)?;
    files.sort();
    Ok(files)
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), ReadError> {
    match kind_of(path) {
        Ok(Kind::Directory) => {}
        Ok(Kind::File | Kind::Special) => {
            files.push(path.to_owned());
            return Ok(());
        }
        // It went while we looked.
        Err(error) if error.source.kind() == ErrorKind::NotFound && !files.is_empty() => return Ok(()),
        Err(error) => return Err(error),
    }
    let unreadable = |source| ReadError { path: path.to_owned(), source };
    for entry in fs::read_dir(path).map_err(unreadable)? {
        collect(&entry.map_err(unreadable)?.path(), files)?;
    }
    Ok(())
}

/// Reads all of `file` into `stream`; of a link, where it points to.
pub(super) fn read(file: &Path, stream: &mut Stream, progress: &mut dyn FnMut(u64)) -> io::Result<()> {
    let kind = fs::symlink_metadata(file)?.file_type();
    if kind.is_symlink() {
        stream.feed(fs::read_link(file)?.as_os_str().as_encoded_bytes());
        return Ok(());
    }
    if !kind.is_file() {
        return Ok(());
    }
    let mut open = File::open(file)?;
    let mut at = 0;
    while let Some((data, hole)) = next_data(&open, at)? {
        stream.zeros(data - at);
        progress(data - at);
        open.seek(io::SeekFrom::Start(data))?;
        at = data + read_part(&mut open, hole.map(|hole| hole - data), stream, progress)?;
    }
    let length = open.metadata()?.len();
    stream.zeros(length.saturating_sub(at));
    progress(length.saturating_sub(at));
    Ok(())
}

/// Where content begins at or behind `at`, and where it ends if that is known; nothing when only a hole follows.
fn next_data(file: &File, at: u64) -> io::Result<Option<(u64, Option<u64>)>> {
    match seek(file, SeekFrom::Data(at)) {
        Ok(data) => Ok(Some((data, seek(file, SeekFrom::Hole(data)).ok().filter(|hole| *hole > data)))),
        Err(Errno::NXIO) => Ok(None),
        // A file system without holes: one part, from the beginning to the end.
        Err(Errno::INVAL | Errno::OPNOTSUPP) if at == 0 => Ok(Some((0, None))),
        Err(Errno::INVAL | Errno::OPNOTSUPP) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

/// Reads at most `length` bytes, to the end if that is not known, and returns how many there were.
fn read_part(
    file: &mut File,
    length: Option<u64>,
    stream: &mut Stream,
    progress: &mut dyn FnMut(u64),
) -> io::Result<u64> {
    let mut part = file.take(length.unwrap_or(u64::MAX));
    let mut buffer = vec![0; BUFFER];
    let mut read = 0;
    loop {
        let count = match part.read(&mut buffer) {
            Ok(0) => return Ok(read),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        read += count as u64;
        for block in buffer.get(..count).unwrap_or_default().chunks(BLOCK) {
            if block == ZEROS { stream.zeros(BLOCK as u64) } else { stream.feed(block) }
        }
        progress(count as u64);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::collection::vec;
    use proptest::prelude::*;
    use sealpost_identity::traces::{Encoding, Form, Traces, Value};

    use super::*;
    use crate::search::{Canary, Search};

    const TEXT: &str = "meet me at the station";

    fn search() -> Search {
        Search::new(vec![Canary { what: "a text".to_owned(), value: Value::text(TEXT) }]).unwrap()
    }

    /// What is found, how much was read, and how much was passed over.
    fn found_in(file: &Path) -> (Vec<(Encoding, u64)>, u64, u64) {
        let mut search = search();
        search.files(file).unwrap();
        let found = search.found().iter().map(|find| (find.encoding, find.at)).collect();
        let place = &search.places()[0];
        (found, place.bytes, place.zeros)
    }

    #[test]
    fn values_are_found_behind_holes_and_zeros_and_where_they_begin_and_end_with_zero() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("core");
        let mut file = File::create(&path).unwrap();
        let wide: Vec<u8> = TEXT.encode_utf16().flat_map(u16::to_be_bytes).collect();
        // The first byte of this is zero, and lies at the end of a hole; then come zeros that are written.
        let at = 64 * 1024 * 1024 - 1;
        file.seek(io::SeekFrom::Start(at)).unwrap();
        file.write_all(&wide).unwrap();
        file.write_all(&vec![0; 3 * BLOCK + 17]).unwrap();
        file.write_all(TEXT.as_bytes()).unwrap();
        file.set_len(1 << 40).unwrap();
        let second = at + wide.len() as u64 + 3 * BLOCK as u64 + 17;
        let (found, bytes, zeros) = found_in(&path);
        let plain = |form| Encoding { digest: None, form };
        // With the zero behind it, it is the text of the other byte order too.
        let expected = [(Form::Plain, second), (Form::Utf16Le, at + 1), (Form::Utf16Be, at)];
        assert_eq!(found, expected.map(|(form, at)| (plain(form), at)));
        assert!(bytes < 1 << 20, "{bytes} bytes of a terabyte were read");
        let name = path.as_os_str().len() as u64;
        assert_eq!(bytes + zeros, (1 << 40) + name, "every byte is accounted for");
    }

    #[test]
    fn a_value_across_the_buffers_border_is_found() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let before = vec![b'x'; BUFFER - 5];
        fs::write(file.path(), [&before, TEXT.as_bytes()].concat()).unwrap();
        assert_eq!(found_in(file.path()).0, [(Encoding { digest: None, form: Form::Plain }, BUFFER as u64 - 5)]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn parts_and_zeros_change_nothing(parts in vec((0_usize..4, 1_usize..3 * BLOCK), 1..20)) {
            let mut content = Vec::new();
            for (kind, length) in parts {
                match kind {
                    0 => content.extend(vec![0; length]),
                    1 => content.extend(vec![b'x'; length]),
                    2 => content.extend(TEXT.as_bytes()),
                    _ => content.extend(TEXT.encode_utf16().flat_map(u16::to_be_bytes)),
                }
            }
            let file = tempfile::NamedTempFile::new().unwrap();
            fs::write(file.path(), &content).unwrap();
            let value = Value::text(TEXT);
            let whole = Traces::of([&value]).unwrap().find(&content);
            let mut whole: Vec<_> = whole.iter().map(|found| (found.encoding, found.at)).collect();
            whole.sort();
            let (found, bytes, zeros) = found_in(file.path());
            prop_assert_eq!(found, whole);
            prop_assert_eq!(bytes + zeros, (content.len() + file.path().as_os_str().len()) as u64);
        }
    }

    #[test]
    fn links_are_named_and_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(directory.path(), directory.path().join("loop")).unwrap();
        std::os::unix::fs::symlink(format!("/{TEXT}"), directory.path().join("target")).unwrap();
        let (found, ..) = found_in(directory.path());
        assert_eq!(found, [(Encoding { digest: None, form: Form::Plain }, 1)]);
    }
}
