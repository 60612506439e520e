//! What an operator looks at is there. Fails when a dashboard, an alert or the page at the admin listener names a number that none
//! of our servers shows.

use std::collections::BTreeSet;
use std::fs;

use sealpost_tests::deployment::{Deployment, Plan};

const WATCHERS: [&str; 3] =
    ["deploy/monitoring/dashboard.json", "deploy/monitoring/alerts.yaml", "crates/server/src/admin/page.html"];

/// The names of numbers in a text, those of a histogram by the histogram's.
fn named(text: &str) -> BTreeSet<String> {
    let is_of_a_name = |character: char| character.is_ascii_lowercase() || character == '_';
    let words = text.split(|character| !is_of_a_name(character)).filter(|word| word.starts_with("sealpost_"));
    let plain = |word: &str| {
        ["_bucket", "_sum", "_count"].iter().fold(word.to_owned(), |word, end| word.trim_end_matches(end).to_owned())
    };
    words.map(plain).collect()
}

#[test]
fn every_number_that_an_operator_is_pointed_to_is_shown_by_a_server() {
    let directory = tempfile::tempdir().unwrap();
    let deployment = Deployment::start(directory.path(), &Plan { proxied: true, ..Plan::default() }).unwrap();
    let others = deployment.attester.iter().chain(&deployment.proxy).chain(&deployment.key_services);
    let shown = others.chain([&deployment.relay]).flat_map(|watched| named(&watched.server.metrics().unwrap()));
    let shown: BTreeSet<String> = shown.collect();
    for watcher in WATCHERS {
        let path = format!("{}/../{watcher}", env!("CARGO_MANIFEST_DIR"));
        let wanted = named(&fs::read_to_string(path).unwrap());
        assert!(wanted.len() > 8, "{watcher} names {} numbers", wanted.len());
        let missing: Vec<_> = wanted.difference(&shown).collect();
        assert!(missing.is_empty(), "{watcher} names {missing:?}");
    }
}
