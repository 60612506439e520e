//! `sealpost discover`

mod left_out;
mod rows;

use std::time::Duration;

use sealpost_client::{DiscoveryJob, DiscoveryReport, Options, Reason};
use sealpost_identity::PhoneNumber;
use sealpost_identity::numbers::Region;
use serde::Serialize;
use zeroize::Zeroizing;

use self::left_out::LeftOut;
use self::rows::Row;
use super::{consent, words};
use crate::arguments::{Common, Discover};
use crate::book::{Book, Reading, Titles};
use crate::failure::{Exit, Failure};
use crate::interruption::interruption;
use crate::opening;
use crate::output::Output;
use crate::own_numbers;
use crate::progress::Bar;

/// Somebody who is looked for.
struct Sought {
    name: Zeroizing<String>,
    number: PhoneNumber,
    written: Zeroizing<String>,
}

/// The last object, and the last lines.
#[derive(Serialize)]
struct Summary {
    numbers: usize,
    found: usize,
    not_found: usize,
    unknown: usize,
    hashed: usize,
    evaluated: usize,
    read: usize,
    left_out: Vec<LeftOut>,
}

/// Reads the files, looks everyone up, and shows who can be written to, whom it is not known of, and what was left out.
pub(super) async fn run(common: &Common, command: &Discover, output: Output) -> Result<(), Failure> {
    let book = read(command, own_numbers::region(&common.own_numbers)?)?;
    let left_out: Vec<_> = book.unread.iter().map(LeftOut::of).collect();
    if book.contacts.is_empty() {
        output.show(&Summary::of(&[], &DiscoveryReport::default(), left_out), Summary::text)?;
        return Err(Failure::new(Exit::Failed, "empty", "there is no number to look for"));
    }
    let sought = sought(&book);
    let client = opening::opted_in_with(common, options(command))?;
    let access = consent::discovery(&client, command.i_consent, output)?;
    let report = finish(access.discover(book.contacts)?, output).await?;
    let rows = rows::of(&client, &sought, &report)?;
    show(&rows, &report, left_out, output)?;
    verdict(&report)
}

fn read(command: &Discover, home: Option<Region>) -> Result<Book, Failure> {
    let titles = Titles { name: command.name_column.clone(), numbers: command.number_columns.clone() };
    let reading = Reading { region: command.region.or(home), titles };
    Book::read(&command.files, &reading).map_err(|(file, error)| {
        Failure::new(Exit::Failed, "book", format!("{}: {error}", file.display())).with_help(error.help())
    })
}

fn options(command: &Discover) -> Options {
    let pace = if command.at_once { Duration::ZERO } else { Options::default().lookup_pace };
    Options { lookup_pace: pace, ..Options::default() }
}

/// In the order of names, as people look for them.
fn sought(book: &Book) -> Vec<Sought> {
    let of = |contact: sealpost_identity::numbers::Contact<'_>| Sought {
        name: Zeroizing::new(contact.name.to_owned()),
        number: contact.number.clone(),
        written: Zeroizing::new(book.written(contact.number).to_owned()),
    };
    let mut sought: Vec<_> = book.contacts.iter().map(of).collect();
    sought.sort_by_cached_key(|sought| sought.name.to_lowercase());
    sought
}

/// Waits for the job, and shows how far it is. The first interruption ends it with what it has; a second one at once.
async fn finish(mut job: DiscoveryJob, output: Output) -> Result<DiscoveryReport, Failure> {
    let mut bar = Bar::new(output);
    bar.show(&job.progress());
    let mut interrupted = std::pin::pin!(interruption());
    loop {
        tokio::select! {
            progress = job.next() => match progress {
                Some(progress) => bar.show(&progress),
                None => return Ok(job.finish().await?),
            },
            () = &mut interrupted => break,
        }
    }
    bar.ending();
    job.cancel();
    tokio::select! {
        report = job.finish() => Ok(report?),
        () = interruption() => {
            Err(Failure::new(Exit::NotYet, "cancelled", "ended").with_help(words::unknown_advice(Reason::Cancelled)))
        }
    }
}

fn show(rows: &[Row], report: &DiscoveryReport, left_out: Vec<LeftOut>, output: Output) -> Result<(), Failure> {
    let summary = Summary::of(rows, report, left_out);
    output.show_all(rows, rows::text)?;
    output.show(&summary, Summary::text)
}

impl Summary {
    fn of(rows: &[Row], report: &DiscoveryReport, left_out: Vec<LeftOut>) -> Self {
        let DiscoveryReport { hashed, evaluated, read, .. } = *report;
        let count = |found| rows.iter().filter(|row| row.found == found).count();
        let (found, not_found, unknown) = (count(Some(true)), count(Some(false)), count(None));
        Self { numbers: rows.len(), found, not_found, unknown, hashed, evaluated, read, left_out }
    }

    fn text(&self) -> String {
        let Self { numbers, found, not_found, unknown, hashed, evaluated, read, left_out } = self;
        let open = if *unknown == 0 { String::new() } else { format!(", {unknown} not known yet") };
        if *numbers == 0 {
            return left_out::text(left_out);
        }
        format!(
            "\n{numbers} numbers: {found} found, {not_found} not found{open}. This time {hashed} were hashed, {evaluated} \
             evaluated, and {read} buckets read.\n{}",
            left_out::text(left_out)
        )
    }
}

/// Whether it is known of everyone.
fn verdict(report: &DiscoveryReport) -> Result<(), Failure> {
    let unknown = &report.still_unknown;
    let (Some((_, first)), proof) = (unknown.first(), Reason::ProofNeeded) else { return Ok(()) };
    let reason = if unknown.iter().any(|(_, reason)| *reason == proof) { proof } else { *first };
    let message = format!("of {} numbers it is not known yet whether they can be found", unknown.len());
    Err(Failure::new(Exit::NotYet, "unknown", message).with_help(words::unknown_advice(reason)))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use clap::Parser;

    use super::*;
    use crate::arguments::Arguments;
    use crate::commands;

    /// What comes of a look-up by a profile that nobody has opted in with.
    fn without_opt_in(file: &Path, region: &str) -> (Exit, String) {
        let profile = file.with_extension("profile");
        let (file, home) = (file.to_str().unwrap(), profile.to_str().unwrap());
        let arguments = ["sealpost", "discover", file, "--region", region, "--profile", home, "--i-consent"];
        let failure = commands::run(&Arguments::parse_from(arguments), &Output::new(false)).unwrap_err();
        assert!(!profile.exists(), "nothing is made where there is no consent");
        (failure.exit(), failure.kind().to_owned())
    }

    #[test]
    fn the_files_are_read_before_a_profile_is_opened_and_nothing_is_made() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("book.csv");
        assert_eq!(without_opt_in(&file, "DE"), (Exit::Failed, "book".to_owned()));
        fs::write(&file, "Wer,Wo\nAda,0151 23456789\n").unwrap();
        assert_eq!(without_opt_in(&file, "DE"), (Exit::Failed, "book".to_owned()));
        fs::write(&file, "Name,Phone\nAda,0151 23456789\n").unwrap();
        assert_eq!(without_opt_in(&file, "DE"), (Exit::NoConsent, "no-consent".to_owned()));
    }

    #[test]
    fn people_are_in_the_order_of_their_names() {
        let mut book = Book::default();
        for (name, number) in [("bob", "+12025550123"), ("Ada", "+12025550124"), ("Émile", "+12025550125")] {
            book.contacts.add(name, PhoneNumber::parse(number, None).unwrap());
        }
        let names: Vec<_> = sought(&book).into_iter().map(|sought| sought.name.to_string()).collect();
        assert_eq!(names, ["Ada", "bob", "Émile"]);
    }

    #[test]
    fn what_is_not_known_of_somebody_is_not_done_and_says_what_to_do() {
        let mut report = DiscoveryReport { not_found: vec!["Ada".to_owned()], ..DiscoveryReport::default() };
        assert!(verdict(&report).is_ok());
        report.still_unknown = vec![("Bob".to_owned(), Reason::Cancelled), ("Cy".to_owned(), Reason::ProofNeeded)];
        let failure = verdict(&report).unwrap_err();
        assert_eq!(failure.exit(), Exit::NotYet);
        assert!(failure.to_string().starts_with("of 2 numbers"));
        assert!(failure.help_text().unwrap().contains("sealpost publish"), "one proof helps all");
    }
}
