//! Small worlds of fixed seeds: 60 people, 12 days, so that it takes seconds. In a small world everybody knows one in ten of the others,
//! and guesses are cheap: some people are linked in any. The promise is about the world of the documents.
//!
//! What fails it: an adversary that links people where it must not, and one that no longer finds what there is to be found, for
//! which nothing would ever be linked. `cargo xtask adversary` says what is linked in the world that the documents are about.

use std::time::Duration;

use sealpost_adversary::life::{Automatic, Setting, System, live};
use sealpost_adversary::log::{Purpose, Request};
use sealpost_adversary::report::{MOST, Report, Row};
use sealpost_adversary::run::Plan;
use sealpost_adversary::score::Linked;
use sealpost_adversary::script::{Act, Script};
use sealpost_adversary::world::World;
use sealpost_client::policy::Pace;
use serde_json::json;

/// The share of people that may be linked in small worlds where mailboxes are collected apart: it is one in twelve or so.
const FEW: f64 = 0.15;

fn small(systems: &[(System, Automatic)]) -> Report {
    small_of(1, systems)
}

fn small_of(seed: u64, systems: &[(System, Automatic)]) -> Report {
    Plan { people: 60, days: 12, seed, pace: Pace::default() }.run(systems, &|_| ())
}

#[test]
fn few_are_linked_where_mailboxes_are_collected_apart_without_receipts() {
    let reports = [1, 2, 3].map(|seed| small_of(seed, &[(System::Apart, Automatic::Nothing)]));
    let linked: usize = reports.iter().map(|report| report.rows[0].score.people.linked).sum();
    let of: usize = reports.iter().map(|report| report.rows[0].score.people.of).sum();
    assert!(linked as f64 <= FEW * of as f64, "{linked} of {of}");
}

#[test]
fn more_than_one_in_a_hundred_linked_where_nobody_may_be_misses_the_target() {
    let mut report = Report { people: 200, days: 30, seed: 1, rows: vec![Row::default()] };
    for (linked, holds) in [(2, true), (3, false)] {
        report.rows[0].score.people = Linked { linked, of: 200, claims: 4, false_claims: 2 };
        assert_eq!((report.rows[0].score.people.share() <= MOST, report.holds()), (holds, holds));
    }
}

#[test]
fn one_mailbox_each_with_receipts_links_nearly_everyone_as_the_paper_says() {
    let report = small(&[(System::Signal, Automatic::Receipts), (System::Together, Automatic::Receipts)]);
    for row in &report.rows {
        assert!(row.score.people.share() > 0.9, "{}", report.table());
    }
}

#[test]
fn what_is_linked_more_than_before_is_a_regression() {
    let report = small(&[(System::Signal, Automatic::Receipts)]);
    assert_eq!(report.regressions(&report.json()), Vec::<String>::new());
    let mut earlier = report.json();
    earlier["rows"][0]["people"]["share"] = json!(0.1);
    assert_eq!(report.regressions(&earlier).len(), 1);
}

/// Deposits of a small world, for each text.
fn deposits_per_text(system: System, automatic: Automatic) -> f64 {
    let setting = Setting { system, automatic, pace: Pace::default(), seed: 5 };
    let (seen, truth) = live(&World::new(20, 3, 5), setting, &|| ());
    let deposits = seen.events.iter().filter(|event| matches!(event.request, Request::Deposit(_))).count();
    deposits as f64 / f64::from(truth.texts.iter().flatten().sum::<u32>())
}

#[test]
fn typing_is_told_where_that_is_turned_on_and_not_otherwise() {
    for system in [System::Signal, System::Together, System::Apart] {
        assert!(deposits_per_text(system, Automatic::Nothing) < 1.1);
        let typing = deposits_per_text(system, Automatic::Typing);
        assert!((1.5..4.0).contains(&typing), "{typing} deposits for each text");
    }
}

#[test]
fn a_script_is_played_to_the_letter() {
    let second = Duration::from_secs(1);
    let acts = [(second, Act::Look { person: 1, tie: 0 }), (2 * second, Act::Say { tie: 0, from: 0, size: 2 })];
    let script = Script { people: 3, ties: vec![[0, 1], [1, 2]], acts: acts.to_vec(), end: 120 * second };
    let setting = Setting { system: System::Apart, automatic: Automatic::Nothing, pace: Pace::default(), seed: 1 };
    let (seen, truth) = script.enact(setting);
    let of = |wanted: fn(&Request) -> bool| seen.events.iter().filter(move |event| wanted(&event.request));
    let left: Vec<_> = of(|request| matches!(request, Request::Deposit(_))).collect();
    let [left] = left[..] else { panic!("{left:?}") };
    assert_eq!(left.request, Request::Deposit(2));
    assert_eq!(truth.mailboxes[left.mailbox as usize], (1, Purpose::Tie { tie: 0, end: 1 }));
    let polls = of(|request| *request == Request::Poll).filter(|event| event.mailbox == left.mailbox).count();
    let others = of(|request| *request == Request::Poll).filter(|event| event.mailbox != left.mailbox).count();
    assert!(polls > 10 && others < 10, "{polls} of the one that is looked at, {others} of seven others");
    assert_eq!(of(|request| *request == Request::Collect).count(), 1);
}

#[test]
fn the_same_seed_gives_the_same_figures() {
    let plan = Plan { people: 20, days: 4, seed: 3, pace: Pace::default() };
    let report = || plan.run(&[(System::Apart, Automatic::Typing)], &|_| ()).json();
    assert_eq!(report(), report());
}
