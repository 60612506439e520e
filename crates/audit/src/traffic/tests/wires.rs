//! What a wire does to packets: other orders, repetitions, losses.

use std::fs;

use proptest::prelude::*;

use super::pcapng::packets;
use super::*;

fn rewritten(files: &Captured, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
    let capture = fs::read(&files.capture).unwrap();
    let mut packets = packets(&capture);
    change(&mut packets);
    let mut changed = capture[..24].to_vec();
    for packet in packets {
        let length = u32::try_from(packet.len()).unwrap().to_le_bytes();
        changed.extend([&[0; 8][..], &length, &length, &packet].concat());
    }
    fs::write(&files.capture, changed).unwrap();
}

fn has(seen: &Seen, reason: &str) -> bool {
    seen.unsearched.reasons().any(|known| known == reason)
}

/// Some 20 packets with the text at their end.
fn long_talk(stage: &mut Stage) {
    let quiet = (0..20).flat_map(|_| http1(&take()));
    let lines: Lines = quiet.chain(http1(&leaking_header())).collect();
    stage.tls(&lines, &Tls::default()).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn order_and_repetition_hide_nothing(swaps in proptest::collection::vec((3_usize..60, 1_usize..6, any::<bool>()), 0..40)) {
        let directory = tempfile::tempdir().unwrap();
        let files = captured(directory.path(), long_talk);
        rewritten(&files, |packets| {
            for (place, distance, again) in swaps {
                if place + distance < packets.len() {
                    packets.swap(place, place + distance);
                    if again {
                        packets.insert(place, packets[place + distance].clone());
                    }
                }
            }
        });
        let (seen, found) = scanned(&files.capture, Some(&files.keys));
        prop_assert_eq!(seen.unsearched.reasons().count(), 0, "{:?}", seen.unsearched);
        prop_assert_eq!(found, ["connection 1, opened, from the client"]);
    }
}

#[test]
fn a_lost_packet_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let files = captured(directory.path(), long_talk);
    rewritten(&files, |packets| {
        let from_client = |packet: &Vec<u8>| match capture::packet(101, packet) {
            Packet::Tcp(segment) => segment.to.port() == 443 && segment.payload.len() > 100,
            _ => false,
        };
        let tenth = packets.iter().enumerate().filter(|(_, packet)| from_client(packet)).nth(10).unwrap().0;
        packets.remove(tenth);
    });
    let (seen, found) = scanned(&files.capture, Some(&files.keys));
    assert!(found.is_empty() && seen.missing > 0);
    assert!(has(&seen, "TLS: bytes are missing in the capture"), "{:?}", seen.unsearched);
    assert!(has(&seen, "they are not in the capture"));
}

#[test]
fn a_capture_without_the_beginning_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let files = captured(directory.path(), long_talk);
    rewritten(&files, |packets| drop(packets.drain(..12)));
    let (seen, found) = scanned(&files.capture, Some(&files.keys));
    assert!(found.is_empty());
    assert!(seen.unsearched.reasons().all(|why| why.starts_with("TLS: ")) && !seen.unsearched.is_empty());
}

#[test]
fn without_its_opening_a_connection_is_judged_all_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let files = captured(directory.path(), long_talk);
    // The three that open it; and then the server's second hello stands before the client's first.
    for swapped in [false, true] {
        rewritten(&files, |packets| {
            if swapped {
                packets.swap(0, 1);
            } else {
                packets.drain(..3);
            }
        });
        let (seen, found) = scanned(&files.capture, Some(&files.keys));
        assert_eq!(
            (seen.requests["/v1/take"], found.len(), seen.unsearched.is_empty()),
            (20, 1, true),
            "{:?}",
            seen.unsearched
        );
    }
}

#[test]
fn packets_that_are_cut_short_are_told() {
    let directory = tempfile::tempdir().unwrap();
    let files = captured(directory.path(), |stage| stage.plain(&http1(&take())).unwrap());
    let mut capture = fs::read(&files.capture).unwrap();
    // The first packet was a byte longer.
    capture[24 + 12] += 1;
    fs::write(&files.capture, &capture).unwrap();
    let (seen, _) = scanned(&files.capture, None);
    assert_eq!((seen.cut, seen.unsearched.reasons().count()), (1, 1));
    fs::write(&files.capture, &capture[..capture.len() - 3]).unwrap();
    let (seen, _) = scanned(&files.capture, None);
    assert!(has(&seen, "the capture is damaged or cut off"), "{:?}", seen.unsearched);
}

#[test]
fn what_is_no_tcp_is_searched_and_counted() {
    let directory = tempfile::tempdir().unwrap();
    let files = captured(directory.path(), |stage| stage.plain(&http1(&take())).unwrap());
    rewritten(&files, |packets| {
        let mut question = Vec::new();
        let builder = etherparse::PacketBuilder::ipv4([127, 0, 0, 1], [127, 0, 0, 3], 9).udp(5_000, 53);
        builder.write(&mut question, SECRET.as_bytes()).unwrap();
        packets.push(question);
        packets.push(vec![0; 3]);
    });
    let (seen, found) = scanned(&files.capture, None);
    assert_eq!(found, ["a packet"]);
    assert_eq!(seen.others.into_iter().collect::<Vec<_>>(), [("DNS".to_owned(), 1), ("not IP".to_owned(), 1)]);
}

#[test]
fn what_is_encrypted_in_other_ways_or_not_understood_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let files = captured(directory.path(), |stage| stage.plain(&http1(&take())).unwrap());
    rewritten(&files, |packets| {
        let mut quic = Vec::new();
        let builder = etherparse::PacketBuilder::ipv4([127, 0, 0, 1], [127, 0, 0, 3], 9).udp(5_000, 443);
        builder.write(&mut quic, &[0xC0; 40]).unwrap();
        packets.push(quic);
    });
    assert!(has(&scanned(&files.capture, None).0, "it is not opened here"));
    let mut capture = fs::read(&files.capture).unwrap();
    // Of wireless links.
    capture[20] = 127;
    fs::write(&files.capture, capture).unwrap();
    let (seen, _) = scanned(&files.capture, None);
    assert!(has(&seen, "their link is of a kind that is not understood here"));
    assert_eq!((seen.connections, seen.unknown_links), (0, seen.packets));
}
