//! Before consent, not one packet: neither to a relay nor to a name server.
//!
//! Each command runs in a network namespace of its own, in which nothing is reachable, so that the kernel's counters there
//! are the command's alone: they count every packet, and every attempt that found no route. (`quiet` watches the system
//! calls; this watches what would have left, whoever asked for it.)
//!
//! Discovery has a consent of its own: before it, nothing is sent to find anyone; and after it, no card, contact or thread is
//! a reason to look somebody up.
//!
//! **What fails here**: any counter above zero before consent, or after it from a command that only looks; and a counter
//! that stays at zero when a relay is to be reached, by address or by name: then this test could not fail.

mod namespace;

use std::fs;
use std::path::Path;

use sealpost_client::{Options, Profile, Unlock};
use sealpost_tests::Result;
use sealpost_tests::address_book::{self, REGION};
use sealpost_tests::person::Person;
use sealpost_wire::RelayRef;
use sealpost_wire::operator::OperatorSecret;

use namespace::counted;

const NOTHING: [String; 0] = [];
const NUMBER: &str = "+12025550143";

fn relay(host: &str) -> Result<String> {
    let operator = OperatorSecret::random(&mut rand::rng()).public();
    let host = host.parse().map_err(|_| "no host")?;
    Ok(RelayRef { host, operator }.to_string())
}

#[test]
fn before_consent_no_command_sends_a_packet() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let anna = Person::new("anna", directory.path())?;
    let (relay, book) = (relay("relay.invalid:443")?, address_book(directory.path())?);
    let commands: [&[&str]; 14] = [
        &["--help"],
        &["--version"],
        &["status"],
        &["card"],
        &["chats"],
        &["send", "ben", "hi"],
        &["listen", "--once"],
        &["safety-number", "ben"],
        &["opt-out", "--yes"],
        &["opt-in", "--relay", &relay],
        &["consent", "discovery"],
        &["publish", NUMBER, "--i-consent"],
        &["withdraw"],
        &["discover", "--region", REGION, "--i-consent", &book],
    ];
    let all_quiet = |what: &str| -> Result<()> {
        for arguments in commands {
            assert_eq!(counted(&anna, arguments, "no\n")?, NOTHING, "{what}: {arguments:?}");
        }
        Ok(())
    };
    all_quiet("without a profile")?;
    let unlock = Unlock::passphrase("the passphrase of anna");
    assert!(matches!(Profile::open(&anna.profile(), &unlock, Options::default())?, Profile::Fresh(_)));
    all_quiet("with a profile that has not opted in")
}

#[test]
fn what_only_looks_sends_nothing_after_consent_either() -> Result<()> {
    let (_directory, anna, card) = knows_somebody("relay.invalid:443")?;
    looks_around(&anna, &card)
}

#[test]
fn whoever_declines_discovery_is_not_looked_up_and_looks_nobody_up() -> Result<()> {
    let (directory, anna, _card) = knows_somebody("relay.invalid:443")?;
    let book = address_book(directory.path())?;
    let asking: [&[&str]; 3] =
        [&["consent", "discovery"], &["publish", NUMBER], &["discover", "--region", REGION, "--at-once", &book]];
    for arguments in asking {
        assert_eq!(counted(&anna, arguments, "no\n")?, NOTHING, "{arguments:?}");
    }
    assert_eq!(anna.call_one(&["status"])?["discovery"], false, "and it was declined");
    Ok(())
}

#[test]
fn with_consent_to_discovery_opening_or_adding_a_contact_or_a_thread_still_sends_nothing() -> Result<()> {
    let (_directory, anna, card) = knows_somebody("relay.invalid:443")?;
    assert_eq!(counted(&anna, &["consent", "discovery", "--i-consent"], "")?, NOTHING, "the consent itself");
    assert_eq!(anna.call_one(&["status"])?["discovery"], true);
    looks_around(&anna, &card)
}

#[test]
fn the_counters_do_count_what_is_sent_to_find_or_to_be_found() -> Result<()> {
    let (directory, anna, _card) = knows_somebody("127.0.0.1:9")?;
    anna.call(&["consent", "discovery", "--i-consent"])?;
    let book = address_book(directory.path())?;
    let asking: [&[&str]; 2] =
        [&["publish", "--i-consent", NUMBER], &["discover", "--region", REGION, "--at-once", &book]];
    for arguments in asking {
        assert_ne!(counted(&anna, arguments, "")?, NOTHING, "{arguments:?}");
    }
    Ok(())
}

/// Everything that opens a contact or a thread, or makes one.
fn looks_around(anna: &Person, card: &str) -> Result<()> {
    let commands: [&[&str]; 8] = [
        &["status"],
        &["card"],
        &["chats"],
        &["chats", "ben"],
        &["safety-number", "ben"],
        &["add", "ben", card],
        &["accept", "ben"],
        &["send", "--no-wait", "ben", "hi"],
    ];
    for arguments in commands {
        assert_eq!(counted(anna, arguments, "")?, NOTHING, "{arguments:?}");
    }
    Ok(())
}

/// A file with three people.
fn address_book(directory: &Path) -> Result<String> {
    let file = directory.join("people.vcf");
    fs::write(&file, address_book::vcard(&address_book::people(3)))?;
    Ok(file.to_string_lossy().into_owned())
}

#[test]
fn the_counters_do_count_what_is_sent_after_consent() -> Result<()> {
    for host in ["127.0.0.1:9", "relay.invalid:443"] {
        let (_directory, anna, _card) = knows_somebody(host)?;
        assert_ne!(counted(&anna, &["send", "--timeout", "3s", "ben", "hi"], "")?, NOTHING, "{host}");
    }
    Ok(())
}

/// Someone who has consented and has Ben's card, at a relay that cannot be reached.
fn knows_somebody(host: &str) -> Result<(tempfile::TempDir, Person, String)> {
    let directory = tempfile::tempdir()?;
    let (anna, ben) =
        (Person::new("anna", &directory.path().join("a"))?, Person::new("ben", &directory.path().join("b"))?);
    anna.opt_in(&relay(host)?)?;
    ben.opt_in(&relay(host)?)?;
    let card = ben.card()?;
    anna.call(&["add", "ben", &card])?;
    Ok((directory, anna, card))
}
