//! The report as one page that needs nothing else: no script, no picture, no font from elsewhere.

use super::{Report, Verdict, size};
use crate::budget::learns;
use crate::traffic::Seen;

const STYLE: &str = include_str!("page.css");

/// The page.
#[must_use]
pub fn page(report: &Report) -> String {
    let parts = [
        head(report),
        section(
            "What was seen then, and what is seen here",
            ROWS,
            &["Then, in 2014", "Here", "In this run"],
            rows(report),
        ),
        section("What was done", STEPS, &["", "Step", "What was seen"], steps(report)),
        section("What was looked for", VALUES, &["Value", "Ways of writing", "Too short to tell"], values(report)),
        section("Where it was looked for", PLACES, &["Place", "Pieces", "Searched"], places(report)),
        section("What was found", FOUND, &["Value", "Written as", "Where", "Times"], finds(report)),
        section(
            "What an attester was told, as declared",
            DECLARED,
            &["Value", "Written as", "Where", "Times"],
            declared(report),
        ),
        section("What was said though nobody declared it", UNDECLARED, &["What", "Times"], undeclared(report)),
        section("What could not be looked into", UNSEARCHED, &["Where, and why"], unsearched(report)),
        section(
            "What the server did see",
            SAID,
            &["Request or message", "How often", "What it tells the server"],
            said(report),
        ),
        section(
            "How the search itself was tried",
            SELF_TEST,
            &["Kind of place", "Planted", "Found"],
            self_test(report),
        ),
        section("What was kept", KEPT, &["File"], kept(report)),
    ];
    let title = escaped(&report.title);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>Sealpost audit: {title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{}{FOOTER}</main>\n\
         </body>\n</html>\n",
        parts.concat()
    )
}

const ROWS: &str = "In 2014 a phone maker's messaging service was on by default, and a packet capture showed what it sent. \
    Each row is one of those findings, what Sealpost does instead, and what this run saw of it.";
const STEPS: &str = "The experiment of 2014, step by step, with a phone's numbers, contacts and messages that were made up \
    for this run. Packets are counted by the system itself.";
const VALUES: &str = "Each value is looked for as it is and in every usual disguise: other character sets, hexadecimal, \
    base64, packed digits, integers, and as the fingerprint that MD5, SHA-1, SHA-256 and BLAKE3 make of it. What is under 56 \
    bits turns up in encrypted data by chance, so it is not looked for, but counted here.";
const PLACES: &str = "Everything that whoever runs the server, takes its disk or listens on the line could look at.";
const FOUND: &str = "Each of these is a leak: a value that should never have left the device.";
const DECLARED: &str =
    "An attester is the one server that learns a number: the one whose owner proves that it is theirs.";
const UNDECLARED: &str = "The protocol lists every field that a request may have. These are not on the list, whatever they \
    hold.";
const UNSEARCHED: &str = "Nothing can be said about these.";
const SAID: &str = "This is what the other side learns in any case. A relay knows mailboxes by hashes of random keys, and not \
    whose they are.";
const SELF_TEST: &str = "A search that finds nothing says something only if it would find what is there. So leaks were \
    planted, one of each kind in each kind of place.";
const KEPT: &str = "For whoever wants to look with a program of their own, such as Wireshark.";
const FOOTER: &str = "<footer>\n<p>What this page cannot show: who talks with whom can be guessed from network addresses and \
    times; a value in a disguise that nobody thought of; what a device does when nobody records it. The full list of what a \
    relay can and cannot learn is in Sealpost's SECURITY.md.</p>\n</footer>\n";

/// A row of cells, each HTML already.
type Cells = Vec<String>;

fn head(report: &Report) -> String {
    let verdict = report.verdict();
    let class = match verdict {
        Verdict::Clean => "good",
        Verdict::Incomplete => "open",
        Verdict::Leak | Verdict::Blind | Verdict::Failed => "bad",
    };
    let number = |value: String, what: &str| format!("<li><b>{value}</b>{what}</li>\n");
    let mut numbers = String::new();
    if report.canaries_planted > 0 {
        numbers += &number(report.canaries_planted.to_string(), "values looked for");
        numbers += &number(report.canaries_found.to_string(), "found");
        numbers += &number(size(report.bytes_searched), "searched");
    }
    if !report.traffic.is_empty() {
        numbers += &number(report.undeclared_fields.to_string(), "things said that nobody declared");
    }
    if let Some(outcome) = &report.self_test {
        numbers += &number(format!("{} of {}", outcome.found, outcome.planted), "planted leaks found");
    }
    format!(
        "<h1>{}</h1>\n<p class=\"soft\">Sealpost audit</p>\n<p class=\"verdict {class}\">{}</p>\n<ul class=\"numbers\">\n\
         {numbers}</ul>\n",
        escaped(&report.title),
        escaped(verdict.sentence())
    )
}

fn rows(report: &Report) -> Vec<Cells> {
    let cells = |row: &crate::experiment::Row| vec![escaped(row.then), escaped(row.here), escaped(&row.seen)];
    report.rows.iter().map(cells).collect()
}

fn steps(report: &Report) -> Vec<Cells> {
    let cells = |step: &crate::experiment::Step| {
        let (class, word) = if step.holds { ("good", "holds") } else { ("bad", "FAILS") };
        vec![format!("<span class=\"{class}\">{word}</span>"), escaped(&step.what), escaped(&step.seen)]
    };
    report.steps.iter().map(cells).collect()
}

fn values(report: &Report) -> Vec<Cells> {
    let cells = |planted: &crate::search::Planted| {
        let short = if planted.is_too_short { " (the value itself)" } else { "" };
        vec![escaped(&planted.what), planted.patterns.to_string(), format!("{}{short}", planted.too_short)]
    };
    report.canaries.iter().map(cells).collect()
}

fn places(report: &Report) -> Vec<Cells> {
    let cells = |place: &crate::search::Place| vec![escaped(&place.name), place.pieces.to_string(), size(place.bytes)];
    report.places.iter().map(cells).collect()
}

fn finds(report: &Report) -> Vec<Cells> {
    found(&report.finds)
}

fn declared(report: &Report) -> Vec<Cells> {
    found(&report.declared)
}

fn found(finds: &[crate::search::Find]) -> Vec<Cells> {
    let cells = |find: &crate::search::Find| {
        let place = format!("{}, at byte {}", find.place, find.at);
        vec![escaped(&find.what), escaped(&find.encoding.to_string()), escaped(&place), find.times.to_string()]
    };
    finds.iter().map(cells).collect()
}

fn undeclared(report: &Report) -> Vec<Cells> {
    let violations = report.traffic.values().flat_map(|seen| &seen.violations);
    violations.map(|violation| vec![escaped(&violation.what.to_string()), violation.times.to_string()]).collect()
}

fn unsearched(report: &Report) -> Vec<Cells> {
    report.unsearched.lines().iter().map(|line| vec![escaped(line)]).collect()
}

fn said(report: &Report) -> Vec<Cells> {
    let counts = |seen: &Seen| {
        let told = "a network address, and when".to_owned();
        let connections = (format!("connections ({} encrypted)", seen.encrypted), seen.connections, told);
        let requests = seen.requests.iter().map(|(path, count)| (path.clone(), *count, learns::of_request(path)));
        let inside = seen.inside.iter();
        let inside = inside.map(|(path, count)| (format!("{path}, sealed"), *count, learns::of_sealed(path)));
        let messages = seen.messages.iter();
        let messages = messages.map(|(path, count)| (format!("message on {path}"), *count, learns::of_message(path)));
        [connections].into_iter().chain(requests).chain(inside).chain(messages).collect::<Vec<_>>()
    };
    let all = report.traffic.values().flat_map(counts);
    all.map(|(what, count, told)| vec![escaped(&what), count.to_string(), escaped(&told)]).collect()
}

fn self_test(report: &Report) -> Vec<Cells> {
    let Some(outcome) = &report.self_test else { return Vec::new() };
    let places = outcome.places.iter();
    let places = places.map(|(kind, tried)| vec![escaped(kind), tried.planted.to_string(), tried.found.to_string()]);
    let not_tried = outcome.not_tried.iter().map(|line| vec![escaped(line), "not tried".to_owned(), String::new()]);
    places.chain(not_tried).collect()
}

fn kept(report: &Report) -> Vec<Cells> {
    report.kept.iter().map(|line| vec![format!("<code>{}</code>", escaped(line))]).collect()
}

/// A table under its heading; nothing if it has no rows.
fn section(heading: &str, text: &str, columns: &[&str], rows: Vec<Cells>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let is_number = |cell: &str| !cell.is_empty() && cell.starts_with(|letter: char| letter.is_ascii_digit());
    let numbers: Vec<bool> = (0..columns.len())
        .map(|column| rows.iter().all(|row| row.get(column).is_some_and(|cell| is_number(cell))))
        .collect();
    let class = |column: usize| match columns.get(column) {
        Some(&"") => " class=\"mark\"",
        _ if numbers.get(column) == Some(&true) => " class=\"number\"",
        _ => "",
    };
    let line = |tag: &str, cells: Vec<&str>| {
        let cells = cells.iter().enumerate().map(|(column, cell)| format!("<{tag}{}>{cell}</{tag}>", class(column)));
        format!("<tr>{}</tr>\n", cells.collect::<String>())
    };
    let head = line("th", columns.to_vec());
    let body: String = rows.iter().map(|row| line("td", row.iter().map(String::as_str).collect())).collect();
    let kind = if columns.first() == Some(&"Then, in 2014") { " class=\"rows\"" } else { "" };
    format!(
        "<section>\n<h2>{heading}</h2>\n<p class=\"soft\">{text}</p>\n<table{kind}>\n{head}{body}</table>\n</section>\n"
    )
}

/// Text of others as it can stand in a page.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            letter if letter.is_control() => escaped.push('·'),
            letter => escaped.push(letter),
        }
    }
    escaped
}
