//! `discovery.json`: from a number to its place, what lies there, and who vouches for it.

mod answers;
mod calendar;
mod descriptors;
mod entries;
mod places;
mod records;
mod scalars;

use serde::{Deserialize, Serialize};

use crate::file::{assert_golden, load};

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Discovery {
    days: Vec<calendar::Today>,
    epochs: Vec<calendar::Period>,
    descriptors: Vec<descriptors::Described>,
    places: Vec<places::Place>,
    refused_answers: Vec<answers::Answer>,
    bucket_paths: Vec<calendar::Path>,
    records: Vec<records::Recorded>,
    refused_slots: Vec<records::Unopened>,
    refused_cards: Vec<records::NoCard>,
    entry_hashes: Vec<entries::Hashed>,
    attestations: Vec<entries::Vouched>,
    vouchers: Vec<entries::Vouched>,
}

fn vectors() -> Discovery {
    load("discovery.json")
}

#[test]
fn the_file_of_discovery_is_what_this_code_makes() {
    let made = Discovery {
        days: calendar::days(),
        epochs: calendar::epochs(),
        descriptors: descriptors::all(),
        places: places::all(),
        refused_answers: answers::refused(),
        bucket_paths: calendar::paths(),
        records: records::all(),
        refused_slots: records::unopened(),
        refused_cards: records::no_cards(),
        entry_hashes: entries::hashes(),
        attestations: entries::attestations(),
        vouchers: entries::vouchers(),
    };
    assert_golden("discovery.json", &made);
}
