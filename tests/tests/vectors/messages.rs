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
    pub(crate) fn of(sample: samples::Sample) -> Self {
        Self { kind: sample.kind.into(), shows: sample.shows.into(), body: groups::of_map(&sample.body) }
    }

    /// Fails unless the message decodes, and encodes to the same bytes.
    #[track_caller]
    pub(crate) fn check(&self) {
        assert_eq!(recode_as(&self.kind, &self.body()), Ok(self.body()), "{}: {}", self.kind, self.shows);
    }

    pub(crate) fn body(&self) -> Vec<u8> {
        groups::to_bytes(&self.body.join(" "))
    }
}

/// All of them.
pub(crate) fn good() -> Vec<Good> {
    load("messages.json")
}

fn made() -> Vec<Good> {
    samples::all().into_iter().map(Good::of).collect()
}

#[test]
fn the_file_of_messages_is_what_this_code_makes() {
    assert_golden("messages.json", &made());
}

#[test]
fn every_good_message_decodes_and_encodes_to_the_same_bytes() {
    good().iter().for_each(Good::check);
}

#[test]
fn every_kind_of_message_has_a_vector() {
    let vectors = good();
    for kind in KINDS {
        assert!(vectors.iter().any(|vector| vector.kind == kind.name), "{}", kind.name);
    }
}
