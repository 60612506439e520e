//! Reading the file: TOML, then keys, then types, then rules.

use std::io;
use std::path::{Path, PathBuf};

use miette::Diagnostic;
use thiserror::Error;
use toml::Spanned;
use toml::de::DeTable;

use super::problem::{File, Problem};
use super::shape::{Shape, section_of, span_of};
use super::{Broken, Configuration, broken};

/// Why there is no configuration.
#[derive(Debug, Error, Diagnostic)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration file {} cannot be read", path.display())]
    #[diagnostic(help("`init` writes one"))]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is not a configuration.
    #[error("the configuration is not valid")]
    Invalid {
        /// All that is wrong with it.
        #[related]
        problems: Vec<Problem>,
    },
}

/// Reads a file; relative paths in it become relative to the file's directory.
///
/// # Errors
/// [`ConfigError`], with every problem that was found.
pub fn load<C: Configuration>(path: &Path) -> Result<C, ConfigError> {
    let unreadable = |source| ConfigError::Read { path: path.to_owned(), source };
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let directory = path.parent().unwrap_or(Path::new(""));
    Ok(parse::<C>(&text, &path.display().to_string())?.rooted_at(directory))
}

/// Reads the text of a file called `name`.
///
/// # Errors
/// [`ConfigError::Invalid`].
pub fn parse<C: Configuration>(text: &str, name: &str) -> Result<C, ConfigError> {
    Reading { file: File { name, text }, shape: Shape(C::SECTIONS) }
        .configuration()
        .map_err(|problems| ConfigError::Invalid { problems })
}

/// Places in a file what is wrong with it although it was read: what only shows beside something else.
#[must_use]
pub fn placed<C: Configuration>(path: &Path, broken: &[Broken]) -> ConfigError {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(source) => return ConfigError::Read { path: path.to_owned(), source },
    };
    let name = path.display().to_string();
    let reading = Reading { file: File { name: &name, text: &text }, shape: Shape(C::SECTIONS) };
    let problems = match DeTable::parse(&text) {
        Ok(top) => broken.iter().map(|broken| reading.wrong_value(&top, broken)).collect(),
        Err(error) => vec![reading.syntax(&error)],
    };
    ConfigError::Invalid { problems }
}

struct Reading<'a> {
    file: File<'a>,
    shape: Shape,
}

impl Reading<'_> {
    fn configuration<C: Configuration>(&self) -> Result<C, Vec<Problem>> {
        let top = DeTable::parse(self.file.text).map_err(|error| vec![self.syntax(&error)])?;
        refuse_any(self.shape.unknown_keys(self.file, &top))?;
        let config: C = toml::from_str(self.file.text).map_err(|error| vec![self.wrong_type(&top, &error)])?;
        refuse_any(broken(&config).iter().map(|broken| self.wrong_value(&top, broken)).collect())?;
        Ok(config)
    }

    fn syntax(&self, error: &toml::de::Error) -> Problem {
        let otherwise = |message| (message, "each section once, and in it each `option = value` once");
        let (what, expected) = error.message().split_once(", expected ").unwrap_or_else(|| otherwise(error.message()));
        self.file.problem(error.span().unwrap_or(0..0), format!("this is not TOML: {what}"), expected)
    }

    fn wrong_type(&self, top: &Spanned<DeTable<'_>>, error: &toml::de::Error) -> Problem {
        let span = error.span().unwrap_or(0..0);
        match self.shape.path_at(top, &span) {
            Some(path) => {
                self.file.problem(span, format!("\"{path}\": {}", error.message()), &self.shape.expected(&path))
            }
            None => self.file.problem(span, error.message().to_owned(), "an option of this file"),
        }
    }

    fn wrong_value(&self, top: &Spanned<DeTable<'_>>, Broken { key, why }: &Broken) -> Problem {
        let span = span_of(top, key).or_else(|| section_of(self.file.text, key)).unwrap_or(0..0);
        self.file.problem(span, format!("\"{key}\": {why}"), &self.shape.expected(key))
    }
}

fn refuse_any(problems: Vec<Problem>) -> Result<(), Vec<Problem>> {
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}
