//! Which columns of a table are what, by their titles.

use csv::StringRecord;
use zeroize::Zeroizing;

use super::{BookError, name};

/// Titles that the caller gave, where a table has unusual ones.
#[derive(Debug, Clone, Default)]
pub(crate) struct Titles {
    /// The column of names.
    pub(crate) name: Option<String>,
    /// The columns of numbers.
    pub(crate) numbers: Vec<String>,
}

/// The columns that count.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Columns {
    full: Option<usize>,
    /// Given, middle and family name, as spoken.
    parts: [Option<usize>; 3],
    nickname: Option<usize>,
    company: Option<usize>,
    numbers: Vec<usize>,
}

const FULL: &[&str] = &[
    "name",
    "full name",
    "fullname",
    "display name",
    "displayname",
    "contact",
    "contact name",
    "anzeigename",
    "vollständiger name",
    "kontakt",
    "kontaktname",
    "nom complet",
    "nombre completo",
    "nome completo",
];
const GIVEN: &[&str] = &["first name", "firstname", "given name", "vorname", "prénom", "prenom", "nombre", "nome"];
const MIDDLE: &[&str] = &["middle name", "additional name", "zweiter vorname", "weitere vornamen"];
const FAMILY: &[&str] = &[
    "last name",
    "lastname",
    "family name",
    "surname",
    "nachname",
    "familienname",
    "nom",
    "nom de famille",
    "apellido",
    "apellidos",
    "cognome",
];
const NICKNAME: &[&str] = &["nickname", "spitzname"];
const COMPANY: &[&str] =
    &["company", "company name", "organization name", "organization 1 name", "organisation", "firma"];

/// A title with a word that contains one of these is of numbers,
const OF_NUMBERS: &[&str] = &[
    "phone",
    "phon",
    "telefon",
    "mobil",
    "móvil",
    "movil",
    "handy",
    "rufnummer",
    "cell",
    "celular",
    "portable",
    "teléfono",
];
/// or one that is one of these alone,
const NUMBERS: &[&str] = &["tel", "number", "numbers", "nummer", "numéro", "numero", "número", "gsm", "msisdn"];
/// unless it has one of these words: then it says what kind of number another column has, or is not a phone's.
const OF_OTHERS: &[&str] = &["type", "typ", "label", "fax", "pager", "assistant", "assistent", "assistentin"];

impl Columns {
    /// The columns that `titles` names, and those that are known for the rest.
    pub(super) fn of(first: &StringRecord, titles: &Titles) -> Result<Self, BookError> {
        let known: Vec<_> = first.iter().map(normal).collect();
        let mut columns = Self::known(&known);
        if let Some(title) = &titles.name {
            columns = Self { full: Some(place_of(&known, title)?), numbers: columns.numbers, ..Self::default() };
        }
        if !titles.numbers.is_empty() {
            columns.numbers = titles.numbers.iter().map(|title| place_of(&known, title)).collect::<Result<_, _>>()?;
        }
        if columns.numbers.is_empty() {
            return Err(BookError::NoNumberColumn);
        }
        Ok(columns)
    }

    fn known(titles: &[String]) -> Self {
        let place = |of: &[&str]| titles.iter().position(|title| of.contains(&title.as_str()));
        let (full, parts) = (place(FULL), [place(GIVEN), place(MIDDLE), place(FAMILY)]);
        // Beside a first name alone, the "name" is the family's.
        let (full, parts) = match (full, parts) {
            (Some(name), [Some(given), middle, None]) => (None, [Some(given), middle, Some(name)]),
            known => known,
        };
        let numbers = titles.iter().enumerate().filter(|(_, title)| is_of_numbers(title)).map(|(place, _)| place);
        Self { full, parts, nickname: place(NICKNAME), company: place(COMPANY), numbers: numbers.collect() }
    }

    /// What the person of a row is called; empty where it does not say.
    pub(super) fn name(&self, row: &StringRecord) -> Zeroizing<String> {
        let field = |place: Option<usize>| place.and_then(|place| row.get(place)).unwrap_or_default();
        let [full, nickname, company] = [self.full, self.nickname, self.company].map(|place| name::tidy(field(place)));
        name::first([&full, &name::of_parts(self.parts.map(field)), &nickname, &company])
    }

    /// Whether a name has a line break in it.
    pub(super) fn runs_on(&self, row: &StringRecord) -> bool {
        let mut names = self.parts.iter().chain([&self.full, &self.nickname, &self.company]).flatten();
        names.any(|place| row.get(*place).is_some_and(|field| field.trim().contains('\n')))
    }

    /// The fields in which their numbers are.
    pub(super) fn numbers<'r>(&self, row: &'r StringRecord) -> impl Iterator<Item = &'r str> {
        self.numbers.iter().filter_map(|place| row.get(*place))
    }
}

/// Its words, in lower case, with one space between them.
fn normal(title: &str) -> String {
    let words = title.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

fn place_of(titles: &[String], title: &str) -> Result<usize, BookError> {
    titles.iter().position(|known| *known == normal(title)).ok_or(BookError::NoSuchColumn)
}

fn is_of_numbers(title: &str) -> bool {
    // "Phonetic First Name" is how a name is pronounced.
    let other = |word: &str| OF_OTHERS.contains(&word) || word.contains("phonetic");
    let of_numbers = |word: &str| OF_NUMBERS.iter().any(|part| word.contains(part)) || word == "tel";
    let mut words = title.split(' ');
    NUMBERS.contains(&title) || words.clone().any(of_numbers) && !words.any(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(titles: &[&str]) -> Columns {
        Columns::of(&StringRecord::from(titles.to_vec()), &Titles::default()).unwrap()
    }

    fn name(titles: &[&str], row: &[&str]) -> String {
        columns(titles).name(&StringRecord::from(row.to_vec())).to_string()
    }

    #[test]
    fn columns_of_numbers_are_known_by_usual_titles() {
        for title in [
            "Phone 1 - Value",
            "Mobile Phone",
            "Home Phone 2",
            "Telefon (privat)",
            "Mobiltelefon",
            "Handy",
            "Tel.",
            "Number",
            "Téléphone mobile",
            "Teléfono móvil",
            "CELL",
            "Telefonnummer",
            "phoneNumber",
        ] {
            assert_eq!(columns(&["Name", title]).numbers, [1], "{title}");
        }
        for title in [
            "Phone 1 - Type",
            "Phone 1 - Label",
            "Home Fax",
            "Telefax",
            "Pager",
            "Assistant's Phone",
            "Phonetic First Name",
            "First Name Phonetic",
            "House number",
            "E-mail 1 - Value",
            "Notes",
        ] {
            assert_eq!(columns(&["Phone", title]).numbers, [0], "{title}");
        }
    }

    #[test]
    fn a_name_is_the_first_of_its_columns_that_says_something() {
        let titles = ["First Name", "Last Name", "Phone", "Organization Name", "Nickname"];
        assert_eq!(name(&titles, &["Ada", "King", "1", "Engines", "A"]), "Ada King");
        assert_eq!(name(&titles, &["", "", "1", "Engines", "A"]), "A");
        assert_eq!(name(&titles, &["", "", "1", "Engines"]), "Engines");
        assert_eq!(name(&["Name", "Vorname", "Telefon"], &["König", "Ada", "1"]), "Ada König");
        assert_eq!(name(&["Name", "Given Name", "Family Name", "Phone"], &["Ada K.", "Ada", "King"]), "Ada K.");
        assert_eq!(name(&["Phone"], &["1"]), "");
    }

    #[test]
    fn titles_that_the_caller_gives_go_before_known_ones() {
        let first = StringRecord::from(vec!["Name", "Rufname", "Phone", "Erreichbar unter"]);
        let titles = Titles { name: Some("rufname".to_owned()), numbers: vec!["ERREICHBAR UNTER".to_owned()] };
        let columns = Columns::of(&first, &titles).unwrap();
        assert_eq!((columns.full, columns.numbers), (Some(1), vec![3]));
        let titles = Titles { name: None, numbers: vec!["Mobile".to_owned()] };
        assert!(matches!(Columns::of(&first, &titles), Err(BookError::NoSuchColumn)));
    }
}
