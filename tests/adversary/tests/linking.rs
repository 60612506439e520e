//! A small world of fixed seed: 60 people, 12 days, so that it takes seconds.
//!
//! What fails it: an adversary that links people where it must not, and one that no longer finds what there is to be found, for
//! which nothing would ever be linked. `cargo xtask adversary` says what is linked in the world that the documents are about.

use sealpost_adversary::life::{Automatic, System};
use sealpost_adversary::report::{MOST, Report};
use sealpost_adversary::run::Plan;
use sealpost_client::policy::Pace;
use serde_json::json;

fn small(systems: &[(System, Automatic)]) -> Report {
    Plan { people: 60, days: 12, seed: 1, pace: Pace::default() }.run(systems, &|_| ())
}

#[test]
fn nobody_is_linked_where_mailboxes_are_collected_apart_without_receipts() {
    let report = small(&[(System::Apart, Automatic::Nothing)]);
    assert!(report.holds(), "{}", report.table());
    assert!(report.rows[0].score.people.share() <= MOST);
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

#[test]
fn the_same_seed_gives_the_same_figures() {
    let plan = Plan { people: 20, days: 4, seed: 3, pace: Pace::default() };
    let report = || plan.run(&[(System::Apart, Automatic::Typing)], &|_| ()).json();
    assert_eq!(report(), report());
}
