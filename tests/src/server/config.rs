//! A configuration file whose options are changed where they stand.

use crate::Result;

/// The text with another value for one option: `section.name`, or the first `name` in the file. Every option is in the file
/// that `init` writes.
///
/// # Errors
/// When there is no such option.
pub(super) fn with(text: &str, option: &str, value: &str) -> Result<String> {
    let (section, name) = option.split_once('.').unwrap_or(("", option));
    let mut inside = section.is_empty();
    let mut done = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        if let Some(other) = line.strip_prefix('[') {
            inside = section.is_empty() || other.trim_end_matches(']') == section;
        }
        let is_it = inside && !done && line.strip_prefix(name).is_some_and(|rest| rest.starts_with(" = "));
        lines.push(if is_it { format!("{name} = {value}") } else { line.to_owned() });
        done |= is_it;
    }
    if done { Ok(lines.join("\n") + "\n") } else { Err(format!("there is no option {option}").into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_changed_in_its_section_alone() {
        let text = "host = 1\n\n# host = 2\n[tls]\nhost = 3\nhosts = 4\n[log]\nhost = 5\n";
        assert_eq!(with(text, "host", "9").unwrap(), text.replacen("host = 1", "host = 9", 1));
        assert_eq!(with(text, "log.host", "9").unwrap(), text.replace("host = 5", "host = 9"));
        assert!(with(text, "log.hosts", "9").is_err() && with(text, "tls.level", "9").is_err());
    }
}
