//! The linking table: for people, for programs, for the documents.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Value, json};

use crate::life::{Automatic, System};
use crate::score::{Linked, PRECISION, Score};

/// The share of people that may be linked where mailboxes are collected apart and there are no receipts.
pub const MOST: f64 = 0.01;
/// A share that is larger by more than this than the one in the committed report is a regression.
pub const SLACK: f64 = 0.05;

/// What was linked in one system.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Which.
    pub system: System,
    /// What phones told by themselves.
    pub automatic: Automatic,
    /// What was linked.
    pub score: Score,
    /// How many texts were sent.
    pub texts: u32,
    /// From when a text is written until it is on the other phone, in minutes, in the mean; nights and gaps included.
    pub minutes: f64,
    /// Requests, or frames that say the same, a day and person.
    pub requests: f64,
}

impl Default for Row {
    fn default() -> Self {
        let score = Score::default();
        Self { system: System::Apart, automatic: Automatic::Nothing, score, texts: 0, minutes: 0.0, requests: 0.0 }
    }
}

/// All systems of one world.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// How many people.
    pub people: usize,
    /// For how many days.
    pub days: u32,
    /// Of which seed.
    pub seed: u64,
    /// The systems.
    pub rows: Vec<Row>,
}

impl Report {
    /// Whether the target is met: at most one in a hundred people is linked where it says so.
    #[must_use]
    pub fn holds(&self) -> bool {
        let promised =
            self.rows.iter().filter(|row| row.system == System::Apart && row.automatic == Automatic::Nothing);
        promised.into_iter().all(|row| row.score.people.share() <= MOST)
    }

    /// What an earlier report of the same world, as JSON, says was linked less: a sentence for each.
    #[must_use]
    pub fn regressions(&self, earlier: &Value) -> Vec<String> {
        let mut found = Vec::new();
        for row in &self.rows {
            let same = |before: &&Value| row.named().iter().all(|(name, value)| before[*name] == *value);
            let Some(before) = earlier["rows"].as_array().and_then(|rows| rows.iter().find(same)) else { continue };
            for (name, linked) in row.shown() {
                let share = before[name]["share"].as_f64().unwrap_or(1.0);
                if linked.share() > share + SLACK {
                    let title = title(row);
                    found.push(format!(
                        "{title}: {name} {:.1} %, and {:.1} % before",
                        100.0 * linked.share(),
                        100.0 * share
                    ));
                }
            }
        }
        found
    }

    /// One object. Its names are stable.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "people": self.people,
            "days": self.days,
            "seed": self.seed,
            "least_precision": PRECISION,
            "target": { "system": System::Apart, "receipts": false, "typing": false, "people_share_at_most": MOST, "met": self.holds() },
            "rows": self.rows.iter().map(Row::json).collect::<Vec<_>>(),
        })
    }

    /// The table for a terminal.
    #[must_use]
    pub fn table(&self) -> String {
        let mut table = format!("{} people, {} days, seed {}\n\n", self.people, self.days, self.seed);
        let _ = writeln!(
            table,
            "{:<42}{:>16}{:>16}{:>16}{:>16}{:>12}",
            "", "people", "named", "profiles", "conversations", "requests"
        );
        for row in &self.rows {
            let _ = write!(table, "{:<42}", title(row));
            for (_, linked) in row.shown().into_iter().take(4) {
                let _ = write!(table, "{:>16}", cell(linked));
            }
            let _ = writeln!(table, "{:>12.0}", row.requests);
        }
        table
    }

    /// The table for a document.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut table = String::from(
            "| system | people | named | profiles | conversations | successions | claims on people, right |\n",
        );
        table.push_str("|---|---|---|---|---|---|---|\n");
        for row in &self.rows {
            let _ = write!(table, "| {} |", title(row));
            for (_, linked) in row.shown() {
                let _ = write!(table, " {} |", cell(linked));
            }
            let people = row.score.people;
            let _ = writeln!(table, " {} of {} |", people.claims - people.false_claims, people.claims);
        }
        table
    }
}

impl Row {
    /// What is reported of it, by name.
    #[must_use]
    pub const fn shown(&self) -> [(&'static str, Linked); 5] {
        let Score { conversations, people, owners, named, successions } = self.score;
        [
            ("people", people),
            ("named", named),
            ("profiles", owners),
            ("conversations", conversations),
            ("successions", successions),
        ]
    }

    fn json(&self) -> Value {
        let mut row = json!({
            "texts": self.texts,
            "minutes_until_delivered": round(self.minutes, 10.0),
            "requests_per_person_and_day": round(self.requests, 10.0),
        });
        for (name, value) in self.named() {
            row[name] = value;
        }
        for (name, linked) in self.shown() {
            row[name] = json!(Shown::from(linked));
        }
        row
    }

    /// What tells it from other rows.
    fn named(&self) -> [(&'static str, Value); 3] {
        let is = |automatic| json!(self.automatic == automatic);
        [("system", json!(self.system)), ("receipts", is(Automatic::Receipts)), ("typing", is(Automatic::Typing))]
    }
}

#[derive(Serialize)]
struct Shown {
    linked: usize,
    of: usize,
    share: f64,
    claims: usize,
    false_claims: usize,
    precision: f64,
}

impl From<Linked> for Shown {
    fn from(linked: Linked) -> Self {
        let Linked { linked: count, of, claims, false_claims } = linked;
        let [share, precision] = [linked.share(), linked.precision()].map(|share| round(share, 1e4));
        Self { linked: count, of, share, claims, false_claims, precision }
    }
}

fn round(value: f64, steps: f64) -> f64 {
    (value * steps).round() / steps
}

/// The name of a row.
#[must_use]
pub fn title(row: &Row) -> String {
    let system = match row.system {
        System::Signal => "one mailbox each",
        System::Together => "`together`",
        System::Apart => "`apart`",
    };
    let automatic = match row.automatic {
        Automatic::Nothing => "without receipts",
        Automatic::Receipts => "with receipts",
        Automatic::Typing => "with notices of typing",
    };
    format!("{system}, {automatic}")
}

fn cell(linked: Linked) -> String {
    if linked.of == 0 {
        return String::from("-");
    }
    format!("{} ({:.1} %)", linked.linked, 100.0 * linked.share())
}

/// A line of what one kind of evidence links by itself.
#[must_use]
pub fn by_means(means: crate::attack::Means, row: &Row) -> String {
    let mut line = format!("{:<42}", format!("  {means:?} alone"));
    for (_, linked) in row.shown().into_iter().take(4) {
        let _ = write!(line, "{:>16}", cell(linked));
    }
    line
}
