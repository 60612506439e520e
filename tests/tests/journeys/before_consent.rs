//! Before consent, not one packet: neither to a relay nor to a name server.
//!
//! Each command runs in a network namespace of its own, in which nothing is reachable, so that the kernel's counters there
//! are the command's alone: they count every packet, and every attempt that found no route. (`quiet` watches the system
//! calls; this watches what would have left, whoever asked for it.)
//!
//! **What fails here**: any counter above zero before consent, or after it from a command that only looks; and a counter
//! that stays at zero when a relay is to be reached, by address or by name: then this test could not fail.

mod namespace;

use sealpost_client::{Options, Profile, Unlock};
use sealpost_tests::Result;
use sealpost_tests::person::Person;
use sealpost_wire::RelayRef;
use sealpost_wire::operator::OperatorSecret;

use namespace::counted;

const NOTHING: [String; 0] = [];

fn relay(host: &str) -> Result<String> {
    let operator = OperatorSecret::random(&mut rand::rng()).public();
    let host = host.parse().map_err(|_| "no host")?;
    Ok(RelayRef { host, operator }.to_string())
}

#[test]
fn before_consent_no_command_sends_a_packet() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let anna = Person::new("anna", directory.path())?;
    let relay = relay("relay.invalid:443")?;
    let commands: [&[&str]; 10] = [
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
    let commands: [&[&str]; 6] = [
        &["status"],
        &["card"],
        &["chats"],
        &["chats", "ben"],
        &["add", "ben", &card],
        &["send", "--no-wait", "ben", "hi"],
    ];
    for arguments in commands {
        assert_eq!(counted(&anna, arguments, "")?, NOTHING, "{arguments:?}");
    }
    Ok(())
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
