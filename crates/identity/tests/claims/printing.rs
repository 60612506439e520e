//! Nothing that names a person, a device or a conversation, or opens something, shows more than its type when printed.

use sealpost_identity::consent::{Consent, Messaging, Prompt};
use sealpost_identity::numbers::Region;
use sealpost_identity::traces::{Traces, Value, patterns_of};
use sealpost_identity::tripwire::{OwnNumber, Tripwire};
use sealpost_identity::{
    AddressBook, CardRef, CardSeed, ContactCard, IdentityKeyPair, Imei, Imsi, PhoneNumber, SafetyNumber,
};
use sealpost_wire::StockKey;
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::time::Day;
use sealpost_wire::{RelayRef, Secret};

fn card(identity: &IdentityKeyPair) -> CardRef {
    let operator = OperatorSecret::from_seed(&[1; 32]).public();
    CardRef {
        relay: RelayRef { host: "relay.example.org:443".parse().unwrap(), operator },
        seed: CardSeed::new(Secret::new([2; 32])),
        stock: StockKey::new([3; 32]).hash(),
        identity: identity.public().hash(),
    }
}

#[test]
fn numbers_show_their_type_alone() {
    let number = PhoneNumber::parse("+49 1512 3456789", None).unwrap();
    let mut book = AddressBook::new();
    book.add("Alice", number.clone());
    assert_eq!(format!("{:?}", book.iter().next()), "Some(Contact(..))");
    assert_eq!(format!("{book:?}"), "AddressBook(..)");
    assert_eq!(format!("{number:#?}"), "PhoneNumber(..)");
    assert_eq!(format!("{:?}", Imei::parse("490154203237518")), "Ok(Imei(..))");
    assert_eq!(format!("{:?}", Imsi::parse("262011234567890")), "Ok(Imsi(..))");
    assert_eq!(format!("{:?}", OwnNumber::Phone(number)), "OwnNumber(..)");
    assert_eq!(format!("{:?}", "DE".parse::<Region>()), "Ok(Region(DE))");
}

#[test]
fn errors_do_not_repeat_what_was_wrong() {
    let errors = [
        format!("{:?}", PhoneNumber::parse("+1 202 555 34567", None).unwrap_err()),
        PhoneNumber::parse("+1 202 555 34567", None).unwrap_err().to_string(),
        Imei::parse("490154203237519").unwrap_err().to_string(),
        Imsi::parse("26201123456").unwrap_err().to_string(),
    ];
    for error in errors {
        assert!(!["3456", "4901", "2620"].iter().any(|digits| error.contains(digits)), "{error}");
    }
}

#[test]
fn keys_and_cards_show_their_type_alone() {
    let pair = IdentityKeyPair::generate(&mut rand::rng());
    let contact = ContactCard::new(card(&pair), *pair.public()).unwrap();
    assert_eq!(format!("{pair:?}"), "IdentityKeyPair(..)");
    assert_eq!(format!("{:#?}", pair.public()), "IdentityKey(..)");
    assert_eq!(format!("{:?}", pair.public().hash()), "IdentityHash(..)");
    assert_eq!(format!("{:?}", pair.public().person()), "PersonId(..)");
    assert_eq!(format!("{:?}", contact.card().seed), "CardSeed(..)");
    assert_eq!(format!("{:?}", contact.card()), "CardRef(..)");
    assert_eq!(format!("{:?}", contact.card().qr()), "Qr(..)");
    assert_eq!(format!("{contact:?}"), "ContactCard(..)");
    assert_eq!(format!("{:?}", SafetyNumber::of(pair.public(), pair.public())), "SafetyNumber(..)");
}

#[test]
fn what_searches_for_a_value_does_not_show_it() {
    let value = Value::text("a secret text");
    let traces = Traces::of([&value]).unwrap();
    let tripwire = Tripwire::new([OwnNumber::Imei(Imei::parse("490154203237518").unwrap())]);
    assert_eq!(format!("{value:?}"), "Value(..)");
    assert_eq!(format!("{:?}", patterns_of(&value)), "Patterns(..)");
    assert_eq!(format!("{:?}", patterns_of(&value).searched()[0]), "Pattern(..)");
    assert_eq!(format!("{traces:?} {:?}", traces.scanner()), "Traces(..) Scanner(..)");
    assert_eq!(format!("{tripwire:?} {:?}", tripwire.scanner()), "Tripwire(..) TripwireScanner(..)");
}

#[test]
fn a_consent_shows_what_was_agreed_to_which_names_nobody() {
    let consent = Consent::given(Prompt::<Messaging>::new("Turn it on?", 3).unwrap(), Day(20_600));
    let shown = format!("{consent:?}");
    assert!(shown.contains("Turn it on?") && shown.contains("20600"), "{shown}");
}
