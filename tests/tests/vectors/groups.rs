//! Bytes as people can read them: hexadecimal in groups, one for each field, with `ab*32` for 32 times `ab`.

use data_encoding::HEXLOWER;
use minicbor::Decoder;

/// Runs shorter than this are written out.
const SHORTEST_RUN: usize = 8;

/// A CBOR map as groups: its head, then each key with its value.
pub(crate) fn of_map(body: &[u8]) -> Vec<String> {
    let (head, entries) = entries(body);
    std::iter::once(head).chain(entries).map(of_bytes).collect()
}

/// Any bytes as one group.
pub(crate) fn of_bytes(bytes: &[u8]) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut plain = String::new();
    for run in bytes.chunk_by(|a, b| a == b) {
        if run.len() < SHORTEST_RUN {
            plain += &HEXLOWER.encode(run);
        } else {
            words.extend([std::mem::take(&mut plain), format!("{:02x}*{}", run[0], run.len())]);
        }
    }
    words.push(plain);
    words.retain(|word| !word.is_empty());
    words.join(" ")
}

/// The bytes that a group stands for.
pub(crate) fn to_bytes(group: &str) -> Vec<u8> {
    group.split_whitespace().flat_map(word).collect()
}

/// The bytes that a group stands for, when their number is known.
pub(crate) fn to_array<const N: usize>(group: &str) -> [u8; N] {
    to_bytes(group).try_into().unwrap()
}

fn word(word: &str) -> Vec<u8> {
    let (hex, times) = word.split_once('*').unwrap_or((word, "1"));
    HEXLOWER.decode(hex.as_bytes()).unwrap().repeat(times.parse().unwrap())
}

/// The head of a CBOR map, and the spans of its entries.
pub(crate) fn entries(body: &[u8]) -> (&[u8], Vec<&[u8]>) {
    let mut decoder = Decoder::new(body);
    let count = decoder.map().unwrap().unwrap();
    let head = &body[..decoder.position()];
    let entry = |_| {
        let start = decoder.position();
        decoder.skip().unwrap();
        decoder.skip().unwrap();
        &body[start..decoder.position()]
    };
    (head, (0..count).map(entry).collect())
}

#[test]
fn groups_stand_for_their_bytes() {
    let bytes = [vec![0xa1, 0x00, 0x58, 0x20], vec![7; 32], vec![1, 2]].concat();
    assert_eq!(of_bytes(&bytes), "a1005820 07*32 0102");
    assert_eq!(to_bytes(&of_bytes(&bytes)), bytes);
    assert_eq!(to_bytes("a1 00 07*3"), [0xa1, 0, 7, 7, 7]);
}
