//! The version that the texts of the protocol speak of.

const TEXTS: [(&str, &str); 3] = [
    ("relay.md", include_str!("../../../docs/protocol/relay.md")),
    ("messages.md", include_str!("../../../docs/protocol/messages.md")),
    ("discovery.md", include_str!("../../../docs/protocol/discovery.md")),
];
const FIELDS: [(&str, &str); 2] = [
    ("relay.cddl", include_str!("../../../docs/protocol/relay.cddl")),
    ("attester.cddl", include_str!("../../../docs/protocol/attester.cddl")),
];

#[test]
fn the_texts_of_the_protocol_are_of_the_version_that_is_built() {
    let built = sealpost_wire::VERSION.to_string();
    let says =
        |text: &'static str, start: &str| text.lines().find_map(|line| line.strip_prefix(start)).unwrap_or("none");
    for (name, text) in TEXTS {
        assert_eq!(says(text, "Version: "), built, "{name}");
    }
    for (name, text) in FIELDS {
        assert_eq!(says(text, "version = "), built, "{name}");
    }
}
