use sealpost_server::config::review;

use super::*;

fn problems(text: &str) -> String {
    match parse(text, "attester.toml") {
        Err(ConfigError::Invalid { problems }) => {
            let lines = problems.iter().map(|problem| serde_json::to_string(&problem.report()).unwrap());
            lines.collect::<Vec<_>>().join("\n")
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_example_file_is_the_default_and_comments_on_every_option() {
    assert_eq!(review::<Config>(), Vec::<String>::new());
}

#[test]
fn what_is_left_out_is_as_in_the_example() {
    assert_eq!(parse("", "attester.toml").unwrap(), Config::default());
    let all = "[attester]\n[tls]\n[gateway]\n[limits]\n[connections]\n[log]\n";
    assert_eq!(parse(all, "attester.toml").unwrap(), Config::default());
}

#[test]
fn relative_paths_lie_beside_the_file() {
    let config =
        Config { operator_key: "/elsewhere".into(), ..Config::default() }.rooted_at(Path::new("/etc/attester"));
    assert_eq!(config.operator_key, Path::new("/elsewhere"));
    assert_eq!(config.gateway.secret, Path::new("/etc/attester/gateway.key"));
    assert_eq!(config.gateway.file, Path::new("/etc/attester/sms.jsonl"));
}

#[test]
fn a_value_that_is_none_is_placed_with_what_was_expected() {
    insta::assert_snapshot!(problems("directory = \"sealpost-relay:example.org\"\n"));
    insta::assert_snapshot!(problems("[gateway]\nurl = \"http://sms.example.org/\"\n"));
    insta::assert_snapshot!(problems("[gateway]\ntext = \"your code\"\n"));
}

#[test]
fn all_broken_rules_are_reported_at_once() {
    insta::assert_snapshot!(problems("[limits]\nhashers = 0\n[gateway]\nkind = \"webhook\"\ntimeout = \"1h\"\n"));
}
