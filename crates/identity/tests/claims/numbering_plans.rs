//! Numbers of every numbering plan there is, on their way to an attester.
//!
//! They are the examples in the library's own metadata. **What fails here**: a number that is refused, or that any
//! step makes another one of; fewer regions than there are.

use std::collections::BTreeSet;

use rlibphonenumber::PhoneNumberFormat::{International, National};
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber as Example, PhoneNumberType};
use sealpost_identity::PhoneNumber;
use sealpost_identity::attester::{AskCode, DisclosedNumber};
use sealpost_identity::consent::{Consent, Prompt};
use sealpost_wire::codec::V1;
use sealpost_wire::time::Day;
use sealpost_wire::{from_bytes, to_bytes};

const TYPES: [PhoneNumberType; 4] =
    [PhoneNumberType::FixedLine, PhoneNumberType::Mobile, PhoneNumberType::VoIP, PhoneNumberType::TollFree];

/// Of every region its letters and an example of each type that it has.
fn of_regions() -> impl Iterator<Item = (String, Example)> {
    PHONE_NUMBER_UTIL.get_supported_regions().flat_map(|region| {
        let example = move |of| PHONE_NUMBER_UTIL.get_example_number_for_type_and_region(region, of).ok();
        TYPES.into_iter().filter_map(example).map(move |number| (region.to_string(), number))
    })
}

/// The number as it arrives at an attester, out of the bytes of a request.
fn at_the_attester(number: &PhoneNumber) -> Option<String> {
    let consent = Consent::given(Prompt::standard(), Day(20_000));
    let request = to_bytes(&AskCode { version: V1, number: DisclosedNumber::of(number, &consent) });
    let number = from_bytes::<AskCode>(&request).ok()?.number.number()?;
    Some(number.expose_e164().to_owned())
}

/// Whether the number is the same however it is written, parsed from its one spelling once more, and at the attester.
#[track_caller]
fn assert_round_trip(written: &str, region: Option<&str>, e164: &str) {
    let read = PhoneNumber::parse(written, region.map(|letters| letters.parse().unwrap()));
    let arrived = read.as_ref().map(|number| (number.expose_e164(), at_the_attester(number)));
    assert_eq!(arrived, Ok((e164, Some(e164.to_owned()))), "{written}, {region:?}");
    assert_eq!(PhoneNumber::parse(e164, None), read, "{e164}");
}

#[test]
fn a_number_of_any_region_arrives_as_it_was_meant_however_it_was_written() {
    let mut tried = BTreeSet::new();
    let mut numbers = 0;
    for (region, example) in of_regions() {
        let e164 = example.format_as(rlibphonenumber::PhoneNumberFormat::E164);
        assert_round_trip(&example.format_as(International), None, &e164);
        assert_round_trip(&example.format_as(International), Some(&region), &e164);
        assert_round_trip(&example.format_as(National), Some(&region), &e164);
        numbers += 1;
        tried.insert(region);
    }
    assert!(tried.len() >= 240, "{} regions", tried.len());
    assert!(numbers >= 750, "{numbers} numbers");
}

#[test]
fn a_number_of_no_region_arrives_too() {
    let codes: BTreeSet<_> = PHONE_NUMBER_UTIL.get_supported_global_network_calling_codes().collect();
    assert!(codes.len() >= 9, "{codes:?}");
    for code in codes {
        let example = PHONE_NUMBER_UTIL.get_example_number_for_non_geo_entity(code).unwrap();
        let e164 = example.format_as(rlibphonenumber::PhoneNumberFormat::E164);
        assert_round_trip(&example.format_as(International), None, &e164);
        assert_round_trip(&example.format_as(International), Some("DE"), &e164);
    }
}
