//! A talk: what two people say to each other, a file of lines `name: text`.

use std::fs;
use std::path::Path;

use crate::Result;

/// The talk that is included.
pub const DEFAULT: &str = include_str!("../talks/default.talk");

/// Two people, and what they say in turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Talk {
    /// Their names, the first to speak first.
    pub names: [String; 2],
    /// What is said.
    pub lines: Vec<Line>,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Who says it, 0 or 1.
    pub speaker: usize,
    /// What.
    pub text: String,
}

impl Talk {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, a line is not `name: text`, or there are not exactly two names.
    pub fn read(file: &Path) -> Result<Self> {
        Self::parse(&fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?)
    }

    /// Reads lines `name: text`; empty lines and those that start with `#` are left out.
    ///
    /// One space behind the colon belongs to the form; all else is text, to the end of the line.
    ///
    /// # Errors
    /// As [`Talk::read`].
    pub fn parse(text: &str) -> Result<Self> {
        let (mut names, mut lines) = (Vec::<String>::new(), Vec::new());
        let spoken = |(_, line): &(usize, &str)| !line.trim().is_empty() && !line.starts_with('#');
        for (number, line) in text.lines().enumerate().filter(spoken) {
            let (name, text) = line.split_once(':').ok_or_else(|| format!("line {}: not `name: text`", number + 1))?;
            let speaker = names.iter().position(|known| known == name.trim()).unwrap_or(names.len());
            if speaker == names.len() {
                names.push(name.trim().to_owned());
            }
            lines.push(Line { speaker, text: text.strip_prefix(' ').unwrap_or(text).to_owned() });
        }
        let names = names.try_into().map_err(|names: Vec<_>| format!("a talk has two people, not {}", names.len()))?;
        Ok(Self { names, lines })
    }

    /// What one of the two says, in order.
    #[must_use]
    pub fn said_by(&self, speaker: usize) -> Vec<&str> {
        self.lines.iter().filter(|line| line.speaker == speaker).map(|line| line.text.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_names_and_texts() {
        let talk = Talk::parse("# a talk\n\nAnna: see: you\nBo:\nAnna:  indented \n").unwrap();
        assert_eq!(talk.names, ["Anna", "Bo"]);
        assert_eq!((talk.said_by(0), talk.said_by(1)), (vec!["see: you", " indented "], vec![""]));
    }

    #[test]
    fn what_is_no_talk_of_two_is_refused() {
        for text in ["", "Anna: alone\n", "A: 1\nB: 2\nC: 3\n", "A: 1\nB 2\n"] {
            assert!(Talk::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_included_talk_has_what_breaks_messengers() {
        let talk = Talk::parse(DEFAULT).unwrap();
        let any = |range: std::ops::RangeInclusive<char>| {
            talk.lines.iter().any(|line| line.text.chars().any(|letter| range.contains(&letter)))
        };
        assert!(talk.lines.len() >= 40);
        for (script, range) in [
            ("Cyrillic", 'а'..='я'),
            ("Hebrew", 'א'..='ת'),
            ("Arabic", 'ا'..='ي'),
            ("Devanagari", 'अ'..='ह'),
            ("Han", '一'..='龥'),
            ("emoji", '😀'..='🙏'),
            ("joiners", '\u{200D}'..='\u{200D}'),
        ] {
            assert!(any(range), "{script}");
        }
        assert!(talk.lines.iter().any(|line| line.text.chars().count() >= 3_000));
        assert!(talk.lines.iter().any(|line| line.text.trim().is_empty()));
    }
}
