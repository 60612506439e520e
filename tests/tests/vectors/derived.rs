//! `derived.json`: ids, keys and lengths that follow from something else.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use sealpost_crypto::open_at_rest;
use sealpost_identity::CardSeed;
use sealpost_wire::at_rest::{at_rest_aad, at_rest_key};
use sealpost_wire::{
    AtRest, CollectKey, DepositKey, Envelope, EnvelopeId, MailboxId, SealedItem, Secret, ShelfId, SizeClass, StockKey,
    TakeKey,
};
use serde::{Deserialize, Serialize};

use crate::file::{assert_golden, load};
use crate::groups::{of_bytes, to_array, to_bytes};

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Derived {
    mailboxes: Vec<Mailbox>,
    shelves: Vec<Shelf>,
    cards: Vec<Card>,
    at_rest: Vec<Resealed>,
    lengths: Lengths,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Mailbox {
    deposit_key: String,
    collect_key: String,
    collect_hash: String,
    mailbox_id: String,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Shelf {
    take_key: String,
    stock_key: String,
    stock_hash: String,
    shelf_id: String,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Card {
    seed: String,
    take_key: String,
    item_key: String,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Resealed {
    deposit_key: String,
    mailbox_id: String,
    envelope_id: String,
    key: String,
    associated_data: String,
    nonce: String,
    envelope: String,
    stored: String,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Lengths {
    envelopes: Vec<usize>,
    stored: Vec<usize>,
    item: usize,
}

fn mailbox(deposit: [u8; 32], collect: [u8; 32]) -> Mailbox {
    let hash = CollectKey::new(collect).hash();
    Mailbox {
        deposit_key: of_bytes(&deposit),
        collect_key: of_bytes(&collect),
        collect_hash: of_bytes(hash.as_bytes()),
        mailbox_id: of_bytes(MailboxId::of(&DepositKey::new(deposit), &hash).as_bytes()),
    }
}

fn shelf(take: [u8; 32], stock: [u8; 32]) -> Shelf {
    let hash = StockKey::new(stock).hash();
    Shelf {
        take_key: of_bytes(&take),
        stock_key: of_bytes(&stock),
        stock_hash: of_bytes(hash.as_bytes()),
        shelf_id: of_bytes(ShelfId::of(&TakeKey::new(take), &hash).as_bytes()),
    }
}

fn card(seed: [u8; 32]) -> Card {
    let keys = CardSeed::new(Secret::new(seed));
    Card {
        seed: of_bytes(&seed),
        take_key: of_bytes(keys.take_key().expose()),
        item_key: of_bytes(keys.item_key().expose()),
    }
}

fn resealed(deposit: [u8; 32], mailbox: [u8; 32], envelope: [u8; 16], nonce: [u8; 12]) -> Resealed {
    let plain = vec![0xe1; SizeClass::Small.envelope_length()];
    let key = at_rest_key(&DepositKey::new(deposit));
    let aad = at_rest_aad(&MailboxId::from_bytes(mailbox), &EnvelopeId::from_bytes(envelope));
    let cipher = Aes256Gcm::new(key.expose().into());
    let sealed = cipher.encrypt(&Nonce::from(nonce), Payload { msg: &plain, aad: &aad }).unwrap();
    Resealed {
        deposit_key: of_bytes(&deposit),
        mailbox_id: of_bytes(&mailbox),
        envelope_id: of_bytes(&envelope),
        key: of_bytes(key.expose()),
        associated_data: of_bytes(&aad),
        nonce: of_bytes(&nonce),
        envelope: of_bytes(&plain),
        stored: of_bytes(&[nonce.as_slice(), &sealed].concat()),
    }
}

fn made() -> Derived {
    let counted: [u8; 32] = std::array::from_fn(|n| n as u8);
    Derived {
        mailboxes: vec![mailbox([0; 32], [0; 32]), mailbox([0xd1; 32], [0xc1; 32]), mailbox(counted, [0xff; 32])],
        shelves: vec![shelf([0; 32], [0; 32]), shelf([0x71; 32], [0x51; 32]), shelf(counted, [0xff; 32])],
        cards: vec![card([0; 32]), card(counted)],
        at_rest: vec![resealed([0xd1; 32], [0x3b; 32], [0x1d; 16], [0x0e; 12])],
        lengths: Lengths {
            envelopes: SizeClass::ALL.map(SizeClass::envelope_length).to_vec(),
            stored: SizeClass::ALL.map(SizeClass::stored_length).to_vec(),
            item: SealedItem::LENGTH,
        },
    }
}

#[test]
fn the_file_of_derived_values_is_what_this_code_makes() {
    assert_golden("derived.json", &made());
}

#[test]
fn what_a_relay_stored_opens_to_what_was_deposited() {
    for vector in load::<Derived>("derived.json").at_rest {
        let stored = AtRest::new(to_bytes(&vector.stored).into()).unwrap();
        let (mailbox, id) = (to_array(&vector.mailbox_id), to_array(&vector.envelope_id));
        let open = |deposit, mailbox, id| {
            open_at_rest(
                &DepositKey::new(deposit),
                &MailboxId::from_bytes(mailbox),
                &EnvelopeId::from_bytes(id),
                &stored,
            )
        };
        let envelope = Envelope::new(to_bytes(&vector.envelope).into());
        assert_eq!(open(to_array(&vector.deposit_key), mailbox, id).ok(), envelope);
        assert!(open([0; 32], mailbox, id).is_err(), "another deposit key");
        assert!(open(to_array(&vector.deposit_key), [0; 32], id).is_err(), "another mailbox");
        assert!(open(to_array(&vector.deposit_key), mailbox, [0; 16]).is_err(), "another envelope");
    }
}
