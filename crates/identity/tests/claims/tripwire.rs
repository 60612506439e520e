//! Bytes in which an own number appears do not pass.

use data_encoding::{BASE64, HEXUPPER};
use proptest::prelude::*;
use sealpost_identity::traces::{Digest, Encoding, Form};
use sealpost_identity::tripwire::{NumberKind, OwnNumber, Tripped, Tripwire};
use sealpost_identity::{Imei, Imsi, PhoneNumber};

const IMEI: &str = "490154203237518";
const IMSI: &str = "262011234567890";

fn tripwire() -> Tripwire {
    Tripwire::new([
        OwnNumber::Phone(PhoneNumber::parse("+49 1512 3456789", None).unwrap()),
        OwnNumber::Imei(Imei::parse(IMEI).unwrap()),
        OwnNumber::Imsi(Imsi::parse(IMSI).unwrap()),
    ])
}

fn tripped(kind: NumberKind, digest: Option<Digest>, form: Form) -> Result<(), Tripped> {
    Err(Tripped { kind, encoding: Encoding { digest, form } })
}

#[test]
fn each_kind_of_number_trips_under_its_own_name() {
    let check = |text: &str| tripwire().check(text.as_bytes());
    assert_eq!(check("id=490154203237518"), tripped(NumberKind::Imei, None, Form::Plain));
    assert_eq!(check("id=262011234567890"), tripped(NumberKind::Imsi, None, Form::Plain));
    assert_eq!(check("from=%2B4915123456789"), tripped(NumberKind::Phone, None, Form::Plain));
    assert_eq!(check("from=015123456789"), tripped(NumberKind::Phone, None, Form::Plain));
}

#[test]
fn a_number_in_disguise_trips_too() {
    let check = |text: String| tripwire().check(text.as_bytes());
    assert_eq!(check(HEXUPPER.encode(IMSI.as_bytes())), tripped(NumberKind::Imsi, None, Form::HexLower));
    assert_eq!(
        check(BASE64.encode(format!("{{\"imei\":\"{IMEI}\"}}").as_bytes())),
        tripped(NumberKind::Imei, None, Form::Base64)
    );
    let hash = blake3::hash(b"+4915123456789").to_hex().to_string();
    assert_eq!(check(hash), tripped(NumberKind::Phone, Some(Digest::Blake3), Form::HexLower));
}

#[test]
fn what_holds_no_number_passes() {
    assert_eq!(tripwire().check(b"POST /v1/deposit HTTP/1.1\r\nhost: relay.example.org:443\r\n\r\n"), Ok(()));
    assert_eq!(tripwire().check(b"490154203237618 262011234567891 015123456780"), Ok(()));
    assert_eq!(tripwire().check(&[0; 100_000]), Ok(()));
    assert_eq!(tripwire().check(&[0xFF; 100_000]), Ok(()));
    assert_eq!(Tripwire::default().check(IMEI.as_bytes()), Ok(()));
}

#[test]
fn a_stream_that_tripped_stays_refused() {
    let mut scanner = tripwire().scanner();
    assert_eq!(scanner.check(b"490154203"), Ok(()));
    let refused = tripped(NumberKind::Imei, None, Form::Plain);
    assert_eq!(scanner.check(b"237518"), refused);
    assert_eq!(scanner.check(b"nothing of the kind"), refused);
}

fn excepting(number: &str) -> Tripwire {
    tripwire().except(&PhoneNumber::parse(number, None).unwrap())
}

#[test]
fn an_excepted_number_passes_in_its_one_spelling_however_it_is_cut() {
    let request = b"\xA1\x01\x6E+4915123456789\x02";
    assert!(tripwire().check(request).is_err());
    for piece in 1..request.len() {
        let mut scanner = excepting("+4915123456789").scanner();
        assert!(request.chunks(piece).all(|chunk| scanner.check(chunk).is_ok()), "{piece}");
    }
    assert_eq!(excepting("+4915123456789").check(b"+4915123456789+4915123456789"), Ok(()));
}

#[test]
fn an_excepted_number_trips_in_any_other_spelling() {
    let check = |text: &str| excepting("+4915123456789").check(text.as_bytes());
    let plain = tripped(NumberKind::Phone, None, Form::Plain);
    for other in ["004915123456789", "4915123456789", "015123456789", "15123456789", "+4915123456789 4915123456789"] {
        assert_eq!(check(other), plain, "{other}");
    }
    let base64 = BASE64.encode(b"+4915123456789");
    assert_eq!(check(&base64), tripped(NumberKind::Phone, None, Form::Base64));
    let hash = blake3::hash(b"+4915123456789").to_hex();
    assert_eq!(check(&hash), tripped(NumberKind::Phone, Some(Digest::Blake3), Form::HexLower));
}

#[test]
fn beside_an_excepted_number_everything_else_trips() {
    let tripwire = excepting("+4915123456789");
    let with = |other: &str| tripwire.check(format!("+4915123456789 {other}").as_bytes());
    assert_eq!(with(IMEI), tripped(NumberKind::Imei, None, Form::Plain));
    assert_eq!(with(IMSI), tripped(NumberKind::Imsi, None, Form::Plain));
    let other = excepting("+12025550123").check(b"+12025550123 +4915123456789");
    assert_eq!(other, tripped(NumberKind::Phone, None, Form::Plain));
    // An IMSI that is written like the excepted number is still an IMSI.
    let number = PhoneNumber::parse("+49 30 12345678901", None).unwrap();
    let imsi = Imsi::parse(&number.expose_e164()[1..]).unwrap();
    let tripwire = Tripwire::new([OwnNumber::Imsi(imsi)]).except(&number);
    assert_eq!(tripwire.check(number.expose_e164().as_bytes()), tripped(NumberKind::Imsi, None, Form::Plain));
}

#[test]
fn the_error_names_the_kind_and_not_the_number() {
    let error = tripwire().check(IMEI.as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), "the bytes were not sent: they hold this device's IMEI, plain");
    assert!(!format!("{error:?}").contains("4901"));
}

#[test]
fn encodings_that_are_too_short_are_counted() {
    assert_eq!(Tripwire::default().too_short(), 0);
    assert!(tripwire().too_short() > 0);
}

proptest! {
    #[test]
    fn a_number_trips_wherever_the_stream_is_cut(before: Vec<u8>, after: Vec<u8>, piece in 1..40_usize) {
        let stream = [&before[..], IMSI.as_bytes(), &after].concat();
        let mut scanner = tripwire().scanner();
        let last = stream.chunks(piece).map(|chunk| scanner.check(chunk)).last();
        prop_assert_eq!(last, Some(tripped(NumberKind::Imsi, None, Form::Plain)));
    }

    #[test]
    fn random_bytes_pass(bytes in prop::collection::vec(any::<u8>(), 0..4_096)) {
        prop_assert_eq!(tripwire().check(&bytes), Ok(()));
    }
}
