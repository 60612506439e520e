//! Cards as links and bytes: one card has one form, and what is not exactly it is refused with the reason.

use data_encoding::{BASE32_NOPAD, HEXLOWER};
use proptest::prelude::*;
use sealpost_identity::card::{CardError, CardMismatch, LinkError};
use sealpost_identity::{CardRef, CardSeed, ContactCard, IdentityHash, IdentityKeyPair};
use sealpost_wire::codec::exact;
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::{RelayRef, Secret, ShelfId, StockHash, StockKey, to_bytes};

fn card() -> CardRef {
    let operator = OperatorSecret::from_seed(&[1; 32]).public();
    CardRef {
        relay: RelayRef { host: "relay.example.org:443".parse().unwrap(), operator },
        seed: CardSeed::new(Secret::new([2; 32])),
        stock: StockHash::from_bytes([3; 32]),
        identity: IdentityHash::from_bytes([4; 32]),
    }
}

/// A card's bytes with others in their middle, and the checksum that belongs to them.
fn forged(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = card().to_bytes().to_vec();
    bytes.truncate(bytes.len() - 4);
    change(&mut bytes);
    let sum = blake3::derive_key("sealpost v1 card checksum", &bytes);
    bytes.extend_from_slice(&sum[..4]);
    bytes
}

#[test]
fn the_binary_form_is_as_documented() {
    let golden = [
        "01",                                                               // version
        "15",                                                               // host length
        "72656c61792e6578616d706c652e6f72673a343433",                       // host
        "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c", // operator
        "0202020202020202020202020202020202020202020202020202020202020202", // seed
        "0303030303030303030303030303030303030303030303030303030303030303", // stock hash
        "0404040404040404040404040404040404040404040404040404040404040404", // identity hash
        "06e3ccb8",                                                         // checksum
    ];
    assert_eq!(HEXLOWER.encode(&card().to_bytes()), golden.concat());
}

#[test]
fn a_link_is_read_in_either_case_and_with_white_space_anywhere() {
    let link = card().to_link();
    assert!(link.starts_with("sealpost:ae"), "{link}");
    let wrapped: String = link.chars().flat_map(|letter| [letter, '\n']).collect();
    for text in [&link, &link.to_ascii_uppercase(), &format!("  {link}\r\n"), &wrapped] {
        assert_eq!(text.parse(), Ok(card()), "{text}");
    }
}

#[test]
fn a_mistyped_card_is_told_from_a_foreign_one() {
    let link = card().to_link();
    let read = |text: &str| text.parse::<CardRef>().unwrap_err();
    assert_eq!(read(""), LinkError::Scheme);
    assert_eq!(read("https://example.org"), LinkError::Scheme);
    assert_eq!(read(&link.replace("sealpost:", "")), LinkError::Scheme);
    assert_eq!(read(&link.replacen('a', "0", 2)), LinkError::Scheme);
    assert_eq!(read(&link.replace("sealpost:a", "sealpost:1")), LinkError::Base32);
    assert_eq!(read(&format!("sealpost:{}", "a".repeat(5_000))), LinkError::Base32);
    assert_eq!(read("sealpost:"), LinkError::Card(CardError::Mistyped));
    assert_eq!(read(&link.replace("sealpost:ae", "sealpost:ea")), LinkError::Card(CardError::Mistyped));
    let version_2 = BASE32_NOPAD.encode(&forged(|bytes| bytes[0] = 2));
    assert_eq!(read(&format!("sealpost:{version_2}")), LinkError::Card(CardError::Version(2)));
}

#[test]
fn a_whole_card_with_wrong_fields_is_malformed() {
    let malformed = |change: fn(&mut Vec<u8>)| CardRef::from_bytes(&forged(change)) == Err(CardError::Malformed);
    assert!(malformed(|bytes| bytes[1] = 0), "no host");
    assert!(malformed(|bytes| bytes[1] = 255), "a host longer than the card");
    assert!(malformed(|bytes| bytes[2] = b'R'), "a host in another spelling");
    assert!(malformed(|bytes| bytes[2] = 0xFF), "a host that is no text");
    assert!(malformed(|bytes| bytes[23..55].fill(0)), "a weak operator key");
    assert!(malformed(|bytes| bytes.push(0)), "bytes left over");
    assert!(malformed(|bytes| bytes.truncate(100)), "fields missing");
    assert!(malformed(|bytes| bytes.clear()), "nothing at all");
}

#[test]
fn shelf_and_keys_come_from_the_seed() {
    let card = card();
    assert_eq!(card.shelf(), ShelfId::of(&card.seed.take_key(), &card.stock));
    assert_eq!(card.seed.take_key().expose(), &blake3::derive_key("sealpost v1 take", &[2; 32]));
    assert_eq!(card.seed.item_key().expose(), &blake3::derive_key("sealpost v1 item", &[2; 32]));
}

#[test]
fn a_contact_card_holds_the_key_that_the_card_names() {
    let [alice, mallory] = [1, 2].map(|seed| *IdentityKeyPair::from_secret(Secret::new([seed; 32])).public());
    let card = CardRef { identity: alice.hash(), ..card() };
    assert_eq!(ContactCard::new(card.clone(), mallory), Err(CardMismatch));
    let contact = ContactCard::new(card, alice).unwrap();
    assert_eq!((contact.identity(), contact.person()), (&alice, alice.person()));
}

prop_compose! {
    fn any_card()(
        operator: [u8; 32], seed: [u8; 32], stock: [u8; 32], identity: [u8; 32],
        host in "[a-z][a-z0-9]{0,30}(\\.[a-z]{2,20})?:[1-9][0-9]{0,3}",
    ) -> CardRef {
        CardRef {
            relay: RelayRef { host: host.parse().unwrap(), operator: OperatorSecret::from_seed(&operator).public() },
            seed: CardSeed::new(Secret::new(seed)),
            stock: StockKey::new(stock).hash(),
            identity: IdentityHash::from_bytes(identity),
        }
    }
}

proptest! {
    #[test]
    fn every_card_is_read_back(card in any_card()) {
        prop_assert_eq!(CardRef::from_bytes(&card.to_bytes()), Ok(card.clone()));
        prop_assert_eq!(card.to_link().parse(), Ok(card.clone()));
        prop_assert_eq!(exact(&to_bytes(&card)), Ok(card));
    }

    #[test]
    fn every_changed_byte_is_noticed(card in any_card(), place: prop::sample::Index, change in 1..=255_u8) {
        let mut bytes = card.to_bytes();
        *place.get_mut(&mut bytes) ^= change;
        prop_assert_eq!(CardRef::from_bytes(&bytes), Err(CardError::Mistyped));
    }

    #[test]
    fn every_cut_is_noticed(card in any_card(), end: prop::sample::Index) {
        let bytes = card.to_bytes();
        prop_assert_eq!(CardRef::from_bytes(&bytes[..end.index(bytes.len())]), Err(CardError::Mistyped));
    }

    #[test]
    fn what_is_read_from_any_bytes_has_those_bytes(fields: Vec<u8>) {
        let bytes = forged(|bytes| bytes.splice(55.., fields).for_each(drop));
        if let Ok(card) = CardRef::from_bytes(&bytes) {
            prop_assert_eq!(&*card.to_bytes(), &bytes);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(sealpost:)?\\PC*") {
        prop_assert!(text.parse::<CardRef>().is_err());
    }
}
