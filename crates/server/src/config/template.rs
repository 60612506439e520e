//! The commented example file, with some values of one's own.

use super::Configuration;

/// A commented configuration file in the making.
#[derive(Debug, Clone)]
pub struct Template(String);

impl Template {
    /// The example file of `C`.
    #[must_use]
    pub fn of<C: Configuration>() -> Self {
        Self(C::EXAMPLE.to_owned())
    }

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
