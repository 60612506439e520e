//! What was counted, beside what was counted before.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// By way.
pub(super) type Counts = BTreeMap<String, u64>;

/// More than this is worse, in parts of what it was.
fn most(way: &str) -> f64 {
    // Threads that wait for each other look again a little more or less often.
    if super::ways::has_threads(way) { 0.10 } else { 0.03 }
}

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("instructions.json")
}

fn all() -> BTreeMap<String, Counts> {
    fs::read_to_string(file()).map(|text| serde_json::from_str(&text).unwrap()).unwrap_or_default()
}

pub(super) fn read(processor: &str) -> Option<Counts> {
    all().remove(processor)
}

pub(super) fn write(processor: &str, counts: Counts) {
    let mut all = all();
    all.insert(processor.to_owned(), counts);
    fs::write(file(), serde_json::to_string_pretty(&all).unwrap() + "\n").unwrap();
}

/// Prints both, and tells whether nothing has become worse.
pub(super) fn tell(before: &Counts, counted: &Counts) -> bool {
    let mut holds = true;
    println!("{:36} {:>10} {:>10} {:>8}", "instructions", "before", "now", "change");
    for (way, now) in counted {
        let Some(then) = before.get(way) else {
            println!("{way:36} {:>10} {now:>10}  is new: `cargo xtask instructions --write`", "-");
            holds = false;
            continue;
        };
        let change = *now as f64 / *then as f64 - 1.0;
        let word = match change {
            change if change > most(way) => "WORSE",
            change if change < -most(way) => "better: `cargo xtask instructions --write` keeps it so",
            _ => "",
        };
        holds &= word != "WORSE";
        println!("{way:36} {then:>10} {now:>10} {:>+7.1}% {word}", change * 100.0);
    }
    holds
}
