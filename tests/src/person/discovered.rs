//! What `sealpost discover` shows.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::Result;

/// What came of looking up an address book.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Discovered {
    /// The names of those who were found, as the book has them.
    pub found: BTreeSet<String>,
    /// The names of those whose number leads to another identity by now.
    pub changed: BTreeSet<String>,
    /// Why it is not known of some.
    pub reasons: BTreeSet<String>,
    /// How many numbers were looked up.
    pub numbers: usize,
    /// Of how many it is not known.
    pub unknown: usize,
    /// How many numbers were hashed in this run.
    pub hashed: usize,
    /// How many the key services evaluated in this run.
    pub evaluated: usize,
    /// How many buckets were read in this run.
    pub read: usize,
}

impl Discovered {
    /// Reads the objects, a line for each number and the last one.
    pub(super) fn of(objects: &[Value]) -> Result<Self> {
        let (last, rows) = objects.split_last().ok_or("it printed nothing")?;
        let text = |row: &Value, key: &str| row.get(key).and_then(Value::as_str).map(str::to_owned);
        let names = |key: &str| {
            let is_so = |row: &&Value| row.get(key).is_some_and(|value| value == true);
            rows.iter().filter(is_so).filter_map(|row| text(row, "name")).collect()
        };
        let count = |key: &str| last.get(key).and_then(Value::as_u64).and_then(|count| count.try_into().ok());
        let missing = |key: &str| format!("it does not say {key}");
        let count = |key| count(key).ok_or_else(|| missing(key));
        Ok(Self {
            found: names("found"),
            changed: names("changed"),
            reasons: rows.iter().filter_map(|row| text(row, "reason")).collect(),
            numbers: count("numbers")?,
            unknown: count("unknown")?,
            hashed: count("hashed")?,
            evaluated: count("evaluated")?,
            read: count("read")?,
        })
    }
}
