//! `messages.json`: every message and frame, in its one encoding.

use serde::{Deserialize, Serialize};

use crate::file::{assert_golden, load};
use crate::kinds::{KINDS, recode_as};
use crate::{groups, samples};

/// A good vector.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Good {
    pub(crate) kind: String,
    pub(crate) shows: String,
    body: Vec<String>,
}

impl Good {
    pub(crate) fn body(&self) -> Vec<u8> {
        groups::to_bytes(&self.body.join(" "))
    }
}

/// All of them.
pub(crate) fn good() -> Vec<Good> {
    load("messages.json")
}

fn made() -> Vec<Good> {
    let vector = |sample: samples::Sample| Good {
        kind: sample.kind.into(),
        shows: sample.shows.into(),
        body: groups::of_map(&sample.body),
    };
    samples::all().into_iter().map(vector).collect()
}

#[test]
fn the_file_of_messages_is_what_this_code_makes() {
    assert_golden("messages.json", &made());
}

#[test]
fn every_good_message_decodes_and_encodes_to_the_same_bytes() {
    for vector in good() {
        assert_eq!(recode_as(&vector.kind, &vector.body()), Ok(vector.body()), "{}: {}", vector.kind, vector.shows);
    }
}

#[test]
fn every_kind_of_message_has_a_vector() {
    let vectors = good();
    for kind in KINDS {
        assert!(vectors.iter().any(|vector| vector.kind == kind.name), "{}", kind.name);
    }
}
