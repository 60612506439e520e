//! `docs/protocol/relay.cddl` is the complete list of what a relay can observe.

use cddl::ast::CDDL;
use cddl::cddl_from_str;
use cddl::validator::Validator;
use cddl::validator::cbor::CBORValidator;
use cddl::validator::cbor_value::decode_cbor;

use crate::groups::entries;
use crate::kinds::{KINDS, POSTS};
use crate::messages::good;
use crate::refused::{Bad, bad};

const BUDGET: &str = include_str!("../../../docs/protocol/relay.cddl");

/// The budget, parsed.
struct Budget(CDDL<'static>);

impl Budget {
    fn read() -> Self {
        Self(cddl_from_str(BUDGET, false).unwrap())
    }

    /// Whether there is a place for `body` as a message of that kind.
    fn allows(&mut self, kind: &str, body: &[u8]) -> bool {
        // The validator begins with the first rule.
        let rule = self.0.rules.iter().position(|rule| rule.name() == kind).unwrap();
        self.0.rules.swap(0, rule);
        CBORValidator::new(&self.0, decode_cbor(body).unwrap(), None).validate().is_ok()
    }
}

/// The alternatives of a rule that is a choice between names.
fn choices(rule: &str) -> Vec<&'static str> {
    let start = format!("{rule} = ");
    let rest = BUDGET.split_once(&format!("\n{start}")).unwrap().1;
    let body = rest.split("\n\n").next().unwrap();
    body.split('/').map(str::trim).collect()
}

#[test]
fn every_message_is_in_the_budget() {
    let mut budget = Budget::read();
    for vector in good() {
        assert!(budget.allows(&vector.kind, &vector.body()), "{}: {}", vector.kind, vector.shows);
    }
}

#[test]
fn a_field_that_is_not_in_the_budget_is_refused() {
    let mut budget = Budget::read();
    for vector in good() {
        let body = vector.body();
        let (head, fields) = entries(&body);
        let extra = [&[head[0] + 1], fields.concat().as_slice(), &[0x17, 0x01]].concat();
        assert!(!budget.allows(&vector.kind, &extra), "{}: {}", vector.kind, vector.shows);
    }
}

#[test]
fn a_malformed_field_is_outside_the_budget() {
    // The order of keys and the form of lengths are not CDDL's to describe, nor is a tag's meaning.
    let beyond = [
        "the version comes last",
        "a tag before the map",
        "an envelope in chunks",
        "a list of unknown length",
        "a list that claims 2^64 - 1 ids",
    ];
    let described = |bad: &Bad| matches!(bad.error.as_str(), "malformed" | "version");
    let mut budget = Budget::read();
    for vector in bad().iter().filter(|bad| described(bad) && !beyond.contains(&bad.because.as_str())) {
        assert!(!budget.allows(&vector.kind, &vector.body()), "{}: {}", vector.kind, vector.because);
    }
}

#[test]
fn the_budget_names_exactly_the_messages_that_are_built() {
    let mut budget: Vec<_> = ["request", "reply", "frame"].into_iter().flat_map(choices).collect();
    let mut built: Vec<_> = KINDS.iter().map(|kind| kind.name).collect();
    budget.sort_unstable();
    built.sort_unstable();
    assert_eq!(budget, built);
}

#[test]
fn the_budget_names_the_path_and_the_reply_of_every_request() {
    for post in POSTS {
        let line = format!("; POST {} -> {}", post.path, post.reply);
        let above = BUDGET.split_once(&format!("\n{} = {{", post.name)).unwrap().0;
        assert!(above.rsplit("\n\n").next().unwrap().starts_with(&line), "{}: {line}", post.name);
    }
}
