//! The numbers of one's contacts.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::PhoneNumber;
use crate::redacted::redacted;

/// The contacts that an app hands over, each number once. Device-only: see [`crate::numbers`].
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AddressBook(BTreeMap<PhoneNumber, Zeroizing<String>>);

/// One entry, borrowed from its book.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Contact<'a> {
    /// What the contact is called.
    pub name: &'a str,
    /// Their number.
    pub number: &'a PhoneNumber,
}

redacted!(AddressBook);

/// Each of its numbers and names wipes itself.
impl ZeroizeOnDrop for AddressBook {}

impl std::fmt::Debug for Contact<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name: _, number: _ } = self;
        f.write_str("Contact(..)")
    }
}

impl AddressBook {
    /// An empty book.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Enters a contact. A number that is already there keeps its first name; `false` says so.
    pub fn add(&mut self, name: &str, number: PhoneNumber) -> bool {
        match self.0.entry(number) {
            Entry::Vacant(place) => {
                place.insert(Zeroizing::new(name.to_owned()));
                true
            }
            Entry::Occupied(_) => false,
        }
    }

    /// What the number's owner is called.
    #[must_use]
    pub fn name_of(&self, number: &PhoneNumber) -> Option<&str> {
        self.0.get(number).map(|name| name.as_str())
    }

    /// The contacts, in the order of their numbers.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Contact<'_>> {
        self.0.iter().map(|(number, name)| Contact { name, number })
    }

    /// How many numbers there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> PhoneNumber {
        PhoneNumber::parse(text, None).unwrap()
    }

    #[test]
    fn each_number_is_in_the_book_once_under_its_first_name() {
        let mut book = AddressBook::new();
        assert!(book.add("Alice", number("+1 202 555 0123")));
        assert!(!book.add("Alicia", number("+1 (202) 555-0123")));
        assert!(book.add("Bob", number("+49 1512 3456789")));
        assert_eq!(book.iter().map(|contact| contact.name).collect::<Vec<_>>(), ["Alice", "Bob"]);
        assert_eq!(book.name_of(&number("+12025550123")), Some("Alice"));
        assert_eq!((book.len(), book.is_empty()), (2, false));
    }
}
