//! `attester.json`: what goes to an attester, good and bad.

use serde::{Deserialize, Serialize};

use crate::file::{assert_golden, load};
use crate::kinds::ATTESTERS;
use crate::messages::Good;
use crate::refused::{Bad, assert_complete, damage};
use crate::samples;

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Vectors {
    good: Vec<Good>,
    refused: Vec<Bad>,
}

/// Those that are read.
pub(crate) fn good() -> Vec<Good> {
    load::<Vectors>("attester.json").good
}

/// Those that are not.
pub(crate) fn bad() -> Vec<Bad> {
    load::<Vectors>("attester.json").refused
}

#[test]
fn the_file_of_an_attesters_messages_is_what_this_code_makes() {
    let good = samples::attester::all().into_iter().map(Good::of).collect();
    assert_golden("attester.json", &Vectors { good, refused: damage::of_attesters() });
}

#[test]
fn every_good_message_to_an_attester_decodes_and_encodes_to_the_same_bytes() {
    good().iter().for_each(Good::check);
}

#[test]
fn every_bad_message_to_an_attester_gives_the_error_it_names() {
    bad().iter().for_each(Bad::check);
}

#[test]
fn every_kind_of_message_to_an_attester_has_vectors_good_and_bad() {
    let vectors = good();
    for kind in ATTESTERS {
        assert!(vectors.iter().any(|vector| vector.kind == kind.name), "{}", kind.name);
    }
    assert_complete(ATTESTERS, &bad());
}
