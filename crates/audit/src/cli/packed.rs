//! Files in which nothing stands as it is: a search in them says little.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Beginnings of files, and what is to be said of each.
const BEGINNINGS: [(&[u8], &str); 11] = [
    (b"\x1F\x8B", COMPRESSED),
    (b"\x28\xB5\x2F\xFD", COMPRESSED),
    (b"\xFD7zXZ\x00", COMPRESSED),
    (b"BZh", COMPRESSED),
    (b"\x04\x22\x4D\x18", COMPRESSED),
    (b"PK\x03\x04", COMPRESSED),
    (b"\x0A\x0D\x0D\x0A", CAPTURE),
    (b"\xD4\xC3\xB2\xA1", CAPTURE),
    (b"\xA1\xB2\xC3\xD4", CAPTURE),
    (b"\x4D\x3C\xB2\xA1", CAPTURE),
    (b"\xA1\xB2\x3C\x4D", CAPTURE),
];
const COMPRESSED: &str = "it is compressed: unpack it first";
const CAPTURE: &str = "it is a capture: name it by --pcap to look inside";

/// Why searching the bytes of a file is not enough, if that is so.
pub(super) fn why_not_enough(file: &Path) -> Option<&'static str> {
    let mut first = [0; 6];
    let length = File::open(file).ok()?.read(&mut first).ok()?;
    let first = first.get(..length)?;
    BEGINNINGS.iter().find(|(beginning, _)| first.starts_with(beginning)).map(|(_, why)| *why)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_is_packed_is_known_by_its_beginning() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let why = |bytes: &[u8]| {
            fs::write(file.path(), bytes).unwrap();
            why_not_enough(file.path())
        };
        assert_eq!((why(b"\x1F\x8B\x08..."), why(b"BZh9")), (Some(COMPRESSED), Some(COMPRESSED)));
        assert_eq!(why(&[0xD4, 0xC3, 0xB2, 0xA1, 2, 0]), Some(CAPTURE));
        assert_eq!((why(b""), why(b"BZ"), why(b"plain text")), (None, None, None));
    }
}
