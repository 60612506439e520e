//! The same packets as pcapng, with the key log in the file.

use std::fs;

use super::*;

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let padded = [body, &vec![0; body.len().next_multiple_of(4) - body.len()]].concat();
    let length = u32::try_from(padded.len() + 12).unwrap().to_le_bytes();
    [&kind.to_le_bytes()[..], &length, &padded, &length].concat()
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// The packets of a pcap.
pub(super) fn packets(capture: &[u8]) -> Vec<Vec<u8>> {
    let (mut rest, mut packets) = (&capture[24..], Vec::new());
    while !rest.is_empty() {
        let length = u32::from_le_bytes(rest[8..12].try_into().unwrap()) as usize;
        packets.push(rest[16..16 + length].to_vec());
        rest = &rest[16 + length..];
    }
    packets
}

#[test]
fn a_capture_may_be_pcapng_and_hold_its_keys() {
    let directory = tempfile::tempdir().unwrap();
    let files = captured(directory.path(), |stage| stage.tls(&http1(&leaking_header()), &Tls::default()).unwrap());
    let keys = fs::read(&files.keys).unwrap();
    let section = [words(&[0x1A2B_3C4D, 0x0000_0001]), vec![0xFF; 8]].concat();
    let secrets = [words(&[0x544C_534B, u32::try_from(keys.len()).unwrap()]), keys].concat();
    let mut capture = [block(0x0A0D_0D0A, &section), block(1, &words(&[101, 0])), block(10, &secrets)].concat();
    for packet in packets(&fs::read(&files.capture).unwrap()) {
        let length = u32::try_from(packet.len()).unwrap();
        capture.extend(block(6, &[words(&[0, 0, 0, length, length]), packet].concat()));
    }
    let file = directory.path().join("capture.pcapng");
    fs::write(&file, capture).unwrap();
    let (seen, found) = scanned(&file, None);
    assert_eq!(
        (seen.unsearched.reasons().count(), seen.secrets, seen.requests["/v1/relay"]),
        (0, 1, 1),
        "{:?}",
        seen.unsearched
    );
    assert_eq!(found, ["connection 1, opened, from the client"]);
}
