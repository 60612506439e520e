//! A result for people: one line for each figure.

use serde_json::Value;

/// The result as lines of name and value; what is inside something is indented below it.
#[must_use]
pub fn of(value: &Value) -> String {
    let mut lines = Vec::new();
    write(value, 0, &mut lines);
    lines.join("\n")
}

fn write(value: &Value, depth: usize, lines: &mut Vec<String>) {
    let Value::Object(fields) = value else { return };
    let indent = "  ".repeat(depth);
    for (name, field) in fields {
        let name = name.replace('_', " ");
        if field.is_object() {
            lines.push(format!("{indent}{name}"));
            write(field, depth + 1, lines);
        } else if let Value::Array(rows) = field {
            for (row, number) in rows.iter().zip(1..) {
                lines.push(format!("{indent}{name} {number}"));
                write(row, depth + 1, lines);
            }
        } else {
            let width = 40_usize.saturating_sub(indent.len());
            lines.push(format!("{indent}{name:width$}{}", shown(field)));
        }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_f64() {
            Some(real) if number.is_f64() => format!("{real:.2}"),
            _ => number.to_string(),
        },
        Value::Null => "unknown".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_figure_has_a_line_and_parts_are_indented() {
        let table = of(&json!({
            "rate": 1.234, "count": 7, "deliver": { "p50_ms": 0.5, "none": null }, "rows": [{ "a": 1 }, { "a": 2 }]
        }));
        let lines: Vec<_> = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(
            lines,
            ["count 7", "deliver", "none unknown", "p50 ms 0.50", "rate 1.23", "rows 1", "a 1", "rows 2", "a 2"]
        );
        assert!(table.lines().nth(2).unwrap().starts_with("  none"));
    }
}
