//! The commented example file, with some values of one's own.

/// The example file.
const EXAMPLE: &str = include_str!("../../../../deploy/sealpost-relay.toml");

/// A commented configuration file in the making.
#[derive(Debug, Clone)]
pub struct Template(String);

impl Default for Template {
    fn default() -> Self {
        Self(EXAMPLE.to_owned())
    }
}

impl Template {
    /// The same with the text `value` for the option that is called `name`, whatever its section.
    #[must_use]
    pub fn with(self, name: &str, value: &str) -> Self {
        let prefix = format!("{name} = \"");
        let set = |line: &str| match line.starts_with(&prefix) {
            true => format!("{name} = {}\n", toml::Value::from(value)),
            false => format!("{line}\n"),
        };
        Self(self.0.lines().map(set).collect())
    }

    /// The file's text.
    #[must_use]
    pub fn text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, parse};

    #[test]
    fn nothing_but_the_named_option_changes() {
        let text = Template::default().with("name", "Müller's \"relay\"\\").text();
        let mut expected = Config::default();
        expected.relay.name = "Müller's \"relay\"\\".into();
        assert_eq!(parse(&text, "relay.toml").unwrap(), expected);
        assert_eq!(text.lines().count(), EXAMPLE.lines().count());
    }
}
