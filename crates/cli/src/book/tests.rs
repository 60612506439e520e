//! Whole files: what exports of phones hold, and what nobody would export.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;

const SAMPLES: [(&str, &[u8]); 4] = [
    ("phone-2.1.vcf", include_bytes!("samples/phone-2.1.vcf")),
    ("phone-3.0.vcf", include_bytes!("samples/phone-3.0.vcf")),
    ("phone-4.0.vcf", include_bytes!("samples/phone-4.0.vcf")),
    ("phone.csv", include_bytes!("samples/phone.csv")),
];

fn read_as(name: &str, bytes: &[u8], reading: &Reading) -> Result<Book, BookError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    fs::write(&path, bytes).unwrap();
    Book::read(&[path], reading).map_err(|(_, error)| error)
}

fn in_germany() -> Reading {
    Reading { region: "DE".parse().ok(), titles: Titles::default() }
}

fn people(book: &Book) -> Vec<(&str, &str)> {
    book.contacts.iter().map(|contact| (contact.name, contact.number.expose_e164())).collect()
}

fn left_out(book: &Book) -> Vec<(&str, Reason)> {
    book.unread.iter().map(|unread| (unread.name.as_str(), unread.reason)).collect()
}

#[test]
fn twelve_people_are_the_same_in_every_format() {
    for (name, bytes) in SAMPLES {
        let book = read_as(name, bytes, &in_germany()).unwrap();
        let expected = [
            ("Bob \"Bobby\" Smith", "+12025550123"),
            ("María José García López", "+34612345678"),
            ("Zoë O'Neil", "+447911123456"),
            ("Jürgen Müller", "+4915123456780"),
            ("Ada King", "+4915123456789"),
            ("Ada King", "+4930123456"),
            ("Pizza; Pasta, Pane", "+4930654321"),
            ("Ольга Петрова", "+79123456789"),
            ("山田 太郎", "+819012345678"),
        ];
        assert_eq!(people(&book), expected, "{name}");
        let expected = [
            ("Dr. No", Reason::NoNumber),
            ("Too Long", Reason::TooLong),
            ("Ada (work) King", Reason::Duplicate),
            ("Front Desk", Reason::Extension),
        ];
        assert_eq!(left_out(&book), expected, "{name}");
    }
}

#[test]
fn a_number_is_shown_as_the_book_writes_it() {
    let book = read_as("phone.csv", SAMPLES[3].1, &in_germany()).unwrap();
    assert_eq!(book.written(&PhoneNumber::parse("+4930123456", None).unwrap()), "030/123456");
    assert_eq!(book.written(&PhoneNumber::parse("+4930123457", None).unwrap()), "");
}

#[test]
fn without_a_region_what_is_written_in_national_form_is_left_out() {
    let book = read_as("phone-3.0.vcf", SAMPLES[1].1, &Reading::default()).unwrap();
    let without: Vec<_> = book.unread.iter().filter(|unread| unread.reason == Reason::NoRegion).collect();
    let lines: Vec<_> = without.iter().map(|unread| (unread.name.as_str(), unread.line)).collect();
    assert_eq!(lines, [("Ada King", 7), ("Jürgen Müller", 19), ("Pizza; Pasta, Pane", 65)]);
}

#[test]
fn several_files_are_one_book_and_say_where_each_thing_stands() {
    let directory = tempfile::tempdir().unwrap();
    let files: Vec<PathBuf> = SAMPLES.iter().map(|(name, _)| directory.path().join(name)).collect();
    for (file, (_, bytes)) in files.iter().zip(SAMPLES) {
        fs::write(file, bytes).unwrap();
    }
    let one = Book::read(&files[..1], &in_germany()).unwrap();
    let all = Book::read(&files, &in_germany()).unwrap();
    assert_eq!(people(&all), people(&one));
    let last = all.unread.last().unwrap();
    assert_eq!((last.file.as_path(), last.line), (files[3].as_path(), 14));
}

#[test]
fn a_latin_1_table_of_a_german_mail_program_is_read() {
    let text = b"\"Vorname\";\"Nachname\";\"Mobiltelefon\";\"Telefon privat\"\r\n\"J\xFCrgen\";\"M\xFCller\";\"0151 23456780\";\"\"\r\n";
    let book = read_as("kontakte.csv", text, &in_germany()).unwrap();
    assert_eq!(people(&book), [("Jürgen Müller", "+4915123456780")]);
}

#[test]
fn a_row_that_swallowed_others_is_told() {
    let text = "Name,Phone\n\"Ada,+12025550123\nBob,+447911123456\n\"Cy\",+4915123456789\nDee,\"+34612345678\n+34612345679\"\n";
    let book = read_as("a.csv", text.as_bytes(), &Reading::default()).unwrap();
    assert_eq!(people(&book), [("Dee", "+34612345678"), ("Dee", "+34612345679")]);
    assert_eq!(
        book.unread.iter().map(|unread| (unread.line, unread.reason)).collect::<Vec<_>>(),
        [(2, Reason::RunsOn)]
    );
}

#[test]
fn a_card_in_a_card_and_a_card_without_an_end_are_told_apart() {
    let nested =
        "BEGIN:VCARD\nFN:Ada\nAGENT:\nBEGIN:VCARD\nFN:Bob\nTEL:+12025550123\nEND:VCARD\nTEL:+447911123456\nEND:VCARD\n";
    let book = read_as("a.vcf", nested.as_bytes(), &Reading::default()).unwrap();
    assert_eq!(people(&book), [("Bob", "+12025550123"), ("Ada", "+447911123456")]);
    assert!(book.unread.is_empty());
    let cut = "BEGIN:VCARD\nFN:Ada\nTEL:+12025550123\nEND:VCARD\nBEGIN:VCARD\nFN:Bob\nTEL:+4479111234";
    let book = read_as("a.vcf", cut.as_bytes(), &Reading::default()).unwrap();
    assert_eq!((people(&book).len(), left_out(&book)), (1, vec![("Bob", Reason::CutOff)]));
}

#[test]
fn lines_that_no_card_explains_are_told_and_stop_nothing() {
    let text = "END:VCARD\nBEGIN:VCARD\nFN:Ada\nnonsense\n folded\nTEL:+12025550123\nEND:VCARD\nTEL:+447911123456\n";
    let book = read_as("a.vcf", text.as_bytes(), &Reading::default()).unwrap();
    let lines: Vec<_> = book.unread.iter().map(|unread| (unread.line, unread.name.as_str(), unread.reason)).collect();
    assert_eq!(people(&book), [("Ada", "+12025550123")]);
    assert_eq!(lines, [(1, "", Reason::Line), (4, "Ada", Reason::Line), (8, "", Reason::Line)]);
}

#[test]
fn someone_without_a_name_goes_by_their_number() {
    let book = read_as("a.csv", b"Name,Phone\n,+1 202 555 0123\n", &Reading::default()).unwrap();
    assert_eq!(people(&book), [("+1 202 555 0123", "+12025550123")]);
}

fn table_of(entries: usize) -> Vec<u8> {
    let rows = (0..entries).map(|row| format!("Person {row},+1202{:07}\n", 2_000_000 + row));
    std::iter::once("Name,Phone\n".to_owned()).chain(rows).collect::<String>().into_bytes()
}

#[test]
fn fifty_thousand_people_are_read_and_one_more_is_refused() {
    let book = read_as("a.csv", &table_of(Book::MOST_ENTRIES), &Reading::default()).unwrap();
    assert_eq!((book.contacts.len(), book.unread.len()), (Book::MOST_ENTRIES, 0));
    let refused = read_as("a.csv", &table_of(Book::MOST_ENTRIES + 1), &Reading::default());
    assert!(matches!(refused, Err(BookError::TooManyEntries)));
}

#[test]
fn a_book_that_is_mostly_useless_is_refused() {
    let nested = "BEGIN:VCARD\n".repeat(Book::MOST_ENTRIES + 1);
    assert!(matches!(read_as("a.vcf", nested.as_bytes(), &Reading::default()), Err(BookError::TooManyEntries)));
    let useless = "BEGIN:VCARD\n".to_owned() + &"TEL:\n".repeat(Book::MOST_UNREAD + 1) + "END:VCARD\n";
    assert!(matches!(read_as("a.vcf", useless.as_bytes(), &Reading::default()), Err(BookError::TooManyUnread)));
}

#[test]
fn the_longest_folds_are_read_once() {
    // Were each line looked at again from its end on, this would take minutes.
    for line in ["nothing\n", "N;QUOTED-PRINTABLE:=\n", "PHOTO;ENCODING=b:AAAA\n"] {
        let text = line.to_owned() + &" =\n".repeat(file::MOST_BYTES / 64);
        let book = read_as("a.vcf", text.as_bytes(), &Reading::default()).unwrap();
        assert_eq!((book.contacts.len(), left_out(&book)), (0, vec![("", Reason::Line)]), "{line}");
    }
}

#[test]
fn nothing_of_a_book_is_shown_by_debug() {
    let book = read_as("phone.csv", SAMPLES[3].1, &in_germany()).unwrap();
    assert_eq!(format!("{:?}", book.unread.first()), "Some(Unread(line 8, NoNumber))");
}

/// A vCard file in which a part is replaced by anything.
fn damaged() -> impl Strategy<Value = (&'static [u8], Vec<u8>)> {
    let sample = proptest::sample::select(&SAMPLES[..3]);
    let inserted = proptest::collection::vec(any::<u8>(), 0..40);
    (sample, any::<proptest::sample::Index>(), 0..40_usize, inserted).prop_map(
        |((_, bytes), start, length, inserted)| {
            let start = start.index(bytes.len());
            let end = (start + length).min(bytes.len());
            (bytes, [&bytes[..start], &inserted, &bytes[end..]].concat())
        },
    )
}

proptest! {
    #[test]
    fn any_bytes_are_a_book_or_refused(
        name in proptest::sample::select(&["a.vcf", "a.csv", "a"][..]),
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        let _ = read_as(name, &bytes, &in_germany());
    }

    #[test]
    fn any_letters_of_the_format_are_a_book(text in "(BEGIN:VCARD\n)?([A-Z;:=,\"+0-9\\\\ \t\r\n]|TEL|FN:|END:VCARD\n|=3B|ENCODING=QUOTED-PRINTABLE){0,80}") {
        prop_assert!(read_as("a.vcf", text.as_bytes(), &in_germany()).is_ok());
        let _ = read_as("a.csv", text.as_bytes(), &in_germany());
    }

    /// Two people may become one, or a line nothing; whatever else it costs is told.
    #[test]
    fn damage_costs_no_more_than_what_it_hits((whole, damaged) in damaged()) {
        let whole = read_as("a.vcf", whole, &in_germany()).unwrap();
        let damaged = read_as("a.vcf", &damaged, &in_germany()).unwrap();
        let told = damaged.unread.len().saturating_sub(whole.unread.len());
        prop_assert!(damaged.contacts.len() + told + 4 >= whole.contacts.len());
    }
}

#[test]
fn a_directory_is_no_address_book() {
    assert!(matches!(
        Book::read(&[Path::new("/").to_owned()], &Reading::default()),
        Err((_, BookError::Unreadable(_)))
    ));
}
