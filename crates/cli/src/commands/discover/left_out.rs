//! What of the files nobody was looked for with.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::book::{Reason, Unread};
use crate::failure::word;
use crate::terminal::one_line;

/// A terminal shows so many for each reason; a script gets all.
const SHOWN: usize = 20;

/// Something that is in a file, and not in the book.
#[derive(Serialize)]
pub(super) struct LeftOut {
    name: Option<String>,
    file: String,
    line: u64,
    reason: String,
    #[serde(skip)]
    why: Reason,
}

impl LeftOut {
    pub(super) fn of(unread: &Unread) -> Self {
        let Unread { file, line, name, reason } = unread;
        Self {
            name: (!name.is_empty()).then(|| name.to_string()),
            file: file.display().to_string(),
            line: *line,
            reason: word(&format!("{reason:?}")),
            why: *reason,
        }
    }

    fn text(&self) -> String {
        let name = self.name.as_deref().map_or(String::new(), |name| format!("{}, ", one_line(name)));
        format!("    {name}{} line {}\n", one_line(&self.file), self.line)
    }
}

/// For people: by reason.
pub(super) fn text(all: &[LeftOut]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let mut by_reason: BTreeMap<Reason, Vec<&LeftOut>> = BTreeMap::new();
    all.iter().for_each(|one| by_reason.entry(one.why).or_default().push(one));
    let parts: String = by_reason.iter().map(|(reason, those)| part(*reason, those)).collect();
    format!("\nLeft out, {} in all:\n{parts}", all.len())
}

fn part(reason: Reason, those: &[&LeftOut]) -> String {
    let lines: String = those.iter().take(SHOWN).map(|one| one.text()).collect();
    let more = match those.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!("    and {more} more; --json lists them all\n"),
    };
    format!("  {}: {reason}\n{lines}{more}", those.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_out(name: &str, line: u64, reason: Reason) -> LeftOut {
        LeftOut::of(&Unread { file: "a.vcf".into(), line, name: name.to_owned().into(), reason })
    }

    #[test]
    fn what_is_left_out_is_counted_and_listed_by_its_reason() {
        let all = [
            left_out("Ada", 3, Reason::TooShort),
            left_out("", 9, Reason::Line),
            left_out("Bob", 12, Reason::TooShort),
        ];
        let shown = text(&all).replace(['\u{2068}', '\u{2069}'], "");
        assert_eq!(
            shown,
            "\nLeft out, 3 in all:\n  2: the phone number is too short\n    Ada, a.vcf line 3\n    Bob, a.vcf line 12\n  1: a \
             line that cannot be read\n    a.vcf line 9\n"
        );
        assert_eq!(text(&[]), "");
        let many: Vec<_> = (0..30).map(|line| left_out("Ada", line, Reason::NoNumber)).collect();
        assert!(text(&many).ends_with("    and 10 more; --json lists them all\n"));
    }

    #[test]
    fn a_script_reads_name_file_line_and_reason() {
        assert_eq!(
            serde_json::to_string(&left_out("", 9, Reason::NoRegion)).unwrap(),
            r#"{"name":null,"file":"a.vcf","line":9,"reason":"no-region"}"#
        );
    }
}
