//! A passphrase that is typed: asked for on the terminal, and not shown there.
//!
//! `script` (Debian's bsdutils) gives the client a terminal of its own, and types into it what it is given.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use sealpost_tests::Result;
use sealpost_tests::person::Person;
use sealpost_tests::programs::program;
use sealpost_tests::server::{Server, Settings};

/// Between the prompt and the first key a person takes longer than the client does to turn the echo off.
const A_MOMENT: Duration = Duration::from_millis(300);

/// Types `passphrase` at the prompt of `sealpost status`; gives the exit code and what the terminal showed.
fn status_after_typing(person: &Person, passphrase: &str) -> Result<(Option<i32>, String)> {
    let line = format!("'{}' --profile '{}' status", program("sealpost")?.display(), person.profile().display());
    let mut terminal = Command::new("script")
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .env_remove("SEALPOST_PASSPHRASE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut screen = terminal.stdout.take().ok_or("no screen")?;
    let mut keyboard = terminal.stdin.take().ok_or("no keyboard")?;
    let mut shown = Vec::new();
    while !shown.ends_with(b"Passphrase: ") {
        let mut letter = [0];
        screen.read_exact(&mut letter)?;
        shown.extend(letter);
    }
    sleep(A_MOMENT);
    keyboard.write_all(format!("{passphrase}\n").as_bytes())?;
    screen.read_to_end(&mut shown)?;
    drop(keyboard);
    Ok((terminal.wait()?.code(), String::from_utf8_lossy(&shown).into_owned()))
}

#[test]
fn a_passphrase_that_is_typed_opens_the_profile_and_is_not_shown() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let relay = Server::init(&directory.path().join("relay"), &Settings::default())?;
    let anna = Person::new("anna", &directory.path().join("anna"))?;
    anna.opt_in(relay.reference())?;
    let (code, shown) = status_after_typing(&anna, "the passphrase of anna")?;
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("OPTED IN") && !shown.contains("the passphrase of anna"), "{shown}");
    let (code, shown) = status_after_typing(&anna, "the passphrase of somebody else")?;
    assert_eq!(code, Some(3), "{shown}");
    assert!(shown.contains("does not open this profile") && !shown.contains("OPTED IN"), "{shown}");
    Ok(())
}
