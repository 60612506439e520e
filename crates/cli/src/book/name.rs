//! Names, made fit to be a contact's.

use sealpost_client::MAX_NAME;
use zeroize::Zeroizing;

/// `text` without control characters, in single spaces, and as long as a name may be.
pub(super) fn tidy(text: &str) -> Zeroizing<String> {
    let mut tidy = Zeroizing::new(String::with_capacity(MAX_NAME));
    for letter in text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }) {
        let repeats_space = letter.is_whitespace() && (tidy.is_empty() || tidy.ends_with(' '));
        if tidy.len() + letter.len_utf8() > MAX_NAME {
            break;
        }
        if !repeats_space {
            tidy.push(if letter.is_whitespace() { ' ' } else { letter });
        }
    }
    let end = tidy.trim_end().len();
    tidy.truncate(end);
    tidy
}

/// The parts that say something, one after the other.
pub(super) fn of_parts<'a>(parts: impl IntoIterator<Item = &'a str>) -> Zeroizing<String> {
    let mut whole = Zeroizing::new(String::new());
    for part in parts {
        whole.push_str(part);
        whole.push(' ');
    }
    tidy(&whole)
}

/// The first that says something.
pub(super) fn first<'a>(names: impl IntoIterator<Item = &'a Zeroizing<String>>) -> Zeroizing<String> {
    names.into_iter().find(|name| !name.is_empty()).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_line_and_no_longer_than_a_contact_s() {
        assert_eq!(*tidy("  Ada\t\u{A0}King\r\n\u{1b}[2J "), "Ada King [2J");
        assert_eq!(tidy(&"é".repeat(100)).len(), MAX_NAME);
        assert_eq!(*of_parts(["Ada", "", "King"]), "Ada King");
    }
}
