//! Wrong passphrases, files of something else, and what people are told.

use std::fs;

use sealpost_tests::Result;
use sealpost_tests::person::Person;
use sealpost_tests::server::{Server, Settings};
use serde_json::Value;
use tempfile::TempDir;

fn opted_in() -> Result<(TempDir, Person)> {
    let directory = tempfile::tempdir()?;
    let relay = Server::init(&directory.path().join("relay"), &Settings::default())?;
    let anna = Person::new("anna", &directory.path().join("anna"))?;
    anna.opt_in(relay.reference())?;
    Ok((directory, anna))
}

/// The exit code, and the kind of error that the last line of the log names.
fn refusal(person: &Person, arguments: &[&str]) -> Result<(Option<i32>, String)> {
    let code = person.attempt(arguments)?.status.code();
    let log = fs::read_to_string(person.log())?;
    let error: Value = serde_json::from_str(log.lines().last().unwrap_or_default())?;
    assert!(error["help"].is_string(), "it says what to do: {error}");
    Ok((code, error["error"].as_str().unwrap_or_default().to_owned()))
}

#[test]
fn a_wrong_passphrase_is_told_and_harms_nothing() -> Result<()> {
    let (_directory, anna) = opted_in()?;
    let card = anna.card()?;
    anna.set_passphrase("not the passphrase")?;
    assert_eq!(refusal(&anna, &["card"])?, (Some(3), "wrong-key".to_owned()));
    anna.set_passphrase("the passphrase of anna")?;
    assert_eq!(anna.card()?, card);
    Ok(())
}

#[test]
fn a_directory_of_something_else_is_refused_and_left_as_it_is() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let anna = Person::new("anna", directory.path())?;
    fs::create_dir(anna.profile())?;
    fs::write(anna.profile().join("thesis.odt"), b"ten years of work")?;
    let (code, kind) = refusal(&anna, &["status"])?;
    assert_eq!((code, kind.as_str()), (Some(3), "foreign"));
    assert_eq!(fs::read(anna.profile().join("thesis.odt"))?, b"ten years of work");
    assert_eq!(fs::read_dir(anna.profile())?.count(), 1, "nothing was added");
    Ok(())
}

#[test]
fn a_damaged_store_is_refused_and_left_as_it_is() -> Result<()> {
    let (_directory, anna) = opted_in()?;
    let stores = sealpost_tests::search::files_below(&anna.profile())?;
    let store = stores.iter().max_by_key(|file| fs::metadata(file).map(|data| data.len()).unwrap_or_default());
    let store = store.ok_or("there is no store")?;
    let mut bytes = fs::read(store)?;
    let middle = bytes.len() / 2;
    bytes.iter_mut().skip(middle).for_each(|byte| *byte ^= 0x55);
    fs::write(store, &bytes)?;
    let (code, kind) = refusal(&anna, &["chats"])?;
    assert_eq!(code, Some(3), "{kind}");
    assert_eq!(fs::read(store)?, bytes);
    Ok(())
}

#[test]
fn without_consent_a_command_says_so_and_makes_nothing() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let anna = Person::new("anna", directory.path())?;
    for arguments in [&["card"][..], &["chats"], &["send", "ben", "hi"], &["listen"], &["opt-out", "--yes"]] {
        assert_eq!(refusal(&anna, arguments)?, (Some(4), "no-consent".to_owned()));
    }
    assert!(!anna.profile().exists());
    Ok(())
}

#[test]
fn an_own_number_with_a_typo_stops_everything() -> Result<()> {
    let (_directory, anna) = opted_in()?;
    anna.set_own_numbers("imei 490154203237519\n")?;
    assert_eq!(refusal(&anna, &["chats"])?, (Some(2), "own-number".to_owned()));
    assert!(!fs::read_to_string(anna.log())?.contains("490154203237519"));
    Ok(())
}
