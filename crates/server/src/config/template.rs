//! The commented example file, with some values of one's own.

use toml::Value;

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

    /// The example file of `C`, saying what `config` says: lines are changed only where that is not the default.
    #[must_use]
    pub fn saying<C: Configuration>(config: &C) -> Self {
        let of = |config: &C| Value::try_from(config).ok();
        let (said, usual) = (of(config), of(&C::default()));
        let mut section = "";
        let line = |line: &'static str| {
            section = line.strip_prefix('[').and_then(|opened| opened.strip_suffix(']')).unwrap_or(section);
            let name = line.split_once(" = ").map(|(name, _)| name).filter(|name| !name.starts_with('#'));
            let at = |all: &Option<Value>| option(all.as_ref()?, section, name?).cloned();
            match at(&said) {
                Some(value) if at(&usual).as_ref() != Some(&value) => {
                    format!("{} = {value}\n", name.unwrap_or_default())
                }
                _ => format!("{line}\n"),
            }
        };
        Self(C::EXAMPLE.lines().map(line).collect())
    }

    /// A file that is there.
    #[must_use]
    pub const fn from_text(text: String) -> Self {
        Self(text)
    }

    /// The same with the text `value` for an option of a section, which is added where the file does not have it.
    #[must_use]
    pub fn with_or_added(self, section: &str, name: &str, value: &str) -> Self {
        let changed = self.clone().with(&format!("{section}.{name}"), value);
        let line = format!("{name} = {}\n", Value::from(value));
        if changed.0.contains(&line) {
            return changed;
        }
        let header = format!("[{section}]\n");
        match self.0.split_once(&header) {
            Some((before, after)) => Self(format!("{before}{header}{line}{after}")),
            None => Self(format!("{}\n{header}{line}", self.0)),
        }
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
                true => format!("{name} = {}\n", Value::from(value)),
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

/// An option by its section, "" for none, and name.
fn option<'a>(all: &'a Value, section: &str, name: &str) -> Option<&'a Value> {
    if section.is_empty() { all.get(name) } else { all.get(section)?.get(name) }
}
