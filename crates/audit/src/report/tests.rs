//! Reports with everything in them.

use sealpost_identity::traces::Value;

use super::*;
use crate::search::Canary;

fn leaky() -> Report {
    let text = |what: &str, text| Canary { what: what.to_owned(), value: Value::text(text) };
    let canaries = vec![text("a <b>name</b>", "Zelda Quandt of Fantasia"), text("a word", "ok")];
    let mut search = Search::new(canaries).unwrap();
    search.begin("a place \u{1b}[31m & more");
    search.bytes("file <script>", b".. Zelda Quandt of Fantasia ..");
    let mut unsearched = Unsearched::default();
    unsearched.add("it cannot be read".to_owned(), "another file".to_owned());
    let mut report = Report::of("Scan", &search, unsearched);
    report.rows = vec![Row { then: "on by default", here: "consent", seen: "0 packets".to_owned() }];
    report.steps = vec![Step { what: "add a contact".to_owned(), seen: "0 packets".to_owned(), holds: true }];
    report.add_traffic("capture", Seen { requests: [("/v1/take".to_owned(), 3)].into(), ..Seen::default() });
    report
}

#[test]
fn the_worst_decides() {
    let mut report = Report::default();
    assert_eq!((report.verdict(), report.verdict().exit_code()), (Verdict::Clean, 0));
    report.unsearched.add("why".to_owned(), "where".to_owned());
    assert_eq!((report.verdict(), report.verdict().exit_code()), (Verdict::Incomplete, 4));
    report.steps.push(Step { what: String::new(), seen: String::new(), holds: false });
    assert_eq!((report.verdict(), report.verdict().exit_code()), (Verdict::Failed, 1));
    report = report.with_self_test(Outcome { planted: 2, found: 1, ..Outcome::default() });
    assert_eq!((report.verdict(), report.verdict().exit_code()), (Verdict::Blind, 1));
    report.undeclared_fields = 1;
    assert_eq!((report.verdict(), report.verdict().exit_code()), (Verdict::Leak, 1));
}

#[test]
fn a_page_has_everything_and_lets_nothing_of_others_in() {
    let page = page(&leaky());
    assert!(page.contains("SOMETHING WAS FOUND") && page.contains("a &lt;b&gt;name&lt;/b&gt;"));
    assert!(page.contains("file &lt;script&gt;") && page.contains("a place ·[31m &amp; more"));
    for foreign in ["<script", "src=", "href=", "url(", "@import", "Zelda", "\u{1b}"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
}

#[test]
fn a_terminal_shows_everything_and_is_not_taken_over() {
    let table = table(&leaky());
    for line in ["add a contact: 0 packets", "3 × /v1/take", "another file: it cannot be read", "under 56 bits itself"]
    {
        assert!(table.contains(line), "{line} is not in\n{table}");
    }
    assert!(!table.contains("Zelda") && !table.contains('\u{1b}'));
}

#[test]
fn json_has_the_numbers_at_the_top() {
    let json = serde_json::to_value(leaky()).unwrap();
    let number = |name: &str| json[name].as_u64().unwrap();
    assert_eq!((number("canaries_planted"), number("canaries_found"), number("undeclared_fields")), (1, 1, 0));
    assert_eq!((number("self_test_leaks_planted"), number("canaries_too_short")), (0, 1));
    assert!(!json.to_string().contains("Zelda"));
}

#[test]
fn the_readme_names_every_field() {
    let json = serde_json::to_value(Report::default()).unwrap();
    let readme = include_str!("../../README.md");
    for name in json.as_object().unwrap().keys().filter(|name| *name != "title") {
        assert!(readme.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn sizes_have_one_digit_behind_the_point() {
    assert_eq!(
        [size(0), size(1023), size(1536), size(1 << 30), size(u64::MAX)],
        ["0 bytes", "1023 bytes", "1.5 KiB", "1.0 GiB", "16777215.9 TiB"]
    );
}
