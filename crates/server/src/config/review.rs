//! Whether a configuration's struct, its list of options and its example file are of one mind.

use std::iter::once;

use toml::Value;

use super::shape::Shape;
use super::{Configuration, parse};

/// Where `C` and its example file and its list of options do not agree: nowhere, says a test of every program.
#[must_use]
pub fn review<C: Configuration>() -> Vec<String> {
    let example = match parse::<C>(C::EXAMPLE, "the example") {
        Ok(example) if example == C::default() => None,
        Ok(_) => Some("the example file is not the default".to_owned()),
        Err(error) => Some(format!("{error:?}")),
    };
    let shape = Shape(C::SECTIONS);
    let uncommented = lines(C::EXAMPLE).filter(|(comment, _)| !comment.starts_with("# "));
    let uncommented = uncommented.map(|(_, option)| format!("without a comment above it: {option}"));
    let unset = shape.options().count().checked_sub(lines(C::EXAMPLE).count()).filter(|unset| *unset > 0);
    let unset = unset.map(|unset| format!("{unset} options are not in the example file"));
    example.into_iter().chain(uncommented).chain(unset).chain(unlisted::<C>(shape)).collect()
}

/// The lines of a file that set an option, each with the line above it.
fn lines(file: &str) -> impl Iterator<Item = (&str, &str)> {
    let sets = |(_, line): &(&str, &str)| line.contains(" = ") && !line.starts_with('#');
    once("").chain(file.lines()).zip(file.lines()).filter(sets)
}

/// What only one of the struct and the list has.
fn unlisted<C: Configuration>(shape: Shape) -> Vec<String> {
    let Ok(value) = Value::try_from(C::default()) else { return vec!["the default cannot be written".to_owned()] };
    let (mut found, listed) = (Vec::new(), shape.paths());
    collect(&value, "", &mut found);
    let unlisted = found.iter().filter(|path| !listed.contains(path)).map(|path| format!("not listed: {path}"));
    let unfound = listed.iter().filter(|path| !found.contains(path)).map(|path| format!("listed in vain: {path}"));
    unlisted.chain(unfound).collect()
}

fn collect(value: &Value, prefix: &str, found: &mut Vec<String>) {
    for (name, value) in value.as_table().into_iter().flatten() {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        collect(value, &path, found);
        found.push(path);
    }
}
