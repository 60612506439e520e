//! Manifests, as relays would answer them.

use data_encoding::HEXLOWER;
use sealpost_wire::manifest::{Limits, Manifest, Retention, Role, SignedManifest, Succession, Tickets, Tls};
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::time::Day;
use sealpost_wire::{RelayRef, SizeClass};

use super::{Manifested, verdict_of};
use crate::samples::parts::operator;

const HOST: &str = "relay.example.org:443";

fn successor() -> OperatorSecret {
    OperatorSecret::from_seed(&[0x5c; 32])
}

fn manifest_of(operator: &OperatorSecret) -> Manifest {
    Manifest {
        versions: vec![1],
        issued: Day(20_000),
        host: HOST.into(),
        name: "A relay".into(),
        region: "eu-de".into(),
        operator: HEXLOWER.encode(operator.public().as_bytes()),
        tls: Tls { keys_sha256: vec!["5a".repeat(32)], web_pki: false },
        retention: Retention { envelope_hours: 336, lease_days: 90 },
        limits: Limits {
            mailbox_envelopes: 10_000,
            mailbox_bytes: 64 << 20,
            deposits_per_minute: 600,
            takes_per_hour: 60,
            shelf_items: 100,
            subscriptions: 256,
            body_bytes: 1 << 20,
        },
        envelope_lengths: SizeClass::ALL.map(SizeClass::envelope_length).to_vec(),
        tickets: Tickets::Off,
        source: "https://example.org/source".into(),
        succession: vec![],
        role: Role::Relay,
        directory: None,
        key_service: None,
        ohttp_keys: None,
        ticket_keys: vec![],
        ticket_attester: None,
        may_lose_seconds: 0,
        moved_to: None,
    }
}

fn answered(shows: &str, manifest: &Manifest, signer: &OperatorSecret, expected: Result<(), &str>) -> Manifested {
    let answer = SignedManifest::sign(manifest, signer).unwrap();
    let pinned = RelayRef { host: HOST.parse().unwrap(), operator: operator().public() }.to_string();
    let verdict = verdict_of(&answer, &pinned);
    assert_eq!(verdict.as_ref().map(|_| ()).map_err(String::as_str), expected, "{shows}");
    Manifested { shows: shows.into(), pinned, answer, verdict }
}

fn moved(from: Manifest, to: &str) -> Manifest {
    Manifest { moved_to: Some(to.into()), ..from }
}

pub(super) fn all() -> Vec<Manifested> {
    let plain = || manifest_of(&operator());
    let step = Succession::sign(&operator(), &successor().public());
    let forged =
        Succession { signature: Succession::sign(&successor(), &operator().public()).signature, ..step.clone() };
    let succeeded = |step| Manifest { succession: vec![step], ..manifest_of(&successor()) };
    vec![
        answered("the pinned operator's", &plain(), &operator(), Ok(())),
        answered("the successor's", &succeeded(step.clone()), &successor(), Ok(())),
        answered("a successor that the pinned key did not sign", &succeeded(forged), &successor(), Err("signature")),
        answered("a stranger's", &manifest_of(&successor()), &successor(), Err("signature")),
        answered("signed by another key than it names", &plain(), &successor(), Err("signature")),
        answered("signed by the former key", &succeeded(step.clone()), &operator(), Err("signature")),
        answered("of one that has moved", &moved(plain(), "relay.example.net:8443"), &operator(), Ok(())),
        answered("of a successor's that has moved", &moved(succeeded(step), "[2001:db8::1]:443"), &successor(), Ok(())),
        answered("of one that has moved to no place", &moved(plain(), "relay.example.net"), &operator(), Ok(())),
        answered("another host's", &Manifest { host: "a:1".into(), ..plain() }, &operator(), Err("host")),
        answered("of version 2 alone", &Manifest { versions: vec![2], ..plain() }, &operator(), Err("version")),
        answered(
            "with other lengths",
            &Manifest { envelope_lengths: vec![4_096], ..plain() },
            &operator(),
            Err("envelope-lengths"),
        ),
    ]
}
