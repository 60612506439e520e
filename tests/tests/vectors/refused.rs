//! `refused.json`: what must not be read, and the error that says why.

pub(crate) mod damage;

use sealpost_wire::codec::DecodeError;
use serde::{Deserialize, Serialize};

use crate::file::{assert_golden, load};
use crate::groups;
use crate::kinds::{KINDS, Kind, recode_as};

/// A bad vector.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bad {
    pub(crate) kind: String,
    pub(crate) because: String,
    pub(crate) error: String,
    body: Vec<String>,
}

impl Bad {
    fn new(kind: &str, because: &str, error: DecodeError, body: &[u8]) -> Self {
        let body = vec![groups::of_bytes(body)];
        Self { kind: kind.into(), because: because.into(), error: error_name(error).into(), body }
    }

    pub(crate) fn body(&self) -> Vec<u8> {
        groups::to_bytes(&self.body.join(" "))
    }

    /// Fails unless the body gives the error that the vector names.
    #[track_caller]
    pub(crate) fn check(&self) {
        let error = recode_as(&self.kind, &self.body()).map_err(error_name);
        assert_eq!(error, Err(self.error.as_str()), "{}: {}", self.kind, self.because);
    }
}

/// All of them.
pub(crate) fn bad() -> Vec<Bad> {
    load("refused.json")
}

fn error_name(error: DecodeError) -> &'static str {
    match error {
        DecodeError::Truncated => "truncated",
        DecodeError::Version(_) => "version",
        DecodeError::Malformed => "malformed",
        DecodeError::TrailingBytes => "trailing-bytes",
        DecodeError::NotExact => "not-exact",
    }
}

#[test]
fn the_file_of_refused_bodies_is_what_this_code_makes() {
    assert_golden("refused.json", &damage::all());
}

#[test]
fn every_bad_body_gives_the_error_it_names() {
    bad().iter().for_each(Bad::check);
}

#[test]
fn every_kind_of_message_has_a_bad_vector_of_every_error() {
    assert_complete(KINDS, &bad());
}

#[track_caller]
pub(crate) fn assert_complete(kinds: &[Kind], vectors: &[Bad]) {
    for kind in kinds {
        for error in ["truncated", "version", "malformed", "trailing-bytes", "not-exact"] {
            let found = vectors.iter().any(|vector| vector.kind == kind.name && vector.error == error);
            assert!(found, "{} {error}", kind.name);
        }
    }
}
