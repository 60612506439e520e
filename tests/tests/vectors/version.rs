//! The version that the text of the protocol speaks of.

const TEXT: &str = include_str!("../../../docs/protocol/relay.md");

#[test]
fn the_text_of_the_protocol_is_of_the_version_that_is_built() {
    let version = TEXT.lines().find_map(|line| line.strip_prefix("Version: "));
    assert_eq!(version, Some(sealpost_wire::VERSION.to_string().as_str()));
}
