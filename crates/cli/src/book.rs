//! Address books: files that phones and mail programs export.
//!
//! What is read here stays here: none of it is logged, and no error repeats a name or a number. Whatever is not used is
//! listed with the reason, and nothing is guessed.

mod columns;
mod csv;
mod error;
mod file;
mod name;
mod number;
#[cfg(test)]
mod tests;
mod unread;
mod vcard;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sealpost_identity::PhoneNumber;
use sealpost_identity::numbers::{AddressBook, Region};
use zeroize::Zeroizing;

pub(crate) use columns::Titles;
pub(crate) use error::BookError;
pub(crate) use unread::{Reason, Unread};

/// What the files hold: whom to look for, and what was left out.
#[derive(Default)]
pub(crate) struct Book {
    /// The numbers, each once.
    pub(crate) contacts: AddressBook,
    /// What is not in it, in the order of the files.
    pub(crate) unread: Vec<Unread>,
    written: BTreeMap<PhoneNumber, Zeroizing<String>>,
    entries: usize,
}

/// How files are to be read.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// Where numbers without a country code are dialled.
    pub(crate) region: Option<Region>,
    /// The columns of a table, where their titles are not known.
    pub(crate) titles: Titles,
}

/// One person, as a file has them.
struct Entry {
    /// Where they start.
    line: u64,
    /// What they are called; empty where the file does not say.
    name: Zeroizing<String>,
    /// Their numbers, as written, and where.
    numbers: Vec<(u64, Zeroizing<String>)>,
}

/// What stands in a file.
enum Found {
    /// Somebody.
    Entry(Entry),
    /// Something that cannot be used.
    Unread { line: u64, name: Zeroizing<String>, reason: Reason },
}

/// Where readers of one format put what they find.
type Sink<'a> = dyn FnMut(Found) -> Result<(), BookError> + 'a;

impl Book {
    /// More people than anyone knows, and what a device hashes in an hour.
    pub(crate) const MOST_ENTRIES: usize = 50_000;
    /// Nobody reads a longer list of what was left out.
    const MOST_UNREAD: usize = 100_000;

    /// Reads all files into one book.
    ///
    /// # Errors
    /// [`BookError`] when a file cannot be read as a whole, with its path. What is wrong with single entries is in
    /// [`Book::unread`].
    pub(crate) fn read(files: &[PathBuf], reading: &Reading) -> Result<Self, (PathBuf, BookError)> {
        let mut book = Self::default();
        for path in files {
            book.read_one(path, reading).map_err(|error| (path.clone(), error))?;
        }
        Ok(book)
    }

    /// The number as it stands in the book.
    pub(crate) fn written(&self, number: &PhoneNumber) -> &str {
        self.written.get(number).map_or("", |written| written)
    }

    fn read_one(&mut self, path: &Path, reading: &Reading) -> Result<(), BookError> {
        let text = file::text(path)?;
        let mut sink = |found| self.enter(path, found, reading.region);
        if file::is_vcard(path, &text) {
            vcard::read(&text, &mut sink)
        } else {
            csv::read(&text, &reading.titles, &mut sink)
        }
    }

    fn enter(&mut self, file: &Path, found: Found, region: Option<Region>) -> Result<(), BookError> {
        match found {
            Found::Entry(entry) => self.enter_numbers(file, &entry, region),
            Found::Unread { line, name, reason } => self.leave_out(file, line, &name, reason),
        }
        match (self.entries, self.unread.len()) {
            (entries, _) if entries > Self::MOST_ENTRIES => Err(BookError::TooManyEntries),
            (_, unread) if unread > Self::MOST_UNREAD => Err(BookError::TooManyUnread),
            _ => Ok(()),
        }
    }

    fn enter_numbers(&mut self, file: &Path, entry: &Entry, region: Option<Region>) {
        self.entries += 1;
        let Entry { line, name, numbers } = entry;
        if numbers.is_empty() {
            self.leave_out(file, *line, name, Reason::NoNumber);
        }
        for (line, written) in numbers {
            // Someone without a name goes by their number; it is theirs, and the name stays on this device.
            let name = if name.is_empty() { name::tidy(written) } else { name.clone() };
            match number::parse(written, region) {
                Ok(number) if self.contacts.add(&name, number.clone()) => {
                    self.written.insert(number, name::tidy(written));
                }
                Ok(number) if self.contacts.name_of(&number) == Some(&name) => {}
                Ok(_) => self.leave_out(file, *line, &name, Reason::Duplicate),
                Err(reason) => self.leave_out(file, *line, &name, reason),
            }
        }
    }

    fn leave_out(&mut self, file: &Path, line: u64, name: &Zeroizing<String>, reason: Reason) {
        self.unread.push(Unread { file: file.to_owned(), line, name: name.clone(), reason });
    }
}
