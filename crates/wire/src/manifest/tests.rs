use super::*;

const HOST: &str = "relay.example.org:443";

fn host() -> RelayHost {
    HOST.parse().unwrap()
}

fn secret(seed: u8) -> OperatorSecret {
    OperatorSecret::from_seed(&[seed; 32])
}

fn manifest_of(operator: &OperatorSecret) -> Manifest {
    Manifest {
        versions: vec![VERSION],
        issued: Day(20_000),
        host: HOST.into(),
        name: "A relay".into(),
        region: "eu-de".into(),
        operator: HEXLOWER.encode(operator.public().as_bytes()),
        tls: Tls { keys_sha256: vec!["00".repeat(32)], web_pki: false },
        retention: Retention { envelope_hours: 336, lease_days: 90 },
        limits: Limits {
            mailbox_envelopes: 10_000,
            mailbox_bytes: 1 << 26,
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

/// What a client that pinned the key of seed 1 makes of `manifest` when the key of `signer` signed it.
fn judged(manifest: &Manifest, signer: u8) -> Result<OperatorKey, ManifestError> {
    let signed = SignedManifest::sign(manifest, &secret(signer)).unwrap();
    signed.verify(&host(), &secret(1).public()).map(|verified| verified.operator)
}

fn sealed_text(text: &str) -> SignedManifest {
    let signature = BASE64.encode(&secret(1).sign(Purpose::Manifest, text.as_bytes()));
    SignedManifest { manifest: text.into(), signature }
}

#[test]
fn a_relay_that_may_lose_something_says_so_and_others_say_nothing() {
    let operator = OperatorSecret::from_seed(&[1; 32]);
    let careless = Manifest { may_lose_seconds: 2, ..manifest_of(&operator) };
    let text = |manifest: &Manifest| serde_json::to_string(manifest).unwrap();
    assert!(text(&careless).contains("\"may_lose_seconds\":2"));
    assert!(!text(&manifest_of(&operator)).contains("may_lose_seconds"));
    assert_eq!(serde_json::from_str::<Manifest>(&text(&careless)).unwrap(), careless);
}

#[test]
fn a_server_that_has_moved_says_where_to_and_others_say_nothing() {
    let operator = OperatorSecret::from_seed(&[1; 32]);
    let moved = Manifest { moved_to: Some("relay.example.net:443".into()), ..manifest_of(&operator) };
    let text = |manifest: &Manifest| serde_json::to_string(manifest).unwrap();
    assert!(text(&moved).contains("\"moved_to\":\"relay.example.net:443\""));
    assert!(!text(&manifest_of(&operator)).contains("moved_to"));
    assert_eq!(judged(&moved, 1), Ok(operator.public()));
}

#[test]
fn a_manifest_survives_the_network() {
    let manifest = manifest_of(&secret(1));
    let sent = serde_json::to_vec(&SignedManifest::sign(&manifest, &secret(1)).unwrap()).unwrap();
    let verified = SignedManifest::from_json(&sent).unwrap().verify(&host(), &secret(1).public()).unwrap();
    assert_eq!(verified, VerifiedManifest { manifest, operator: secret(1).public() });
}

#[test]
fn only_the_pinned_operator_signs() {
    assert_eq!(judged(&manifest_of(&secret(1)), 2), Err(ManifestError::Signature));
    assert_eq!(judged(&manifest_of(&secret(2)), 2), Err(ManifestError::Signature));
}

#[test]
fn a_changed_manifest_is_refused() {
    let mut signed = SignedManifest::sign(&manifest_of(&secret(1)), &secret(1)).unwrap();
    signed.manifest = signed.manifest.replace("eu-de", "us-va");
    assert_eq!(signed.verify(&host(), &secret(1).public()), Err(ManifestError::Signature));
}

#[test]
fn a_signature_for_another_purpose_is_none() {
    let text = serde_json::to_string(&manifest_of(&secret(1))).unwrap();
    let signature = BASE64.encode(&secret(1).sign(Purpose::Deletion, text.as_bytes()));
    let signed = SignedManifest { manifest: text, signature };
    assert_eq!(signed.verify(&host(), &secret(1).public()), Err(ManifestError::Signature));
}

#[test]
fn another_relays_manifest_is_refused() {
    let elsewhere = Manifest { host: "other.example.org:443".into(), ..manifest_of(&secret(1)) };
    assert_eq!(judged(&elsewhere, 1), Err(ManifestError::Host));
}

#[test]
fn a_relay_of_other_versions_is_refused() {
    for versions in [vec![], vec![VERSION + 1]] {
        assert_eq!(judged(&Manifest { versions, ..manifest_of(&secret(1)) }, 1), Err(ManifestError::Version));
    }
    let both = Manifest { versions: vec![VERSION, VERSION + 1], ..manifest_of(&secret(1)) };
    assert_eq!(judged(&both, 1), Ok(secret(1).public()));
}

#[test]
fn a_relay_of_other_envelope_lengths_is_refused() {
    for envelope_lengths in [vec![], vec![4_052], vec![4_052, 16_340, 65_492, 262_144]] {
        let manifest = Manifest { envelope_lengths, ..manifest_of(&secret(1)) };
        assert_eq!(judged(&manifest, 1), Err(ManifestError::EnvelopeLengths));
    }
}

#[test]
fn a_chain_of_succession_leads_from_the_pinned_key_to_the_present_one() {
    let chain =
        vec![Succession::sign(&secret(1), &secret(2).public()), Succession::sign(&secret(2), &secret(3).public())];
    let manifest = Manifest { succession: chain, ..manifest_of(&secret(3)) };
    assert_eq!(judged(&manifest, 3), Ok(secret(3).public()));
    assert_eq!(judged(&manifest, 1), Err(ManifestError::Signature), "a former key no longer signs");
}

#[test]
fn a_chain_may_begin_before_the_pinned_key() {
    let manifest = Manifest {
        succession: vec![
            Succession::sign(&secret(9), &secret(1).public()),
            Succession::sign(&secret(1), &secret(2).public()),
        ],
        ..manifest_of(&secret(2))
    };
    assert_eq!(judged(&manifest, 2), Ok(secret(2).public()));
}

#[test]
fn a_broken_chain_of_succession_is_refused() {
    let whole = Succession::sign(&secret(1), &secret(2).public());
    let usurped =
        Succession { signature: Succession::sign(&secret(3), &secret(2).public()).signature, ..whole.clone() };
    let redirected = Succession { to: HEXLOWER.encode(secret(3).public().as_bytes()), ..whole.clone() };
    let unreadable = Succession { signature: "=".into(), ..whole };
    let skipping = Succession::sign(&secret(2), &secret(3).public());
    for (step, now) in [(usurped, 2), (redirected, 3), (unreadable, 2), (skipping, 3)] {
        let manifest = Manifest { succession: vec![step], ..manifest_of(&secret(now)) };
        assert_eq!(judged(&manifest, now), Err(ManifestError::Signature));
    }
}

#[test]
fn an_over_long_manifest_is_not_even_parsed() {
    let mut sent = serde_json::to_vec(&sealed_text("{}")).unwrap();
    sent.resize(MAX_LENGTH, b' ');
    assert!(SignedManifest::from_json(&sent).is_ok(), "white space up to the limit is no harm");
    sent.push(b' ');
    assert_eq!(SignedManifest::from_json(&sent), Err(ManifestError::Malformed));
}

#[test]
fn the_wrapper_has_exactly_two_fields() {
    for bad in [r#"{"manifest":"{}"}"#, r#"{"manifest":"{}","signature":"","client":7}"#, "[]", "", "{}"] {
        assert_eq!(SignedManifest::from_json(bad.as_bytes()), Err(ManifestError::Malformed), "{bad}");
    }
}

#[test]
fn a_later_field_inside_is_passed_over() {
    let text = serde_json::to_string(&manifest_of(&secret(1))).unwrap();
    let later = text.replacen('{', r#"{"ticket_keys":[],"#, 1);
    let verified = sealed_text(&later).verify(&host(), &secret(1).public()).unwrap();
    assert_eq!(verified.manifest, manifest_of(&secret(1)));
}

#[test]
fn a_missing_or_repeated_field_inside_is_refused() {
    let text = serde_json::to_string(&manifest_of(&secret(1))).unwrap();
    for bad in [text.replace(r#""region":"eu-de","#, ""), text.replacen('{', r#"{"region":"us-va","#, 1)] {
        assert_eq!(sealed_text(&bad).verify(&host(), &secret(1).public()), Err(ManifestError::Malformed));
    }
}

#[test]
fn printing_shows_no_relay() {
    let signed = SignedManifest::sign(&manifest_of(&secret(1)), &secret(1)).unwrap();
    let verified = signed.verify(&host(), &secret(1).public()).unwrap();
    assert_eq!(format!("{signed:?}"), "SignedManifest(..)");
    assert_eq!(format!("{verified:?}"), "VerifiedManifest { manifest: Manifest(..), operator: OperatorKey(..) }");
}
