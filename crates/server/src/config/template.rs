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

    /// The same with the text `value` for the option `path`: its name, whatever its section, or `section.name`.
    #[must_use]
    pub fn with(self, path: &str, value: &str) -> Self {
        let (section, name) = path.split_once('.').map_or((None, path), |(section, name)| (Some(section), name));
        let prefix = format!("{name} = \"");
        let mut there = section.is_none();
        let set = |line: &str| {
            if let (Some(section), Some(opened)) = (section, line.strip_prefix('[')) {
                there = opened.strip_suffix(']') == Some(section);
            }
            match there && line.starts_with(&prefix) {
                true => format!("{name} = {}\n", toml::Value::from(value)),
                false => format!("{line}\n"),
            }
        };
        Self(self.0.lines().map(set).collect())
    }

    /// The file's text.
    #[must_use]
    pub fn text(self) -> String {
        self.0
    }
}
