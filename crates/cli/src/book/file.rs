//! From a file to its text, whatever it is encoded in.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use zeroize::Zeroizing;

use super::BookError;

/// Longer files are refused. Without pictures, 50,000 people take a third of it.
pub(super) const MOST_BYTES: usize = 16 << 20;

const CARD: &str = "BEGIN:VCARD";

/// The text of a file.
pub(super) fn text(path: &Path) -> Result<Zeroizing<String>, BookError> {
    let bytes = read(path)?;
    if bytes.len() > MOST_BYTES {
        return Err(BookError::TooLarge);
    }
    Ok(decoded(&bytes))
}

/// Whether it is a vCard file: by what it holds, or else by its name.
pub(super) fn is_vcard(path: &Path, text: &str) -> bool {
    let start = text.trim_start().get(..CARD.len());
    let named = path.extension().is_some_and(|name| name.eq_ignore_ascii_case("vcf"));
    named || start.is_some_and(|start| start.eq_ignore_ascii_case(CARD))
}

/// One byte more than allowed is enough to know. All room is made first, so that growing leaves no copies.
fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = File::open(path)?;
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    let mut bytes = Zeroizing::new(Vec::with_capacity(length.min(MOST_BYTES) + 1));
    file.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn decoded(bytes: &[u8]) -> Zeroizing<String> {
    let (encoding, mark) = Encoding::for_bom(bytes).unwrap_or_else(|| (encoding_of(bytes), 0));
    let bytes = bytes.get(mark..).unwrap_or_default();
    let text = Zeroizing::new(encoding.decode_without_bom_handling(bytes).0.into_owned());
    // Once, a carriage return alone ended lines.
    if text.contains('\n') { text } else { Zeroizing::new(text.replace('\r', "\n")) }
}

/// UTF-8 where it is that. Else what the first `CHARSET` of a vCard says, or what Windows writes in Western Europe, of
/// which Latin-1 is a part.
fn encoding_of(bytes: &[u8]) -> &'static Encoding {
    if str::from_utf8(bytes).is_ok() {
        return UTF_8;
    }
    declared(bytes).filter(|encoding| *encoding != UTF_8).unwrap_or(WINDOWS_1252)
}

fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    const KEY: &[u8] = b"CHARSET=";
    let start = bytes.windows(KEY.len()).position(|window| window.eq_ignore_ascii_case(KEY))? + KEY.len();
    let label = bytes.get(start..)?.split(|byte| b";:\"\r\n".contains(byte)).next()?;
    Encoding::for_label(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_the_same_in_every_encoding() {
        let utf_16: Vec<u8> = "\u{FEFF}Jürgen".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let texts: [&[u8]; 4] = ["Jürgen".as_bytes(), b"\xEF\xBB\xBFJ\xC3\xBCrgen", b"J\xFCrgen", &utf_16];
        for text in texts {
            assert_eq!(*decoded(text), "Jürgen", "{text:x?}");
        }
        assert_eq!(*decoded(b"a\rb\r"), "a\nb\n");
        assert_eq!(*decoded(b"a\r\nb"), "a\r\nb");
        assert!(decoded(b"N;charset=Shift_JIS:\x8ER\x93c").ends_with("山田"));
        assert!(decoded(b"N;CHARSET=nonsense:J\xFCrgen").ends_with("Jürgen"));
    }

    #[test]
    fn a_vcard_is_known_by_its_first_line_or_its_name() {
        assert!(is_vcard(Path::new("book.txt"), "\r\n begin:vcard\r\n"));
        assert!(is_vcard(Path::new("book.VCF"), ""));
        assert!(!is_vcard(Path::new("book.csv"), "Name,Phone\n"));
        assert!(!is_vcard(Path::new("book"), "BEGIN:VCÄRD"));
    }

    #[test]
    fn sixteen_mebibytes_are_read_and_one_byte_more_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(MOST_BYTES as u64).unwrap();
        assert_eq!(text(file.path()).unwrap().len(), MOST_BYTES);
        file.as_file().set_len(MOST_BYTES as u64 + 1).unwrap();
        assert!(matches!(text(file.path()), Err(BookError::TooLarge)));
        assert!(matches!(text(Path::new("/nowhere")), Err(BookError::Unreadable(_))));
    }
}
