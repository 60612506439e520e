//! A made-up phone: numbers, an address book, things to say. All of it is drawn for one run, and nobody's.

use std::iter::repeat_with;

use rand::Rng;

use crate::Trouble;
use crate::search::Canary;
use crate::values::{Kind, OWN_NUMBER};

/// What a device and its owner have that nobody else is to know.
#[derive(Clone)]
pub(super) struct Phone {
    /// Whose it is: `phone`, `friend`.
    pub(super) owner: &'static str,
    pub(super) imei: String,
    pub(super) imsi: String,
    pub(super) number: String,
    /// The name under which the other one stands in the address book, with their number.
    pub(super) contact: String,
    /// Another entry of the address book: a name and a number.
    pub(super) stranger: (String, String),
    /// What is written.
    pub(super) texts: [String; 2],
}

/// Numbers that are reserved for films.
const FILM_NUMBERS: [&str; 3] = ["+493023125", "+496990009", "+492214710"];

impl Phone {
    /// One whose number is of the range at `place`.
    pub(super) fn random(owner: &'static str, place: usize) -> Result<Self, Trouble> {
        // A type allocation of 00 and test networks are nobody's.
        let imei = with_check_digit(&format!("0010{}", digits(10)));
        let phone = Self {
            owner,
            imei,
            imsi: format!("00101{}", digits(10)),
            number: film_number(place)?,
            contact: format!("{} Quandt {}", word(), film_number(2)?),
            stranger: (format!("{} of the {} street", word(), word()), film_number(2)?),
            texts: [
                format!("Meet {} where the {} is, and bring it along.", word(), word()),
                format!("The {} knows nothing of {}: tell nobody!", word(), word()),
            ],
        };
        Ok(phone)
    }

    /// Knows the other's number, as the other knows this one's.
    pub(super) fn acquaint(&mut self, other: &mut Self) {
        self.contact = format!("{} Quandt {}", word(), other.number);
        other.contact = format!("{} Quandt {}", word(), self.number);
    }

    /// All that is to be looked for. The contact's number is the other's own.
    pub(super) fn canaries(&self) -> Result<Vec<Canary>, Trouble> {
        let contact_number = self.contact.split(' ').next_back().unwrap_or_default();
        let contact_name = self.contact.strip_suffix(contact_number).unwrap_or_default().trim();
        let values = [
            (Kind::Imei, self.imei.as_str(), "IMEI"),
            (Kind::Imsi, &self.imsi, "IMSI"),
            (Kind::Number, &self.number, OWN_NUMBER),
            (Kind::Text, contact_name, "contact's name"),
            (Kind::Text, &self.stranger.0, "address book's other name"),
            (Kind::Number, &self.stranger.1, "address book's other number"),
            (Kind::Text, &self.texts[0], "first text"),
            (Kind::Text, &self.texts[1], "second text"),
        ];
        let named = |(kind, value, what): (Kind, &str, &str)| {
            let what = format!("the {}'s {what}", self.owner);
            Ok(Canary { what: what.clone(), ..kind.canary(value, &what)? })
        };
        values.into_iter().map(named).collect()
    }

    /// What `--own-numbers` reads.
    pub(super) fn own_numbers(&self) -> String {
        format!("imei {}\nimsi {}\nnumber {}\n", self.imei, self.imsi, self.number)
    }

    /// The address book, as phones export it.
    pub(super) fn address_book(&self) -> String {
        let number = self.contact.split(' ').next_back().unwrap_or_default();
        let entries = [(self.contact.as_str(), number), (&self.stranger.0, &self.stranger.1)];
        let card = |(name, number)| format!("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{name}\r\nTEL:{number}\r\nEND:VCARD\r\n");
        entries.into_iter().map(card).collect()
    }
}

fn digits(count: usize) -> String {
    let mut rng = rand::rng();
    repeat_with(|| char::from(rng.random_range(b'0'..=b'9'))).take(count).collect()
}

/// Twelve letters that mean nothing, so that they stand nowhere by chance.
fn word() -> String {
    let mut rng = rand::rng();
    repeat_with(|| char::from(rng.random_range(b'a'..=b'z'))).take(12).collect()
}

fn film_number(place: usize) -> Result<String, Trouble> {
    let start = FILM_NUMBERS.get(place).ok_or("there are three ranges")?;
    Ok(format!("{start}{}", digits(3)))
}

/// Luhn's check digit (3GPP TS 23.003, annex B).
fn with_check_digit(digits: &str) -> String {
    let weighted = digits.bytes().rev().enumerate().map(|(place, digit)| {
        let value = u32::from(digit - b'0') * if place % 2 == 0 { 2 } else { 1 };
        value / 10 + value % 10
    });
    let check = (10 - weighted.sum::<u32>() % 10) % 10;
    format!("{digits}{check}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_are_possible_and_differ() {
        let (mut one, mut other) = (Phone::random("phone", 0).unwrap(), Phone::random("friend", 1).unwrap());
        one.acquaint(&mut other);
        assert!(one.contact.ends_with(&other.number) && other.contact.ends_with(&one.number));
        assert_eq!(one.canaries().unwrap().len(), 8);
        assert!(one.canaries().unwrap().iter().all(|canary| !canary.value.is_too_short()));
        assert_ne!((one.imei, one.texts), (other.imei, other.texts));
        assert_eq!(with_check_digit("49015420323751"), "490154203237518");
    }
}
