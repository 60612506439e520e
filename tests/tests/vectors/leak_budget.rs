//! `docs/protocol/relay.cddl` is the complete list of what a relay can observe.

use sealpost_tests::leak_budget::{LeakBudget, TEXT};

use crate::groups::entries;
use crate::kinds::{KINDS, POSTS};
use crate::messages::good;
use crate::refused::{Bad, bad};

/// The alternatives of a rule that is a choice between names.
fn choices(rule: &str) -> Vec<&'static str> {
    let start = format!("{rule} = ");
    let rest = TEXT.split_once(&format!("\n{start}")).unwrap().1;
    let body = rest.split("\n\n").next().unwrap();
    body.split('/').map(str::trim).collect()
}

#[test]
fn every_message_is_in_the_budget() {
    let mut budget = LeakBudget::read().unwrap();
    for vector in good() {
        assert!(budget.allows(&vector.kind, &vector.body()), "{}: {}", vector.kind, vector.shows);
    }
}

#[test]
fn a_field_that_is_not_in_the_budget_is_refused() {
    let mut budget = LeakBudget::read().unwrap();
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
    let mut budget = LeakBudget::read().unwrap();
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
        let above = TEXT.split_once(&format!("\n{} = {{", post.name)).unwrap().0;
        assert!(above.rsplit("\n\n").next().unwrap().starts_with(&line), "{}: {line}", post.name);
    }
}
