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
