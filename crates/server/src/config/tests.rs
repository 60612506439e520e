use serde::Deserialize;

use super::*;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    listen: SocketAddr,
    admin: Admin,
    operator_key: PathBuf,
    server: Public,
    tls: Tls,
    connections: Connections,
    log: Log,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8443)),
            admin: Admin::Off,
            operator_key: "operator.key".into(),
            server: Public::default(),
            tls: Tls::default(),
            connections: Connections::default(),
            log: Log::default(),
        }
    }
}

impl Configuration for Config {
    const EXAMPLE: &'static str = "listen = \"127.0.0.1:8443\"\n# Why.\nadmin = \"127.0.0.1:1\"\n";
    const SECTIONS: &'static [Section] = &[
        Section::top(expected::TOP),
        Section::new("server", expected::PUBLIC),
        Section::new("tls", expected::TLS),
        Section::new("tls.acme", expected::ACME),
        Section::new("connections", expected::CONNECTIONS),
        Section::new("log", &[Key::new("format", "anything"), Key::new("colour", "a colour")]),
    ];

    fn serving(&self) -> Serving<'_> {
        Serving {
            listen: self.listen,
            admin: self.admin,
            operator_key: &self.operator_key,
            public: &self.server,
            public_section: "server",
            tls: &self.tls,
            connections: &self.connections,
            oblivious: None,
            body: ByteSize::kib(64),
        }
    }

    fn check(&self, _: &mut Rules) {}

    fn paths(&mut self) -> Vec<&mut PathBuf> {
        vec![&mut self.operator_key, &mut self.tls.certificate, &mut self.tls.key]
    }
}

fn problems(text: &str) -> Vec<String> {
    match parse::<Config>(text, "server.toml") {
        Err(ConfigError::Invalid { problems }) => problems.iter().map(ToString::to_string).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_broken_by_an_option_that_is_not_written_is_placed_at_its_section() {
    let told = problems(
        "listen = \"0.0.0.0:1\"\n\n[tls]\nweb_pki = true\n\n[server]\nhost = \"a.example:1\"\nmoved_to = \"a.example:1\"\n",
    );
    assert!(told.iter().any(|problem| problem.starts_with("server.toml:4:11: \"tls.web_pki\"")), "{told:?}");
    assert!(told.iter().any(|problem| problem.starts_with("server.toml:8:12: \"server.moved_to\"")), "{told:?}");
    let told = problems("listen = \"0.0.0.0:1\"\n\n[tls]\nmode = \"off\"\n[server]\nname = \"\"\n");
    assert!(told.iter().any(|problem| problem.starts_with("server.toml:4:8: \"tls.mode\"")), "{told:?}");
}

#[test]
fn a_template_says_what_a_configuration_does() {
    let config = Config { listen: "0.0.0.0:9".parse().unwrap(), ..Config::default() };
    let text = Template::saying(&config).text();
    assert_eq!(text, "listen = \"0.0.0.0:9\"\n# Why.\nadmin = \"127.0.0.1:1\"\n");
    let added = Template::from_text(text).with_or_added("server", "moved_to", "b.example:2").text();
    assert!(added.ends_with("\n[server]\nmoved_to = \"b.example:2\"\n"), "{added}");
    let changed = Template::from_text(added).with_or_added("server", "moved_to", "c.example:3").text();
    assert_eq!(changed.matches("moved_to").count(), 1);
    let inserted =
        Template::from_text("[server]\nname = \"a\"\n".to_owned()).with_or_added("server", "moved_to", "b:2").text();
    assert_eq!(inserted, "[server]\nmoved_to = \"b:2\"\nname = \"a\"\n");
}

#[test]
fn a_review_finds_what_is_not_of_one_mind() {
    let found = review::<Config>();
    for complaint in [
        "the example file is not the default",
        "without a comment above it: listen = \"127.0.0.1:8443\"",
        "27 options are not in the example file",
        "not listed: log.level",
        "listed in vain: log.colour",
    ] {
        assert!(found.iter().any(|found| found == complaint), "no {complaint} in {found:#?}");
    }
    assert_eq!(found.len(), 5, "{found:#?}");
}

#[test]
fn rules_of_serving_hold_in_whatever_section_they_stand() {
    assert_eq!(
        problems("[server]\nname = \"\"\n[connections]\nstreams = 0"),
        [
            "server.toml:2:8: \"server.name\": not a name to show to people",
            "server.toml:4:11: \"connections.streams\": too little"
        ]
    );
}

#[test]
fn a_section_that_is_unknown_is_one_problem() {
    assert_eq!(problems("[sevrer]\na = 1\nb = 2\n"), ["server.toml:1:2: there is no option \"sevrer\""]);
}

#[test]
fn a_section_that_is_a_value_is_told_to_be_a_table() {
    let Err(ConfigError::Invalid { problems }) = parse::<Config>("tls = 7\n", "server.toml") else { panic!("valid") };
    let report = serde_json::to_value(problems[0].report()).unwrap();
    assert_eq!(report["expected"], "a table: [tls]");
}

#[test]
fn what_only_shows_beside_something_else_is_placed_too() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("server.toml");
    std::fs::write(&path, "listen = \"127.0.0.1:1\"\n\n[tls]\nkey = \"a\"\n").unwrap();
    let broken = [Broken { key: "tls.key".into(), why: "is worn out".into() }];
    let ConfigError::Invalid { problems } = placed::<Config>(&path, &broken) else { panic!("unread") };
    assert_eq!(problems[0].to_string(), format!("{}:4:7: \"tls.key\": is worn out", path.display()));
    assert!(matches!(placed::<Config>(&directory.path().join("no"), &broken), ConfigError::Read { .. }));
}

#[test]
fn relative_paths_lie_beside_the_file() {
    let config = Config { operator_key: "/elsewhere".into(), ..Config::default() }.rooted_at(Path::new("/etc/server"));
    assert_eq!(config.operator_key, Path::new("/elsewhere"));
    assert_eq!(config.tls.key, Path::new("/etc/server/tls.key"));
}

#[test]
fn a_missing_file_says_how_to_get_one() {
    let error = load::<Config>(Path::new("/nowhere/server.toml")).unwrap_err();
    assert!(matches!(error, ConfigError::Read { .. }));
}
