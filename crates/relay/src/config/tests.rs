use sealpost_server::config::review;

use super::*;

#[test]
fn struct_options_and_example_file_are_of_one_mind() {
    assert_eq!(review::<Config>(), Vec::<String>::new());
}

#[test]
fn relative_paths_lie_beside_the_file() {
    let config = Config { data: "/elsewhere".into(), ..Config::default() }.rooted_at(Path::new("/etc/relay"));
    assert_eq!(config.operator_key, Path::new("/etc/relay/operator.key"));
    assert_eq!(config.data, Path::new("/elsewhere"));
}

#[test]
fn a_template_changes_nothing_but_the_named_option() {
    let text = Template::of::<Config>().with("name", "Müller's \"relay\"\\").text();
    let mut expected = Config::default();
    expected.relay.name = "Müller's \"relay\"\\".into();
    assert_eq!(parse(&text, "relay.toml").unwrap(), expected);
    assert_eq!(text.lines().count(), Config::EXAMPLE.lines().count());
}

#[test]
fn a_template_changes_an_option_of_the_named_section_alone() {
    let text = Template::of::<Config>().with("tls.key", "a").with("key_service.keys", "b").with("log.keys", "c").text();
    let mut expected = Config::default();
    (expected.tls.key, expected.key_service.keys) = ("a".into(), "b".into());
    assert_eq!(parse(&text, "relay.toml").unwrap(), expected);
}

fn problems(text: &str) -> Vec<String> {
    match parse(text, "relay.toml") {
        Err(ConfigError::Invalid { problems }) => {
            problems.iter().map(|problem| serde_json::to_string(&problem.report()).unwrap()).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_attester_that_is_none_is_placed_with_what_was_expected() {
    insta::assert_snapshot!(
        problems("role = \"key-service\"\n\n[key_service]\nattester = \"example.org\"\n").join("\n")
    );
    insta::assert_snapshot!(problems("role = \"attester\"\n").join("\n"));
}

#[test]
fn a_typo_is_placed_and_the_right_word_suggested() {
    insta::assert_snapshot!(problems("listen = \"127.0.0.1:1\"\n\n[limits]\nboddy = \"1 MiB\"\n").join("\n"));
}

#[test]
fn an_option_in_the_wrong_section_is_pointed_to_the_right_one() {
    insta::assert_snapshot!(problems("[tls]\nsubscriptions = 7\n").join("\n"));
}

#[test]
fn a_value_of_the_wrong_type_is_placed_with_what_was_expected() {
    insta::assert_snapshot!(problems("[retention]\nenvelopes = \"14 parsecs\"\n").join("\n"));
    insta::assert_snapshot!(problems("listen = 8443\n").join("\n"));
}

#[test]
fn what_is_not_toml_is_placed() {
    insta::assert_snapshot!(problems("listen = \"127.0.0.1:1\n").join("\n"));
    insta::assert_snapshot!(problems("[tls]\n\n[tls]\n").join("\n"));
}

#[test]
fn all_broken_rules_are_reported_at_once() {
    insta::assert_snapshot!(problems("[limits]\nbody = \"1 KiB\"\nshelf_items = 0\n[tls]\nweb_pki = true").join("\n"));
}
