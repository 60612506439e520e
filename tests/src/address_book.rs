//! Address books that are made up: people of many countries and scripts, the same ones every time.

use std::collections::BTreeSet;
use std::fmt::Write;

/// The countries that are included.
const COUNTRIES: &str = include_str!("../people/countries.txt");

/// Somebody in an address book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acquaintance {
    /// What they are called.
    pub name: String,
    /// Their number in its one spelling, `+` and digits.
    pub number: String,
    /// Their number as it stands in the book.
    pub written: String,
}

struct Country<'a> {
    spelled: &'a str,
    written: &'a str,
    family_first: bool,
    given: Vec<&'a str>,
    family: Vec<&'a str>,
}

/// In which region those numbers are dialled that have no country code.
pub const REGION: &str = "DE";

/// Makes up `count` people, as many of each country: no number twice, and no name.
///
/// There is room for some seven hundred.
#[must_use]
pub fn people(count: usize) -> Vec<Acquaintance> {
    let countries: Vec<_> = COUNTRIES.lines().filter_map(Country::read).collect();
    let mut taken = BTreeSet::new();
    let turns = (0..).flat_map(|turn| countries.iter().map(move |country| country.person(turn)));
    // A country's list of names and numbers comes to its end, and begins again.
    let fresh = turns.take(1_000 * countries.len()).filter(|person| taken.insert(person.number.clone()));
    fresh.take(count).collect()
}

/// The people as a vCard file, of versions 3.0 and 4.0 in turn.
#[must_use]
pub fn vcard(people: &[Acquaintance]) -> String {
    let mut file = String::new();
    for (Acquaintance { name, written, .. }, version) in people.iter().zip(["3.0", "4.0"].iter().cycle()) {
        let name = escaped(name);
        // Writing into a string does not fail.
        let _ =
            write!(file, "BEGIN:VCARD\r\nVERSION:{version}\r\nFN:{name}\r\nTEL;TYPE=cell:{written}\r\nEND:VCARD\r\n");
    }
    file
}

impl<'a> Country<'a> {
    /// A line; `None` for one that says nothing.
    fn read(line: &'a str) -> Option<Self> {
        let fields: Vec<_> = line.split('|').map(str::trim).collect();
        let [_, spelled, written, order, given, family] = fields[..] else { return None };
        let list = |names: &'a str| names.split(',').collect();
        (!line.starts_with('#')).then(|| Self {
            spelled,
            written,
            family_first: order == "f",
            given: list(given),
            family: list(family),
        })
    }

    fn person(&self, turn: usize) -> Acquaintance {
        let name =
            |names: &[&str], place: usize| names.get(place % names.len()).copied().unwrap_or_default().to_owned();
        // Each given name meets each family name before any two meet again.
        let (given, family) = (name(&self.given, turn), name(&self.family, turn + turn / self.given.len()));
        let name = if self.family_first { format!("{family} {given}") } else { format!("{given} {family}") };
        // Consecutive people do not have consecutive numbers.
        let digits = turn * 37 + 11;
        let number = filled(self.spelled, digits).replace(' ', "");
        let written = if turn.is_multiple_of(2) { self.spelled } else { self.written };
        Acquaintance { name, number, written: filled(written, digits) }
    }
}

/// Puts the last digits of `digits` into the places of a pattern.
fn filled(pattern: &str, digits: usize) -> String {
    let places = pattern.matches('#').count();
    let digits = format!("{digits:0places$}");
    let mut digits = digits.chars().skip(digits.len() - places);
    pattern.chars().map(|letter| if letter == '#' { digits.next().unwrap_or('0') } else { letter }).collect()
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace(',', "\\,").replace(';', "\\;")
}

#[cfg(test)]
mod tests {
    use sealpost_identity::PhoneNumber;

    use super::*;

    #[test]
    fn people_differ_in_name_and_number_and_are_the_same_every_time() {
        let people = people(300);
        let distinct = |of: fn(&Acquaintance) -> &str| people.iter().map(of).collect::<BTreeSet<_>>().len();
        assert_eq!((people.len(), distinct(|person| &person.number)), (300, 300));
        assert_eq!(distinct(|person| &person.name), 300);
        assert_eq!(super::people(300), people);
        assert_eq!(super::people(10), people[..10]);
    }

    #[test]
    fn a_number_means_the_same_as_written_and_as_spelled() {
        let region = REGION.parse().ok();
        for Acquaintance { number, written, .. } in people(300) {
            let read = |text: &str, region| PhoneNumber::parse(text, region).map(|read| read.expose_e164().to_owned());
            assert_eq!(read(&number, None).as_deref(), Ok(number.as_str()), "{number}");
            assert_eq!(read(&written, region).as_deref(), Ok(number.as_str()), "{written}");
        }
    }

    #[test]
    fn many_scripts_are_written() {
        let names: String = people(300).into_iter().map(|person| person.name).collect();
        for script in ['ß', 'ł', 'Щ', 'Ω', 'כ', 'م', 'श', '陈', '渡', '황', 'ọ', 'ศ', 'ሄ'] {
            assert!(names.to_lowercase().contains(&script.to_lowercase().to_string()), "{script}");
        }
    }

    #[test]
    fn a_file_has_a_card_for_each_with_what_separates_escaped() {
        let people = [Acquaintance { name: "Pi; Pa, Po".into(), number: "+1".into(), written: "1".into() }];
        let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Pi\\; Pa\\, Po\r\nTEL;TYPE=cell:1\r\nEND:VCARD\r\n";
        assert_eq!(vcard(&people), card);
        assert_eq!(vcard(&super::people(300)).matches("BEGIN:VCARD").count(), 300);
    }
}
