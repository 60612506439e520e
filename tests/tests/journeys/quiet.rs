//! Nothing leaves the device before consent: not a packet, not a question to a name server, not even a socket.
//!
//! strace shows every system call of the program that has to do with networks, attempts included. A socket pair within
//! the process, by which the runtime hears of signals, is the one that is allowed.

use std::fs;

use sealpost_audit::silence;
use sealpost_client::{Options, Profile, Unlock};
use sealpost_tests::Result;
use sealpost_tests::address_book;
use sealpost_tests::person::Person;
use sealpost_wire::operator::OperatorSecret;

/// A relay that is not there: whoever tries to reach it calls `connect`.
fn relay() -> String {
    let operator = OperatorSecret::random(&mut rand::rng()).public();
    let host = "localhost:9".parse();
    host.map(|host| sealpost_wire::RelayRef { host, operator }.to_string()).unwrap_or_default()
}

/// The network calls of one command, by their names.
fn network_calls(person: &Person, arguments: &[&str], input: &str) -> Result<Vec<String>> {
    let noise = silence::traced(&person.command(arguments)?, input);
    let noise = noise.map_err(|error| format!("{error}: strace is needed (`cargo xtask test` installs it)"))?;
    Ok(noise.calls.unwrap_or_default())
}

#[test]
fn before_consent_no_command_touches_the_network() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let anna = Person::new("anna", directory.path())?;
    let relay = relay();
    let book = directory.path().join("people.vcf").to_string_lossy().into_owned();
    fs::write(&book, address_book::vcard(&address_book::people(3)))?;
    let before = |what: &str| -> Result<()> {
        for arguments in [
            &["status"][..],
            &["card"],
            &["chats"],
            &["send", "ben", "hi"],
            &["listen"],
            &["safety-number", "ben"],
            &["opt-out", "--yes"],
            &["consent", "discovery"],
            &["publish", "+12025550143", "--i-consent"],
            &["discover", &book, "--i-consent"],
        ] {
            assert_eq!(network_calls(&anna, arguments, "")?, [""; 0], "{what}: {arguments:?}");
        }
        assert_eq!(
            network_calls(&anna, &["opt-in", "--relay", &relay], "no\n")?,
            [""; 0],
            "{what}: asked, and declined"
        );
        Ok(())
    };
    before("without a profile")?;
    let unlock = Unlock::passphrase("the passphrase of anna");
    drop(Profile::open(&anna.profile(), &unlock, Options::default())?);
    before("with a profile that has not opted in")
}

#[test]
fn what_would_show_in_the_trace_does_show_after_consent() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let anna = Person::new("anna", directory.path())?;
    anna.opt_in(&relay())?;
    let calls = network_calls(&anna, &["send", "--timeout", "2s", "nobody", "hi"], "")?;
    assert_eq!(calls, [""; 0], "there is no such contact, so there is nothing to send");
    let ben = Person::new("ben", &directory.path().join("ben"))?;
    ben.opt_in(&relay())?;
    anna.call(&["add", "ben", &ben.card()?])?;
    let calls = network_calls(&anna, &["send", "--timeout", "2s", "ben", "hi"], "")?;
    assert!(calls.iter().any(|call| call == "connect"), "{calls:?}");
    Ok(())
}
