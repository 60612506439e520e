//! Reading the file: TOML, then keys, then types, then rules.

use std::io;
use std::path::{Path, PathBuf};

use miette::Diagnostic;
use thiserror::Error;
use toml::Spanned;
use toml::de::DeTable;

use super::expected::expected;
use super::problem::{File, Problem};
use super::{Config, rules, shape};

/// Why there is no configuration.
#[derive(Debug, Error, Diagnostic)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration file {} cannot be read", path.display())]
    #[diagnostic(help("`sealpost-relay init` writes one"))]
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
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let unreadable = |source| ConfigError::Read { path: path.to_owned(), source };
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let directory = path.parent().unwrap_or(Path::new(""));
    Ok(parse(&text, &path.display().to_string())?.rooted_at(directory))
}

/// Reads the text of a file called `name`.
///
/// # Errors
/// [`ConfigError::Invalid`].
pub fn parse(text: &str, name: &str) -> Result<Config, ConfigError> {
    let file = File { name, text };
    check(file).map_err(|problems| ConfigError::Invalid { problems })
}

fn check(file: File<'_>) -> Result<Config, Vec<Problem>> {
    let top = DeTable::parse(file.text).map_err(|error| vec![syntax(file, &error)])?;
    refuse_any(shape::unknown_keys(file, &top))?;
    let config: Config = toml::from_str(file.text).map_err(|error| vec![wrong_type(file, &top, &error)])?;
    refuse_any(rules::broken(&config).into_iter().map(|broken| wrong_value(file, &top, broken)).collect())?;
    Ok(config)
}

fn refuse_any(problems: Vec<Problem>) -> Result<(), Vec<Problem>> {
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn syntax(file: File<'_>, error: &toml::de::Error) -> Problem {
    file.problem(error.span().unwrap_or(0..0), "this is not TOML".to_owned(), error.message())
}

fn wrong_type(file: File<'_>, top: &Spanned<DeTable<'_>>, error: &toml::de::Error) -> Problem {
    let span = error.span().unwrap_or(0..0);
    match shape::path_at(top, &span) {
        Some(path) => file.problem(span, format!("\"{path}\": {}", error.message()), expected(&path)),
        None => file.problem(span, error.message().to_owned(), "an option of this file"),
    }
}

fn wrong_value(file: File<'_>, top: &Spanned<DeTable<'_>>, (key, why): rules::Broken) -> Problem {
    let span = shape::span_of(top, key).unwrap_or(0..0);
    file.problem(span, format!("\"{key}\": {why}"), expected(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        match parse(text, "relay.toml") {
            Err(ConfigError::Invalid { problems }) => {
                problems.iter().map(|problem| serde_json::to_string(&problem.report()).unwrap()).collect()
            }
            other => panic!("{other:?}"),
        }
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
    }

    #[test]
    fn all_broken_rules_are_reported_at_once() {
        insta::assert_snapshot!(
            problems("[limits]\nbody = \"1 KiB\"\nshelf_items = 0\n[tls]\nweb_pki = true").join("\n")
        );
    }

    #[test]
    fn a_missing_file_says_how_to_get_one() {
        let error = load(Path::new("/nowhere/relay.toml")).unwrap_err();
        assert!(matches!(error, ConfigError::Read { .. }));
    }
}
