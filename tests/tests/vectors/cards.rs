//! `cards.json`: cards as links, good ones and what is none.

use data_encoding::BASE32_NOPAD;
use sealpost_identity::card::LinkError;
use sealpost_identity::{CardRef, CardSeed, IdentityKey, IdentityKeyPair, SafetyNumber};
use sealpost_wire::{RelayRef, Secret, StockHash};
use serde::{Deserialize, Serialize};

use crate::file::{assert_golden, load};
use crate::groups;
use crate::samples::parts::{operator, stock_hash};

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Cards {
    identities: Vec<Identity>,
    /// Of the two identities, as both of them see it.
    safety_number: String,
    good: Vec<Good>,
    bad: Vec<Bad>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Identity {
    secret: String,
    key: String,
    hash: String,
    person: String,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Good {
    host: String,
    operator: String,
    seed: String,
    stock_hash: String,
    identity_hash: String,
    bytes: String,
    link: String,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Bad {
    because: String,
    error: String,
    link: String,
}

fn identity(secret: [u8; 32]) -> Identity {
    let key = *IdentityKeyPair::from_secret(Secret::new(secret)).public();
    Identity {
        secret: groups::of_bytes(&secret),
        key: groups::of_bytes(key.as_bytes()),
        hash: groups::of_bytes(key.hash().as_bytes()),
        person: groups::of_bytes(key.person().as_bytes()),
    }
}

fn card(host: &str) -> CardRef {
    CardRef {
        relay: RelayRef { host: host.parse().unwrap(), operator: operator().public() },
        seed: CardSeed::new(Secret::new([0x5e; 32])),
        stock: stock_hash(),
        identity: IdentityKeyPair::from_secret(Secret::new([0x1d; 32])).public().hash(),
    }
}

fn good(host: &str) -> Good {
    let card = card(host);
    Good {
        host: host.into(),
        operator: groups::of_bytes(card.relay.operator.as_bytes()),
        seed: groups::of_bytes(card.seed.secret().expose()),
        stock_hash: groups::of_bytes(card.stock.as_bytes()),
        identity_hash: groups::of_bytes(card.identity.as_bytes()),
        bytes: groups::of_bytes(&card.to_bytes()),
        link: card.to_link(),
    }
}

/// A link of the card's bytes after `change`, with a checksum that fits.
fn rewritten(change: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut bytes = card("relay.example.org:443").to_bytes().to_vec();
    bytes.truncate(bytes.len() - 4);
    change(&mut bytes);
    let sum = blake3::derive_key("sealpost v1 card checksum", &bytes);
    bytes.extend_from_slice(&sum[..4]);
    format!("{}{}", CardRef::SCHEME, BASE32_NOPAD.encode(&bytes).to_ascii_lowercase())
}

fn made() -> Cards {
    let link = card("relay.example.org:443").to_link();
    let bad = [
        ("not a link", "scheme", "https://relay.example.org/".to_owned()),
        ("a letter that base32 does not have", "base32", link.replace(':', ":1")),
        ("cut off", "mistyped", link[..link.len() - 8].to_owned()),
        ("a changed letter", "mistyped", changed_letter(&link)),
        ("nothing behind the scheme", "mistyped", CardRef::SCHEME.to_owned()),
        ("a later version", "version", rewritten(|bytes| bytes[0] = 2)),
        ("a host that is too long for the card", "malformed", rewritten(|bytes| bytes[1] = 0xff)),
        ("a host without a port", "malformed", rewritten(|bytes| bytes[19] = b'x')),
        ("a host in upper case", "malformed", rewritten(|bytes| bytes[2] = b'R')),
        ("a weak operator key", "malformed", rewritten(|bytes| bytes[23..55].fill(0))),
        ("a byte more, with a good checksum", "malformed", rewritten(|bytes| bytes.push(0))),
    ];
    let bad = bad.map(|(because, error, link)| Bad { because: because.into(), error: error.into(), link });
    let [first, second] =
        [[0; 32], [0x1d; 32]].map(|secret| *IdentityKeyPair::from_secret(Secret::new(secret)).public());
    Cards {
        identities: vec![identity([0; 32]), identity([0x1d; 32])],
        safety_number: SafetyNumber::of(&first, &second).to_string(),
        good: vec![good("relay.example.org:443"), good("127.0.0.1:8443"), good("[::1]:8443")],
        bad: bad.into(),
    }
}

fn changed_letter(link: &str) -> String {
    let at = link.len() - 20;
    let other = if link.as_bytes()[at] == b'a' { "b" } else { "a" };
    format!("{}{other}{}", &link[..at], &link[at + 1..])
}

fn error_name(error: LinkError) -> &'static str {
    use sealpost_identity::card::CardError;
    match error {
        LinkError::Scheme => "scheme",
        LinkError::Base32 => "base32",
        LinkError::Card(CardError::Mistyped) => "mistyped",
        LinkError::Card(CardError::Version(_)) => "version",
        LinkError::Card(CardError::Malformed) => "malformed",
    }
}

#[test]
fn the_file_of_cards_is_what_this_code_makes() {
    assert_golden("cards.json", &made());
}

#[test]
fn every_link_reads_as_the_card_it_was_made_of() {
    for vector in load::<Cards>("cards.json").good {
        let card: CardRef = vector.link.parse().unwrap();
        assert_eq!(card.relay.host.as_str(), vector.host);
        assert_eq!(groups::of_bytes(card.seed.secret().expose()), vector.seed);
        assert_eq!(card.stock, StockHash::from_bytes(groups::to_array(&vector.stock_hash)));
        assert_eq!(groups::of_bytes(card.identity.as_bytes()), vector.identity_hash);
        assert_eq!(card.to_link(), vector.link);
        assert_eq!(vector.link.to_ascii_uppercase().parse(), Ok(card));
    }
}

#[test]
fn every_bad_link_gives_the_error_it_names() {
    for vector in load::<Cards>("cards.json").bad {
        let error = vector.link.parse::<CardRef>().map_err(error_name);
        assert_eq!(error, Err(vector.error.as_str()), "{}", vector.because);
    }
}

#[test]
fn every_identity_key_reads_and_hashes_as_written() {
    for vector in load::<Cards>("cards.json").identities {
        let key = IdentityKey::from_bytes(&groups::to_bytes(&vector.key)).unwrap();
        assert_eq!(groups::of_bytes(key.hash().as_bytes()), vector.hash);
        assert_eq!(groups::of_bytes(key.person().as_bytes()), vector.person);
    }
}

#[test]
fn both_sides_see_the_safety_number() {
    let Cards { identities, safety_number, .. } = load("cards.json");
    let keys: Vec<_> =
        identities.iter().map(|identity| IdentityKey::from_bytes(&groups::to_bytes(&identity.key)).unwrap()).collect();
    assert_eq!(SafetyNumber::of(&keys[0], &keys[1]).to_string(), safety_number);
    assert_eq!(SafetyNumber::of(&keys[1], &keys[0]).to_string(), safety_number);
}
