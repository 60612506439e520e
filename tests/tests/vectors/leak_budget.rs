//! `docs/protocol/relay.cddl` is the complete list of what a relay can observe, and `attester.cddl` of what an attester can.

use sealpost_tests::leak_budget::{ATTESTER, LeakBudget, RELAY};

use crate::attester;
use crate::groups::entries;
use crate::kinds::{ATTESTER_POSTS, ATTESTERS, KINDS, Kind, POSTS, Post};
use crate::messages::{self, Good};
use crate::refused::{self, Bad};

/// One of the two files, and what is held against it.
struct Held {
    text: &'static str,
    good: Vec<Good>,
    bad: Vec<Bad>,
    kinds: Vec<&'static Kind>,
    posts: &'static [Post],
}

fn of_relays() -> Held {
    let (good, bad) = (messages::good(), refused::bad());
    Held { text: RELAY, good, bad, kinds: KINDS.iter().collect(), posts: POSTS }
}

/// An attester answers `done`, as relays do.
fn of_attesters() -> Held {
    let done = |kind: &str| kind == "done";
    let good = attester::good().into_iter().chain(messages::good().into_iter().filter(|good| done(&good.kind)));
    let bad = attester::bad().into_iter().chain(refused::bad().into_iter().filter(|bad| done(&bad.kind)));
    let kinds = ATTESTERS.iter().chain(KINDS.iter().filter(|kind| done(kind.name)));
    Held { text: ATTESTER, good: good.collect(), bad: bad.collect(), kinds: kinds.collect(), posts: ATTESTER_POSTS }
}

fn both() -> [(Held, LeakBudget); 2] {
    [of_relays(), of_attesters()].map(|held| {
        let budget = LeakBudget::of(held.text).unwrap();
        (held, budget)
    })
}

/// The alternatives of a rule that is a choice between names.
fn choices(text: &'static str, rule: &str) -> Vec<&'static str> {
    let rest = text.split_once(&format!("\n{rule} = ")).unwrap().1;
    let body = rest.split("\n\n").next().unwrap();
    body.split('/').map(str::trim).collect()
}

#[test]
fn every_message_is_in_the_budget() {
    for (held, mut budget) in both() {
        for vector in held.good {
            assert!(budget.allows(&vector.kind, &vector.body()), "{}: {}", vector.kind, vector.shows);
        }
    }
}

#[test]
fn a_field_that_is_not_in_the_budget_is_refused() {
    for (held, mut budget) in both() {
        for vector in held.good {
            let body = vector.body();
            let (head, fields) = entries(&body);
            let extra = [&[head[0] + 1], fields.concat().as_slice(), &[0x17, 0x01]].concat();
            assert!(!budget.allows(&vector.kind, &extra), "{}: {}", vector.kind, vector.shows);
        }
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
    for (held, mut budget) in both() {
        for vector in held.bad.iter().filter(|bad| described(bad) && !beyond.contains(&bad.because.as_str())) {
            assert!(!budget.allows(&vector.kind, &vector.body()), "{}: {}", vector.kind, vector.because);
        }
    }
}

#[test]
fn the_budget_names_exactly_the_messages_that_are_built() {
    let rules: [&[&str]; 2] = [&["request", "reply", "frame"], &["message"]];
    for ((held, _), rules) in both().into_iter().zip(rules) {
        let mut budget: Vec<_> = rules.iter().flat_map(|rule| choices(held.text, rule)).collect();
        let mut built: Vec<_> = held.kinds.iter().map(|kind| kind.name).collect();
        budget.sort_unstable();
        built.sort_unstable();
        assert_eq!(budget, built);
    }
}

#[test]
fn the_budget_names_the_path_and_the_reply_of_every_request() {
    for (held, _) in both() {
        for post in held.posts {
            let line = format!("; POST {} -> {}", post.path, post.reply);
            let above = held.text.split_once(&format!("\n{} = {{", post.name)).unwrap().0;
            assert!(above.rsplit("\n\n").next().unwrap().starts_with(&line), "{}: {line}", post.name);
        }
    }
}

/// What one of the two is sent, the other has no place for: so a number cannot be sent to a relay.
#[test]
fn neither_budget_has_room_for_what_the_other_server_is_sent() {
    let [(relays, mut relay), (attesters, mut attester)] = both();
    for vector in attesters.good.iter().filter(|good| good.kind != "done") {
        for rule in KINDS {
            assert!(!relay.allows(rule.name, &vector.body()), "{} as {}", vector.kind, rule.name);
        }
    }
    for vector in relays.good.iter().filter(|good| good.kind != "done") {
        for rule in ATTESTERS {
            assert!(!attester.allows(rule.name, &vector.body()), "{} as {}", vector.kind, rule.name);
        }
    }
}
