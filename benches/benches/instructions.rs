//! How many instructions the ways take that every message goes, and whether they are still as few.
//!
//! `cargo xtask instructions` runs it: each way so many times and twice as many times under valgrind, which counts
//! instructions; the difference, for one, is compared with what `benches/instructions.json` says, and `--write` writes that.
//! valgrind shows programs a processor of its own, whatever the machine's, as far as that has AVX2: so libraries choose the
//! same code everywhere ([0155](../../docs/decisions/0155-instructions-under-valgrind.md)).
#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has failed")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program that is run by hand")]

#[path = "instructions/compare.rs"]
mod compare;
#[path = "instructions/count.rs"]
mod count;
#[path = "store/setting.rs"]
mod setting;
#[path = "instructions/store.rs"]
mod store;
#[path = "instructions/ways.rs"]
mod ways;

use std::env;
use std::process::ExitCode;

use compare::Counts;

fn main() -> ExitCode {
    // cargo adds that word to what a bench is called with.
    let arguments: Vec<String> = env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["go", way, times] => {
            ways::go(way, times.parse().unwrap());
            ExitCode::SUCCESS
        }
        ["processor"] => {
            println!("{}", count::processor());
            ExitCode::SUCCESS
        }
        ["check"] => check(false),
        ["write"] => check(true),
        _ => {
            println!("instructions: `cargo xtask instructions` counts them");
            ExitCode::SUCCESS
        }
    }
}

fn check(write: bool) -> ExitCode {
    let processor = count::processor_under_valgrind();
    let counted: Counts = ways::NAMES.iter().map(|way| ((*way).to_owned(), count::one(way))).collect();
    if write {
        compare::write(&processor, counted);
        return ExitCode::SUCCESS;
    }
    let Some(before) = compare::read(&processor) else {
        eprintln!("instructions: none were written down for a processor with {processor}; nothing is compared");
        return ExitCode::SUCCESS;
    };
    if compare::tell(&before, &counted) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
