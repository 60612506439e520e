//! The file's own shape: which keys stand where.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::expected::KEYS;
use super::problem::{File, Problem};

type Table<'a> = Spanned<DeTable<'a>>;

/// Every key that the program does not know.
pub(super) fn unknown_keys(file: File<'_>, top: &Table<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, span) in keys(top.get_ref(), "") {
        if !KEYS.iter().any(|key| key.path == path) {
            let what = format!("there is no option \"{path}\"");
            let help = nearest(&path).map(|near| format!("did you mean \"{near}\"?"));
            problems.push(file.problem(span, what, &known_beside(&path)).with_help(help));
        }
    }
    problems
}

/// Where the value of `path` stands, if the file sets it.
pub(super) fn span_of(top: &Table<'_>, path: &str) -> Option<Range<usize>> {
    let mut table = top.get_ref();
    let (sections, name) = path.rsplit_once('.').map_or((None, path), |(sections, name)| (Some(sections), name));
    for section in sections.into_iter().flat_map(|sections| sections.split('.')) {
        table = find(table, section)?.get_ref().as_table()?;
    }
    find(table, name).map(Spanned::span)
}

/// The path of the key whose value covers `span`.
pub(super) fn path_at(top: &Table<'_>, span: &Range<usize>) -> Option<String> {
    let covers =
        |path: &String| span_of(top, path).is_some_and(|value| value.start <= span.start && span.end <= value.end);
    keys(top.get_ref(), "").into_iter().map(|(path, _)| path).filter(covers).max_by_key(String::len)
}

fn find<'t, 'a>(table: &'t DeTable<'a>, name: &str) -> Option<&'t Spanned<DeValue<'a>>> {
    table.iter().find(|(key, _)| key.get_ref() == name).map(|(_, value)| value)
}

/// All keys below `table`, with their places; below a section that is unknown itself, none.
fn keys(table: &DeTable<'_>, prefix: &str) -> Vec<(String, Range<usize>)> {
    let mut found = Vec::new();
    for (key, value) in table {
        let path = if prefix.is_empty() { key.get_ref().to_string() } else { format!("{prefix}.{}", key.get_ref()) };
        let known_section = KEYS.iter().any(|key| key.path == path && key.is_section());
        let below = value.get_ref().as_table().filter(|_| known_section);
        found.push((path.clone(), key.span()));
        found.extend(below.into_iter().flat_map(|below| keys(below, &path)));
    }
    found
}

/// The options that may stand where `path` stands.
fn known_beside(path: &str) -> String {
    let section = section(path);
    let names = KEYS.iter().filter(|key| self::section(key.path) == section).map(|key| name(key.path));
    format!("one of {}", names.collect::<Vec<_>>().join(", "))
}

/// The option that `path` most likely means: one close by spelling, or of the same name in another section.
fn nearest(path: &str) -> Option<&'static str> {
    let distance = |key: &&super::expected::Key| strsim::damerau_levenshtein(key.path, path);
    let namesake = KEYS.iter().find(|key| name(key.path) == name(path));
    let close = KEYS.iter().min_by_key(distance).filter(|key| distance(key) <= 3);
    close.or(namesake).map(|key| key.path)
}

fn section(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(section, _)| section)
}

fn name(path: &str) -> &str {
    path.rsplit_once('.').map_or(path, |(_, name)| name)
}
