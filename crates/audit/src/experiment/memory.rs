//! The memory of a process, as whoever seizes a running machine has it.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;

use crate::search::Search;

const PART: usize = 1024 * 1024;
const BLOCK: usize = 4096;

/// Searches all memory that the process has written to.
pub(super) fn search(process: u32, search: &mut Search) -> io::Result<()> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps"))?;
    let memory = File::open(format!("/proc/{process}/mem"))?;
    for (start, end) in maps.lines().filter_map(writable) {
        let mut stream = search.stream("memory");
        let mut at = start;
        while at < end {
            let mut part = vec![0; usize::try_from(end - at).unwrap_or(PART).min(PART)];
            match memory.read_at(&mut part, at) {
                // What the kernel keeps to itself, or was given back meanwhile.
                Ok(0) => break,
                Err(error) if error.raw_os_error() == Some(IO_ERROR) => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
                Ok(count) => {
                    at += count as u64;
                    for block in part.get(..count).unwrap_or_default().chunks(BLOCK) {
                        if block.iter().all(|byte| *byte == 0) {
                            stream.zeros(block.len() as u64);
                        } else {
                            stream.feed(block);
                        }
                    }
                }
            }
        }
        search.end(stream);
    }
    Ok(())
}

/// EIO.
const IO_ERROR: i32 = 5;

/// The borders of a region, if it can be written to: `55d0a000-55d0b000 rw-p …`.
fn writable(line: &str) -> Option<(u64, u64)> {
    let mut words = line.split_whitespace();
    let (borders, rights) = (words.next()?, words.next()?);
    let (start, end) = borders.split_once('-')?;
    let number = |text| u64::from_str_radix(text, 16).ok();
    rights.starts_with("rw").then_some((number(start)?, number(end)?))
}

#[cfg(test)]
mod tests {
    use sealpost_identity::traces::Value;

    use super::*;
    use crate::search::Canary;

    #[test]
    fn a_value_in_memory_is_found() {
        // Drawn, so that the only copy is the one in memory; told apart from the search's own patterns by its hexadecimal
        // form of which the automaton has no copy in a row.
        let process = std::process::id();
        let value: Vec<u8> = (0..32_u8).map(|byte| byte.wrapping_mul(37) ^ 0x5A).collect();
        let mut search_for = Search::new(vec![Canary { what: "it".to_owned(), value: Value::bytes(&value) }]).unwrap();
        search(process, &mut search_for).unwrap();
        assert!(search_for.found().iter().any(|find| find.what == "it"));
        assert!(search_for.bytes_searched() > 0);
    }

    #[test]
    fn regions_that_cannot_be_written_to_are_passed_over() {
        assert_eq!(writable("1000-2000 rw-p 00000000 00:00 0 [heap]"), Some((0x1000, 0x2000)));
        assert_eq!(writable("1000-2000 r-xp 00000000 00:00 0 /usr/bin/x"), None);
        assert_eq!(writable(""), None);
    }
}
