//! `trust.json`: relay hosts and references, and signed manifests.

mod manifests;

use sealpost_wire::address::RelayRefError;
use sealpost_wire::manifest::{ManifestError, SignedManifest};
use sealpost_wire::{RelayHost, RelayRef};
use serde::{Deserialize, Serialize};

use crate::file::{assert_golden, load};
use crate::samples::parts::operator;

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Trust {
    hosts: Vec<Host>,
    relays: Vec<Relay>,
    manifests: Vec<Manifested>,
}

/// A relay's name as typed, and its one spelling or what is wrong with it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Host {
    typed: String,
    means: Result<String, String>,
}

/// A reference as typed, and its one spelling or what is wrong with it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Relay {
    typed: String,
    means: Result<String, String>,
}

/// What a relay answered, to a client with this reference, and the client's verdict.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Manifested {
    shows: String,
    pinned: String,
    answer: SignedManifest,
    verdict: Result<String, String>,
}

fn error_name(error: RelayRefError) -> String {
    let name = match error {
        RelayRefError::Port => "port",
        RelayRefError::Host => "host",
        RelayRefError::Length => "length",
        RelayRefError::Scheme => "scheme",
        RelayRefError::Operator => "operator",
    };
    name.into()
}

fn verdict_name(error: ManifestError) -> String {
    let name = match error {
        ManifestError::Malformed => "malformed",
        ManifestError::Signature => "signature",
        ManifestError::Version => "version",
        ManifestError::Host => "host",
        ManifestError::EnvelopeLengths => "envelope-lengths",
    };
    name.into()
}

fn host_of(typed: &str) -> Result<String, String> {
    typed.parse::<RelayHost>().map(|host| host.to_string()).map_err(error_name)
}

fn relay_of(typed: &str) -> Result<String, String> {
    typed.parse::<RelayRef>().map(|relay| relay.to_string()).map_err(error_name)
}

/// Where the relay is and who signs for it now, or what is wrong.
fn verdict_of(answer: &SignedManifest, pinned: &str) -> Result<String, String> {
    let pinned: RelayRef = pinned.parse().unwrap();
    let verified = answer.verify(&pinned.host, &pinned.operator).map_err(verdict_name)?;
    let here = RelayRef { host: pinned.host, operator: verified.operator };
    Ok(verified.next().unwrap_or(here).to_string())
}

const GOOD_HOSTS: &[&str] = &["relay.example.org:443", "Relay.Example.ORG:443", "127.0.0.1:8443", "[::1]:8443", "a:1"];
const BAD_HOSTS: &[&str] = &[
    "",
    "relay.example.org",
    "relay.example.org:",
    "relay.example.org:0",
    "relay.example.org:65536",
    "relay:0443",
    ":443",
    "-a.org:443",
    "a-.org:443",
    "a..org:443",
    "a.org.:443",
    "a_b.org:443",
    "a b:443",
    "ä.org:443",
    "127.1:443",
    "2130706433:443",
    "127.0.0.01:443",
    "256.0.0.1:443",
    "::1:443",
    "[::zz]:443",
    "[0:0::1]:443",
    "user@a.org:443",
];

fn made() -> Trust {
    let key = RelayRef { host: "a:1".parse().unwrap(), operator: operator().public() }.to_string();
    let key = key.rsplit('/').next().unwrap();
    let host = |typed: &str| Host { means: host_of(typed), typed: typed.into() };
    let relay = |typed: String| Relay { means: relay_of(&typed), typed };
    let (longest, longer) = (format!("{}.org:443", "a".repeat(56)), format!("{}.org:443", "a".repeat(57)));
    let hosts = GOOD_HOSTS.iter().chain(BAD_HOSTS).copied().chain([longest.as_str(), &longer]).map(host);
    Trust {
        hosts: hosts.collect(),
        relays: vec![
            relay(format!("sealpost-relay:relay.example.org:443/{key}")),
            relay(format!(" sealpost-relay:Relay.example.org:443/{} ", key.to_ascii_lowercase())),
            relay(format!("relay.example.org:443/{key}")),
            relay(format!("sealpost-relay:relay.example.org/{key}")),
            relay("sealpost-relay:relay.example.org:443".into()),
            relay(format!("sealpost-relay:relay.example.org:443/{}", &key[1..])),
            relay(format!("sealpost-relay:relay.example.org:443/{}", "A".repeat(52))),
        ],
        manifests: manifests::all(),
    }
}

#[test]
fn the_file_of_trust_is_what_this_code_makes() {
    assert_golden("trust.json", &made());
}

#[test]
fn relays_are_named_in_one_way() {
    let vectors: Trust = load("trust.json");
    for host in vectors.hosts {
        assert_eq!(host_of(&host.typed), host.means, "{}", host.typed);
        assert_eq!(
            host.means.is_ok(),
            !BAD_HOSTS.contains(&host.typed.as_str()) && host.typed.len() <= 64,
            "{}",
            host.typed
        );
    }
    for relay in vectors.relays {
        assert_eq!(relay_of(&relay.typed), relay.means, "{}", relay.typed);
    }
}

#[test]
fn a_manifest_counts_only_under_the_pinned_key_or_its_successor() {
    for vector in load::<Trust>("trust.json").manifests {
        assert_eq!(verdict_of(&vector.answer, &vector.pinned), vector.verdict, "{}", vector.shows);
    }
}
