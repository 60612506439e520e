//! One epoch, as it is shown.

use sealpost_wire::directory::Epoch;
use sealpost_wire::time::Day;
use serde::Serialize;
use serde_json::{Map, Value};

use super::calendar::date;

/// One epoch, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Row {
    pub(super) epoch: u32,
    state: State,
    opens: String,
    first_day: String,
    last_day: String,
    closes: String,
    #[serde(flatten)]
    details: Map<String, Value>,
}

/// Where an epoch is in its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    /// Today is one of its days.
    Current,
    /// It is open, before or after its days.
    Open,
    /// It is not open yet.
    Ahead,
    /// What it needed was erased before it closed.
    Retired,
    /// It has closed, and `serve` has not erased it yet.
    Closed,
}

impl Row {
    /// An epoch that has what it needs, with what there is to tell of that.
    pub(super) fn kept(epoch: Epoch, today: Day, details: Map<String, Value>) -> Self {
        Self::new(epoch, State::of(epoch, today), details)
    }

    /// An epoch that was retired.
    pub(super) fn retired(epoch: Epoch) -> Self {
        Self::new(epoch, State::Retired, Map::new())
    }

    fn new(epoch: Epoch, state: State, details: Map<String, Value>) -> Self {
        Self {
            epoch: epoch.0,
            state,
            opens: date(epoch.opens()),
            first_day: date(epoch.first_day()),
            last_day: date(epoch.last_day()),
            closes: date(epoch.closes()),
            details,
        }
    }

    /// Whether there is something to retire.
    pub(super) fn is_kept(&self) -> bool {
        self.state != State::Retired
    }

    fn cells(&self, columns: &[&str]) -> Vec<String> {
        let Self { epoch, state, opens, first_day, last_day, closes, details } = self;
        let fixed = [epoch.to_string(), state.text().to_owned()];
        let days = [opens, first_day, last_day, closes].map(Clone::clone);
        let details = columns.iter().map(|column| details.get(*column).map(shown).unwrap_or_default());
        fixed.into_iter().chain(days).chain(details).collect()
    }
}

impl State {
    fn of(epoch: Epoch, today: Day) -> Self {
        match () {
            () if epoch == Epoch::of(today) => Self::Current,
            () if epoch.is_open(today) => Self::Open,
            () if today < epoch.opens() => Self::Ahead,
            () => Self::Closed,
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Open => "open",
            Self::Ahead => "ahead",
            Self::Retired => "retired",
            Self::Closed => "closed",
        }
    }
}

/// Rows as the lines of a table, with a heading.
pub(super) fn table(rows: &[Row], columns: &[&str]) -> Vec<String> {
    let fixed = ["epoch", "state", "opens", "first day", "last day", "closes"];
    let heading = fixed.iter().chain(columns).map(|name| name.replace('_', " ").to_uppercase()).collect();
    let lines: Vec<Vec<String>> = std::iter::once(heading).chain(rows.iter().map(|row| row.cells(columns))).collect();
    let width = |column: usize| lines.iter().filter_map(|line| line.get(column)).map(String::len).max().unwrap_or(0);
    let widths: Vec<_> = (0..fixed.len() + columns.len()).map(width).collect();
    lines.iter().map(|cells| line(cells, &widths)).collect()
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let padded = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
    padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Two days before epoch 230 closes.
    const TODAY: Day = Day(231 * 90 + 12);

    fn rows() -> Vec<Row> {
        let details =
            |key: &str| Map::from_iter([("public_key".to_owned(), json!(key)), ("more".to_owned(), json!(7))]);
        let kept = |epoch, key| Row::kept(Epoch(epoch), TODAY, details(key));
        vec![kept(229, "00aa"), kept(230, "11bb"), kept(231, "22cc"), kept(232, "33dd"), Row::retired(Epoch(233))]
    }

    #[test]
    fn the_table_is_as_reviewed() {
        insta::assert_snapshot!(table(&rows(), &["public_key"]).join("\n"));
    }

    #[test]
    fn json_tells_all() {
        let last = serde_json::to_value(rows()).unwrap()[1].clone();
        let expected = json!({"epoch": 230, "state": "open", "opens": "2026-08-21", "first_day": "2026-09-04",
            "last_day": "2026-12-02", "closes": "2026-12-16", "public_key": "11bb", "more": 7});
        assert_eq!(last, expected);
    }

    #[test]
    fn what_was_retired_is_retired_no_second_time() {
        assert_eq!(rows().iter().map(Row::is_kept).collect::<Vec<_>>(), [true, true, true, true, false]);
    }
}
