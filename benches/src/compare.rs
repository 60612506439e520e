//! Two results, figure by figure.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::failure::Failure;

/// A table of all figures that both files have, and how much the other is of the one.
///
/// # Errors
/// [`Failure::Files`], [`Failure::Result`].
pub fn files(one: &Path, other: &Path) -> Result<String, Failure> {
    Ok(table(&read(one)?, &read(other)?))
}

fn read(path: &Path) -> Result<Value, Failure> {
    let text = fs::read_to_string(path).map_err(|error| Failure::Files("reading a result", error))?;
    serde_json::from_str(&text).map_err(|error| Failure::Result(path.to_owned(), error))
}

/// The table.
#[must_use]
pub fn table(one: &Value, other: &Value) -> String {
    let mut lines = vec![format!("{:48} {:>14} {:>14} {:>9}", "", "one", "other", "change")];
    walk("", one, other, &mut lines);
    lines.join("\n")
}

fn walk(name: &str, one: &Value, other: &Value, lines: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let both = one.iter().filter_map(|(key, value)| Some((key, value, other.get(key)?)));
            both.for_each(|(key, one, other)| walk(&join(name, key), one, other, lines));
        }
        (Value::Array(one), Value::Array(other)) => {
            let both = one.iter().zip(other).zip(1..);
            both.for_each(|((one, other), row)| walk(&join(name, &row.to_string()), one, other, lines));
        }
        _ => lines.extend(line(name, one.as_f64(), other.as_f64())),
    }
}

fn join(name: &str, key: &str) -> String {
    let key = key.replace('_', " ");
    if name.is_empty() { key } else { format!("{name} › {key}") }
}

fn line(name: &str, one: Option<f64>, other: Option<f64>) -> Option<String> {
    let (one, other) = one.zip(other)?;
    let change = if one == 0.0 { String::new() } else { format!("{:+.1}%", (other / one - 1.0) * 100.0) };
    Some(format!("{name:48} {one:>14.2} {other:>14.2} {change:>9}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn figures_that_both_have_are_compared_and_others_left_out() {
        let one = json!({ "rate": 100.0, "only": 1, "deliver": { "p50_ms": 2.0 }, "rows": [{ "a": 4 }], "zero": 0 });
        let other = json!({ "rate": 150.0, "deliver": { "p50_ms": 1.0, "more": 1 }, "rows": [{ "a": 4 }], "zero": 3 });
        let table = table(&one, &other);
        let lines: Vec<_> = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>()).collect();
        assert_eq!(
            lines,
            [
                vec!["deliver", "›", "p50", "ms", "2.00", "1.00", "-50.0%"],
                vec!["rate", "100.00", "150.00", "+50.0%"],
                vec!["rows", "›", "1", "›", "a", "4.00", "4.00", "+0.0%"],
                vec!["zero", "0.00", "3.00"],
            ]
        );
    }
}
