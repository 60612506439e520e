//! The file's own shape: which keys stand where.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{File, Problem};

type Table<'a> = Spanned<DeTable<'a>>;

/// An option of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Its name within its section.
    pub name: &'static str,
    /// What is expected of its value.
    pub expected: &'static str,
}

impl Key {
    /// An option and what is expected of its value.
    #[must_use]
    pub const fn new(name: &'static str, expected: &'static str) -> Self {
        Self { name, expected }
    }
}

/// A table of the file.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    /// Its name; empty for what stands at the top. One name may have several lists of keys.
    pub name: &'static str,
    /// Its options.
    pub keys: &'static [Key],
}

impl Section {
    /// The options that stand in no section.
    #[must_use]
    pub const fn top(keys: &'static [Key]) -> Self {
        Self { name: "", keys }
    }

    /// The options of the section `name`.
    #[must_use]
    pub const fn new(name: &'static str, keys: &'static [Key]) -> Self {
        Self { name, keys }
    }

    fn paths(&self) -> impl Iterator<Item = String> {
        self.keys.iter().map(|key| joined(self.name, key.name))
    }
}

/// All options of a program.
#[derive(Clone, Copy)]
pub(super) struct Shape(pub(super) &'static [Section]);

impl Shape {
    /// The paths of all options, without those of sections.
    pub(super) fn options(self) -> impl Iterator<Item = String> {
        self.0.iter().flat_map(Section::paths)
    }

    /// What is expected at `path`.
    pub(super) fn expected(self, path: &str) -> String {
        if self.is_section(path) {
            return format!("a table: [{path}]");
        }
        let (section, name) = split(path);
        let key = self.keys_of(section).find(|key| key.name == name);
        key.map_or("an option of this file", |key| key.expected).to_owned()
    }

    pub(super) fn is_section(self, path: &str) -> bool {
        !path.is_empty() && self.0.iter().any(|section| section.name == path)
    }

    fn is_known(self, path: &str) -> bool {
        let (section, name) = split(path);
        self.is_section(path) || self.keys_of(section).any(|key| key.name == name)
    }

    fn keys_of(self, section: &str) -> impl Iterator<Item = &'static Key> {
        self.0.iter().filter(move |found| found.name == section).flat_map(|found| found.keys)
    }

    /// Every key that the program does not know.
    pub(super) fn unknown_keys(self, file: File<'_>, top: &Table<'_>) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (path, span) in self.keys(top.get_ref(), "") {
            if !self.is_known(&path) {
                let what = format!("there is no option \"{path}\"");
                let help = self.nearest(&path).map(|near| format!("did you mean \"{near}\"?"));
                problems.push(file.problem(span, what, &self.known_beside(&path)).with_help(help));
            }
        }
        problems
    }

    /// The path of the key whose value covers `span`.
    pub(super) fn path_at(self, top: &Table<'_>, span: &Range<usize>) -> Option<String> {
        let covers =
            |path: &String| span_of(top, path).is_some_and(|value| value.start <= span.start && span.end <= value.end);
        self.keys(top.get_ref(), "").into_iter().map(|(path, _)| path).filter(covers).max_by_key(String::len)
    }

    /// All keys below `table`, with their places; below a section that is unknown itself, none.
    fn keys(self, table: &DeTable<'_>, prefix: &str) -> Vec<(String, Range<usize>)> {
        let mut found = Vec::new();
        for (key, value) in table {
            let path = joined(prefix, key.get_ref());
            let below = value.get_ref().as_table().filter(|_| self.is_section(&path));
            found.push((path.clone(), key.span()));
            found.extend(below.into_iter().flat_map(|below| self.keys(below, &path)));
        }
        found
    }

    /// The options that may stand where `path` stands.
    fn known_beside(self, path: &str) -> String {
        let (section, _) = split(path);
        let beside = self.paths().into_iter().filter(|known| split(known).0 == section);
        format!("one of {}", beside.map(|known| split(&known).1.to_owned()).collect::<Vec<_>>().join(", "))
    }

    /// The option that `path` most likely means: one close by spelling, or of the same name in another section.
    fn nearest(self, path: &str) -> Option<String> {
        let known = self.paths();
        let distance = |known: &&String| strsim::damerau_levenshtein(known, path);
        let namesake = known.iter().find(|known| split(known).1 == split(path).1);
        let close = known.iter().min_by_key(distance).filter(|known| distance(known) <= 3);
        close.or(namesake).cloned()
    }

    /// The paths of all options and sections.
    pub(super) fn paths(self) -> Vec<String> {
        let mut paths = Vec::new();
        for section in self.0 {
            if self.is_section(section.name) && !paths.iter().any(|path| path == section.name) {
                paths.push(section.name.to_owned());
            }
            paths.extend(section.paths());
        }
        paths
    }
}

/// Where the value of `path` stands, if the file sets it.
pub(super) fn span_of(top: &Table<'_>, path: &str) -> Option<Range<usize>> {
    let mut table = top.get_ref();
    let (sections, name) = split(path);
    for section in sections.split('.').filter(|section| !section.is_empty()) {
        table = find(table, section)?.get_ref().as_table()?;
    }
    find(table, name).map(Spanned::span)
}

/// Where the section begins in which `path` would stand, if the file has it.
pub(super) fn section_of(text: &str, path: &str) -> Option<Range<usize>> {
    let header = format!("[{}]", split(path).0);
    let start = text.match_indices(&header).map(|(start, _)| start);
    let start = start
        .into_iter()
        .find(|start| text.get(..*start).is_none_or(|before| before.is_empty() || before.ends_with('\n')))?;
    Some(start..start + header.len())
}

fn find<'t, 'a>(table: &'t DeTable<'a>, name: &str) -> Option<&'t Spanned<DeValue<'a>>> {
    table.iter().find(|(key, _)| key.get_ref() == name).map(|(_, value)| value)
}

/// A path's section, empty at the top, and its last name.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('.').unwrap_or(("", path))
}

fn joined(section: &str, name: &str) -> String {
    if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_found_where_its_line_begins() {
        let text = "a = \"[tls]\"\n[tls]\nmode = 1\n";
        assert_eq!(section_of(text, "tls.mode"), Some(12..17));
        assert_eq!(section_of("[tls]\n", "tls.mode"), Some(0..5));
        assert_eq!((section_of(text, "log.level"), section_of("a [tls]", "tls.mode")), (None, None));
    }
}
