//! The address book that is looked up: made up, or one's own.

use std::fs;
use std::path::{Path, PathBuf};

use sealpost_identity::PhoneNumber;

use crate::Result;
use crate::address_book::{self, Acquaintance, REGION};

/// So many people are in a book that is made up.
const PEOPLE: usize = 300;

/// Who is looked up.
#[derive(Debug, Clone)]
pub struct Book {
    /// A file of one's own, if there is one.
    own: Option<PathBuf>,
    /// Those who are looked up, as far as the demo has to know: to look for what is left of them.
    pub(super) people: Vec<Acquaintance>,
}

impl Book {
    /// A book of people of many countries.
    #[must_use]
    pub fn made_up() -> Self {
        Self { own: None, people: address_book::people(PEOPLE) }
    }

    /// A vCard file. Nobody in it is listed, so nobody has to be found.
    ///
    /// # Errors
    /// When it cannot be read, or has no number.
    pub fn of_file(file: &Path) -> Result<Self> {
        let bytes = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let people = people(&String::from_utf8_lossy(&bytes));
        if people.is_empty() {
            return Err(format!("{}: there is no number in it that a vCard has", file.display()).into());
        }
        Ok(Self { own: Some(file.to_owned()), people })
    }

    /// Whether the people are somebody's own.
    pub(super) const fn is_own(&self) -> bool {
        self.own.is_some()
    }

    /// The files to look up, with these people besides in case of a book of one's own.
    pub(super) fn files(&self, directory: &Path, besides: &[Acquaintance]) -> Result<Vec<PathBuf>> {
        let file = directory.join("people.vcf");
        let written = if self.is_own() { besides } else { &self.people };
        fs::write(&file, address_book::vcard(written))?;
        Ok(self.own.clone().into_iter().chain([file]).collect())
    }
}

/// Names and numbers of a vCard file, to be looked for. `sealpost` reads such files by all of their rules; here it is enough to
/// see what stands there plainly.
fn people(text: &str) -> Vec<Acquaintance> {
    let region = REGION.parse().ok();
    let unfolded = text.replace("\r\n ", "").replace("\n ", "");
    let (mut name, mut people) = (String::new(), Vec::new());
    for line in unfolded.lines() {
        let Some((property, value)) = line.split_once(':') else { continue };
        match property.split(';').next().unwrap_or_default().to_ascii_uppercase().as_str() {
            "FN" => name = value.trim().replace('\\', ""),
            "TEL" => {
                let written = value.trim().trim_start_matches("tel:").to_owned();
                let Ok(number) = PhoneNumber::parse(&written, region) else { continue };
                people.push(Acquaintance { name: name.clone(), number: number.expose_e164().to_owned(), written });
            }
            _ => {}
        }
    }
    people
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let made_up = address_book::people(50);
        assert_eq!(people(&address_book::vcard(&made_up)), made_up);
    }

    #[test]
    fn ones_own_file_is_looked_up_beside_those_who_are_to_be_found() {
        let directory = tempfile::tempdir().unwrap();
        let own = directory.path().join("own.vcf");
        fs::write(&own, "BEGIN:VCARD\nFN:Ada\n  King\nTEL;TYPE=cell:tel:+1-202-555-0123\nEND:VCARD\n").unwrap();
        let book = Book::of_file(&own).unwrap();
        assert_eq!((book.people[0].name.as_str(), book.people[0].number.as_str()), ("Ada King", "+12025550123"));
        let files = book.files(directory.path(), &address_book::people(1)).unwrap();
        assert_eq!(files[0], own);
        assert!(fs::read_to_string(&files[1]).unwrap().contains(&address_book::people(1)[0].name));
        fs::write(&own, "BEGIN:VCARD\nFN:Ada\nEND:VCARD\n").unwrap();
        assert!(Book::of_file(&own).is_err() && Book::of_file(&directory.path().join("nowhere.vcf")).is_err());
    }
}
