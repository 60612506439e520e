//! Texts that people type and relays answer: read in one way, or refused.

use proptest::prelude::*;
use sealpost_wire::manifest::SignedManifest;
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::{RelayHost, RelayRef};

/// Texts that are hosts more often than not.
fn nearly_a_host() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9.-]{0,30}(:[0-9]{0,6})?",
        "([0-9]{1,3}\\.){3}[0-9]{1,3}:[1-9][0-9]{0,4}",
        "\\[[0-9a-f:.]{0,20}\\]:[1-9][0-9]{0,4}",
        any::<String>(),
    ]
}

proptest! {
    #[test]
    fn a_host_that_reads_has_one_spelling_that_reads_the_same(text in nearly_a_host()) {
        if let Ok(host) = text.parse::<RelayHost>() {
            prop_assert_eq!(host.as_str(), text.to_ascii_lowercase());
            prop_assert!(host.as_str().len() <= RelayHost::MAX);
            prop_assert_eq!(host.as_str().parse(), Ok(host.clone()));
            prop_assert_ne!(host.port(), 0);
            let port = format!(":{}", host.port());
            prop_assert!(host.as_str().ends_with(&port));
        }
    }

    #[test]
    fn a_host_that_is_an_address_is_written_as_one(text in nearly_a_host()) {
        if let Ok(host) = text.parse::<RelayHost>() {
            let top = host.host().rsplit('.').next().unwrap_or_default();
            if !host.host().contains(':') && top.starts_with(|first: char| first.is_ascii_digit()) {
                prop_assert!(host.host().parse::<std::net::Ipv4Addr>().is_ok());
            }
        }
    }

    #[test]
    fn every_relay_reference_is_read_back(seed in any::<[u8; 32]>(), port in 1_u16.., name in "[a-z]{1,20}") {
        let host = format!("{name}.example:{port}").parse().unwrap();
        let relay = RelayRef { host, operator: OperatorSecret::from_seed(&seed).public() };
        prop_assert_eq!(relay.to_string().parse(), Ok(relay.clone()));
        prop_assert_eq!(relay.to_string().replace(RelayRef::SCHEME, "").parse::<RelayRef>().ok(), None);
    }

    #[test]
    fn any_answer_is_a_manifest_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in any::<String>()) {
        let answer = format!("{{\"manifest\":{text:?},\"signature\":\"\"}}");
        let host = "relay.example.org:443".parse().unwrap();
        let pinned = OperatorSecret::from_seed(&[1; 32]).public();
        for answer in [bytes.as_slice(), answer.as_bytes()] {
            let trusted = SignedManifest::from_json(answer).and_then(|signed| signed.verify(&host, &pinned));
            prop_assert!(trusted.is_err());
        }
    }
}
