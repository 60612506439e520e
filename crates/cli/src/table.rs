//! Aligned columns.

use unicode_width::UnicodeWidthStr;

const GAP: &str = "  ";

/// Lines of aligned columns under a line of headings. No column but the last is padded for nothing.
pub(crate) fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let widths: [usize; N] = std::array::from_fn(|column| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width());
        cells.chain(headings.get(column).map(|heading| heading.width())).max().unwrap_or_default()
    });
    let heading = line(&widths, headings.into_iter());
    std::iter::once(heading).chain(rows.iter().map(|row| line(&widths, row.iter().map(String::as_str)))).collect()
}

fn line<'a>(widths: &[usize], cells: impl Iterator<Item = &'a str>) -> String {
    let padded =
        cells.zip(widths).map(|(cell, width)| format!("{cell}{}", " ".repeat(width.saturating_sub(cell.width()))));
    let joined = padded.collect::<Vec<_>>().join(GAP);
    format!("{}\n", joined.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_take_two_columns() {
        let rows = [["你好".to_owned(), "1".to_owned()], ["Bob".to_owned(), "22".to_owned()]];
        assert_eq!(table(["NAME", "N"], &rows), "NAME  N\n你好  1\nBob   22\n");
    }
}
