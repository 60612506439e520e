//! Puts the table, the plot and the report where they are read.

use std::error::Error;
use std::fs;
use std::path::Path;

use serde_json::Value;

/// What a table stands between in a document.
const BEGIN: &str = "<!-- adversary: this table is written by `cargo xtask adversary --write` -->\n";
const END: &str = "<!-- adversary: end -->";
/// The documents with a table, from the root of the project.
const WITH_TABLE: [&str; 2] = ["SECURITY.md", "docs/adversary.md"];

/// Writes all of it into the project at `root`.
///
/// # Errors
///
/// A document cannot be read or written, or has no place for the table.
pub fn write(root: &Path, table: &str, plot: &str, report: &Value) -> Result<(), Box<dyn Error>> {
    for document in WITH_TABLE {
        let path = root.join(document);
        let text = replaced(&fs::read_to_string(&path)?, table)
            .ok_or_else(|| format!("{document}: no place for the table"))?;
        fs::write(path, text)?;
    }
    fs::write(root.join("docs/adversary.svg"), plot)?;
    fs::write(root.join("docs/adversary.json"), format!("{}\n", serde_json::to_string_pretty(report)?))?;
    Ok(())
}

fn replaced(text: &str, table: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{table}\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_takes_the_place_of_the_one_before() {
        let text = format!("a\n{BEGIN}old\n{END}\nb\n");
        assert_eq!(replaced(&text, "| new |\n"), Some(format!("a\n{BEGIN}\n| new |\n\n{END}\nb\n")));
        assert_eq!(replaced("no place", "| new |\n"), None);
    }
}
