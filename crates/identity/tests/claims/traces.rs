//! A value is found in every encoding, wherever it stands and however the stream is cut; and nothing else is found.
//!
//! What is looked for here was written down by hand or by another tool, or is encoded by code that the search does not
//! use; the patterns' own bytes are never the yardstick.

use std::collections::HashSet;

use data_encoding::{BASE64, BASE64URL, HEXLOWER, HEXUPPER};
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use sealpost_identity::traces::{Digest, Encoding, Form, Found, Pattern, Traces, Value, patterns_of};
use sealpost_identity::{Imei, Imsi, PhoneNumber};

const IMEI: &str = "490154203237518";

fn imei() -> Value {
    (&Imei::parse(IMEI).unwrap()).into()
}

fn phone(text: &str) -> Value {
    (&PhoneNumber::parse(text, None).unwrap()).into()
}

fn encodings_in(value: &Value, bytes: &[u8]) -> HashSet<Encoding> {
    Traces::of([value]).unwrap().find(bytes).into_iter().map(|found| found.encoding).collect()
}

/// Finds the value in bytes given in hexadecimal, between others that belong to nothing.
fn found_in_hex(value: &Value, hex: &str, digest: Option<Digest>, form: Form) -> bool {
    let bytes = [&b"\xA5"[..], &HEXLOWER.decode(hex.as_bytes()).unwrap(), b"\x5A"].concat();
    encodings_in(value, &bytes).contains(&Encoding { digest, form })
}

#[test]
fn an_imei_is_found_in_every_form() {
    let forms = [
        (Form::Plain, "343930313534323033323337353138"),
        (Form::Plain, "3439303135343230333233373531"),
        (Form::Utf16Le, "340039003000310035003400320030003300320033003700350031003800"),
        (Form::Utf16Be, "003400390030003100350034003200300033003200330037003500310038"),
        (Form::HexLower, "333433393330333133353334333233303333333233333337333533313338"),
        (Form::Base64, "4e446b774d5455304d6a417a4d6a4d334e544534"),
        (Form::Bcd, "4901542032375180"),
        (Form::Bcd, "0490154203237518"),
        (Form::SwappedBcd, "94104502237315f8"),
        // Mobile identity with its type beside the first digit (3GPP TS 24.008, section 10.5.1.4).
        (Form::SwappedBcd, "4a09512430325781"),
        (Form::IntegerBe, "0001bdcaeb2b4c8e"),
        (Form::IntegerLe, "8e4c2bebcabd0100"),
    ];
    for (form, hex) in forms {
        assert!(found_in_hex(&imei(), hex, None, form), "{form:?} {hex}");
    }
}

#[test]
fn an_imei_is_found_by_its_unsalted_hashes() {
    let hashes = [
        (Digest::Md5, "0eaed834a1e6f4b2bf0c024e0013dea1"),
        (Digest::Sha1, "97a2105232ecc8756f03a029a839b97ded59207d"),
        (Digest::Sha256, "1f0b62b5f05f305e9251c88be27c9e519449e8e34a00a59ec0a534d85ecfaf08"),
        (Digest::Blake3, BLAKE3_OF_IMEI),
    ];
    for (digest, hex) in hashes {
        let bytes = HEXLOWER.decode(hex.as_bytes()).unwrap();
        assert!(found_in_hex(&imei(), hex, Some(digest), Form::Plain), "{digest:?}");
        let texts = [
            (Form::HexLower, hex.to_owned()),
            (Form::HexUpper, hex.to_ascii_uppercase()),
            (Form::Base64, BASE64.encode(&bytes)),
            (Form::Base64Url, BASE64URL.encode(&bytes)),
        ];
        for (form, text) in texts {
            let same = form == Form::Base64Url && text == BASE64.encode(&bytes);
            let expected = Encoding { digest: Some(digest), form: if same { Form::Base64 } else { form } };
            assert!(encodings_in(&imei(), text.as_bytes()).contains(&expected), "{expected}");
        }
    }
}

/// BLAKE3 of the 15 digits, by another implementation.
const BLAKE3_OF_IMEI: &str = "8f90a8c3068ce15466e08e743d52ad67edba4a341e7abe7c9d5d6812c7646271";

#[test]
fn every_spelling_of_a_number_is_found_by_its_hash() {
    let phone = phone("+49 1512 3456789");
    let hash_of = |text: &str| blake3::hash(text.as_bytes()).as_bytes().to_vec();
    let plain = Encoding { digest: Some(Digest::Blake3), form: Form::Plain };
    for spelling in ["+4915123456789", "4915123456789", "015123456789", "15123456789"] {
        assert!(encodings_in(&phone, &hash_of(spelling)).contains(&plain), "{spelling}");
    }
    let with_version = (&Imei::parse("4901542032375199").unwrap()).into();
    for spelling in ["4901542032375199", IMEI, "49015420323751"] {
        assert!(encodings_in(&with_version, &hash_of(spelling)).contains(&plain), "{spelling}");
    }
}

#[test]
fn a_phone_number_is_found_in_packed_digits() {
    let phone = phone("+49 1512 3456789");
    for (form, hex) in [
        (Form::Bcd, "4915123456789f"),
        (Form::Bcd, "49151234567890"),
        (Form::Bcd, "04915123456789"),
        // A telephone address in a short message (3GPP TS 23.040, section 9.1.2.5), after its length and type.
        (Form::SwappedBcd, "0d91945121436587f9"),
    ] {
        assert!(found_in_hex(&phone, hex, None, form), "{form:?} {hex}");
    }
}

#[test]
fn a_text_is_found_in_any_script() {
    let value = Value::text("привет, 世界 🙂");
    assert!(
        encodings_in(&value, "…привет, 世界 🙂…".as_bytes()).contains(&Encoding { digest: None, form: Form::Plain })
    );
    let wide: Vec<u8> = "привет, 世界 🙂".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(encodings_in(&value, &wide).contains(&Encoding { digest: None, form: Form::Utf16Le }));
}

#[test]
fn a_long_text_is_found_by_its_beginning() {
    let text: String = (0..1_000).map(|number| format!("{number} ")).collect();
    let value = Value::text(&text);
    assert!(!encodings_in(&value, &text.as_bytes()[..Pattern::MOST]).is_empty());
    assert!(patterns_of(&value).searched().iter().all(|pattern| pattern.bytes().len() <= Pattern::MOST));
}

#[test]
fn what_is_under_56_bits_is_counted_and_not_looked_for() {
    let short = Value::text("ok");
    let patterns = patterns_of(&short);
    let plain = Encoding { digest: None, form: Form::Plain };
    assert!(short.is_too_short());
    assert!(patterns.too_short().contains(&plain));
    assert!(encodings_in(&short, b"ok? ok! ok.").is_empty());
    assert!(patterns.searched().iter().all(|pattern| pattern.bytes().len() >= Pattern::LEAST));
    assert_eq!(Traces::of([&short, &short]).unwrap().too_short(), 2 * patterns.too_short().len());

    let phone = phone("+47 23 45 67 89");
    assert!(!phone.is_too_short());
    assert!(patterns_of(&phone).too_short().contains(&Encoding { digest: None, form: Form::Bcd }));
    assert!(!Value::text("1234567").is_too_short());
}

#[test]
fn nothing_has_no_traces() {
    let patterns = patterns_of(&Value::text(""));
    assert!(patterns.searched().is_empty() && Value::text("").is_too_short());
    assert!(encodings_in(&Value::text(""), blake3::hash(b"").as_bytes()).is_empty());
}

#[test]
fn random_bytes_hold_no_value() {
    let numbers = (0..200).map(|number| phone(&format!("+49 1512 {:07}", number * 4_999)));
    let values: Vec<_> = numbers.chain([imei(), (&Imsi::parse("262011234567890").unwrap()).into()]).collect();
    let mut bytes = vec![0; 1 << 20];
    StdRng::seed_from_u64(1).fill_bytes(&mut bytes);
    assert_eq!(Traces::of(&values).unwrap().find(&bytes), []);
}

#[test]
fn each_value_is_found_under_its_own_place_and_offset() {
    let values = [Value::text("the first of them"), imei(), Value::bytes(b"\x01\x02\x03\x04\x05\x06\x07\x08")];
    let traces = Traces::of(&values).unwrap();
    let found = traces.find(b"....\x01\x02\x03\x04\x05\x06\x07\x08the first of them");
    let plain = Encoding { digest: None, form: Form::Plain };
    let expected = [Found { value: 2, encoding: plain, at: 4 }, Found { value: 0, encoding: plain, at: 12 }];
    assert_eq!(found, expected);
}

/// A number and one of the ways in which its digits are written. All are long enough for every form.
fn any_number() -> impl Strategy<Value = (Value, String)> {
    let imsi = "[1-9][0-9]{14}"
        .prop_filter_map("a placeholder", |digits| Imsi::parse(&digits).ok().map(|imsi| (Value::from(&imsi), digits)));
    let imei = "[1-9][0-9]{13}"
        .prop_filter_map("a placeholder", |digits| Imei::parse(&digits).ok().map(|imei| (Value::from(&imei), digits)));
    let german = ("1512[0-9]{7}", 0..4_usize).prop_map(|(digits, spelling)| {
        let written = [format!("+49{digits}"), format!("49{digits}"), format!("0{digits}"), digits.clone()];
        (phone(&written[0]), written[spelling].clone())
    });
    prop_oneof![imsi, imei, german]
}

fn any_form() -> impl Strategy<Value = Form> {
    prop::sample::select(vec![
        Form::Plain,
        Form::Utf16Le,
        Form::Utf16Be,
        Form::HexLower,
        Form::HexUpper,
        Form::Base64,
        Form::Base64Url,
        Form::Bcd,
        Form::SwappedBcd,
        Form::IntegerLe,
        Form::IntegerBe,
    ])
}

fn any_digest() -> impl Strategy<Value = Digest> {
    prop::sample::select(Digest::ALL.to_vec())
}

/// `text` as code that the search does not use writes it; `None` for what nobody writes, such as digits of a hash, or what
/// is under 56 bits. Base64 is of more than the text: what stands before and after it is encoded along.
fn written(text: &str, digest: Option<Digest>, form: Form, before: &[u8], after: &[u8]) -> Option<Vec<u8>> {
    use sha2::Digest as _;
    let bytes = match digest {
        None => text.as_bytes().to_vec(),
        Some(Digest::Md5) => md5::Md5::digest(text).to_vec(),
        Some(Digest::Sha1) => sha1::Sha1::digest(text).to_vec(),
        Some(Digest::Sha256) => sha2::Sha256::digest(text).to_vec(),
        Some(Digest::Blake3) => blake3::hash(text.as_bytes()).as_bytes().to_vec(),
    };
    let whole = [before, &bytes, after].concat();
    let digits = || text.strip_prefix('+').unwrap_or(text);
    match form {
        Form::Plain => Some(bytes),
        Form::HexLower => Some(bytes.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()),
        Form::HexUpper => Some(bytes.iter().flat_map(|byte| format!("{byte:02X}").into_bytes()).collect()),
        Form::Base64 => Some(BASE64.encode(&whole).into_bytes()),
        Form::Base64Url => Some(BASE64URL.encode(&whole).into_bytes()),
        _ if digest.is_some() => None,
        Form::Utf16Le => Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        Form::Utf16Be => Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        Form::IntegerLe => Some(digits().parse::<u64>().unwrap().to_le_bytes().to_vec()),
        Form::IntegerBe => Some(digits().parse::<u64>().unwrap().to_be_bytes().to_vec()),
        Form::Bcd | Form::SwappedBcd => packed(digits(), form == Form::SwappedBcd),
    }
}

/// Two digits to a byte, and the usual filler behind an odd one.
fn packed(digits: &str, swapped: bool) -> Option<Vec<u8>> {
    let mut nibbles: Vec<_> = digits.bytes().map(|digit| digit - b'0').collect();
    nibbles.extend((nibbles.len() % 2 == 1).then_some(0xF));
    let pack = |pair: &[u8]| if swapped { pair[1] << 4 | pair[0] } else { pair[0] << 4 | pair[1] };
    (nibbles.len() / 2 >= Pattern::LEAST).then(|| nibbles.chunks_exact(2).map(pack).collect())
}

proptest! {
    #[test]
    fn base64_is_found_in_every_alignment_and_both_alphabets(before: Vec<u8>, after: Vec<u8>, value in prop::array::uniform16(0..255_u8)) {
        let bytes = [&before[..], &value, &after].concat();
        let value = Value::bytes(&value);
        let found = |text: String, form| {
            let encodings = encodings_in(&value, text.as_bytes());
            encodings.contains(&Encoding { digest: None, form }) || encodings.contains(&Encoding { digest: None, form: Form::Base64 })
        };
        prop_assert!(found(BASE64.encode(&bytes), Form::Base64));
        prop_assert!(found(BASE64URL.encode(&bytes), Form::Base64Url));
    }

    #[test]
    fn hexadecimal_is_found_in_both_cases(before: Vec<u8>, value in prop::array::uniform7(0xA0..=0xFF_u8)) {
        let bytes = [&before[..], &value].concat();
        let value = Value::bytes(&value);
        let has = |text: String, form| encodings_in(&value, text.as_bytes()).contains(&Encoding { digest: None, form });
        prop_assert!(has(HEXLOWER.encode(&bytes), Form::HexLower));
        prop_assert!(has(HEXUPPER.encode(&bytes), Form::HexUpper));
    }

    #[test]
    fn fifteen_digits_are_found_in_bcd_whatever_the_half_bytes_beside_them(
        digits in "[1-9][0-9]{14}", before in prop::collection::vec(0..16_u8, 0..6), after in 0..16_u8, swapped: bool,
    ) {
        prop_assume!(Imsi::parse(&digits).is_ok());
        let nibbles = before.iter().copied().chain(digits.bytes().map(|digit| digit - b'0')).chain([after, 0]);
        let nibbles: Vec<u8> = nibbles.collect();
        let pack = |pair: &[u8]| if swapped { pair[1] << 4 | pair[0] } else { pair[0] << 4 | pair[1] };
        let bytes: Vec<u8> = nibbles.chunks_exact(2).map(pack).collect();
        let value = (&Imsi::parse(&digits).unwrap()).into();
        let form = if swapped { Form::SwappedBcd } else { Form::Bcd };
        let expected = Encoding { digest: None, form };
        prop_assert!(encodings_in(&value, &bytes).contains(&expected));
    }

    #[test]
    fn however_a_stream_is_cut_the_same_is_found(cuts in prop::collection::vec(0..200_usize, 0..8)) {
        let traces = Traces::of(&[imei(), phone("+49 1512 3456789")]).unwrap();
        let stream = format!("{IMEI}..+4915123456789..{}..", BASE64.encode(format!("xx{IMEI}").as_bytes()));
        let whole = traces.scanner().feed(stream.as_bytes());
        prop_assert!(whole.len() > 5);
        let mut scanner = traces.scanner();
        let (mut found, mut rest) = (Vec::new(), stream.as_bytes());
        for cut in cuts {
            let (head, tail) = rest.split_at(cut.min(rest.len()));
            found.extend(scanner.feed(head));
            rest = tail;
        }
        found.extend(scanner.feed(rest));
        prop_assert_eq!(found, whole);
    }
}

proptest! {
    // Each case makes a search of its own ready.
    #![proptest_config(ProptestConfig { cases: 64, max_shrink_iters: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_number_is_found_in_every_form_at_every_place_however_the_stream_is_cut(
        number in any_number(), form in any_form(), digest in prop::option::of(any_digest()),
        before: Vec<u8>, after: Vec<u8>, piece in 1..40_usize,
    ) {
        let (value, spelling) = number;
        let Some(written) = written(&spelling, digest, form, &before, &after) else { return Ok(()) };
        let stream = [&before[..], &written, &after].concat();
        let mut scanner = Traces::of([&value]).unwrap().scanner();
        let found: Vec<_> = stream.chunks(piece).flat_map(|chunk| scanner.feed(chunk)).collect();
        let within = |found: &Found| {
            let at = usize::try_from(found.at).unwrap();
            (before.len()..before.len() + written.len()).contains(&at)
        };
        prop_assert!(found.iter().any(within), "{form:?} of {digest:?}");
    }
}
