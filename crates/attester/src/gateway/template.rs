//! The text of an SMS.

use std::fmt;
use std::str::FromStr;

use sealpost_identity::attester::Code;
use thiserror::Error;
use zeroize::Zeroizing;

const PLACE: &str = "{code}";
/// What fits one SMS, if all its characters are of the GSM alphabet.
const LONGEST: usize = 160;

/// A text with a place for the code, `{code}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(String);

/// Why a text is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TemplateError {
    /// The code has no place, or more than one.
    #[error("the text does not have {PLACE} in it once")]
    Place,
    /// It does not fit an SMS.
    #[error("the text is longer than the {LONGEST} characters of an SMS")]
    TooLong,
    /// It holds what is not to be read.
    #[error("the text has control characters in it")]
    Unreadable,
}

impl Default for Template {
    fn default() -> Self {
        Self("{code} is your Sealpost code. Whoever asks you for it wants to be you: tell nobody.".into())
    }
}

impl Template {
    /// The text with `code` in its place.
    #[must_use]
    pub fn fill(&self, code: &Code) -> Zeroizing<String> {
        // Made as long as it can get, so that it leaves no shorter copy behind.
        let mut text = Zeroizing::new(String::with_capacity(self.0.len() + Code::DIGITS));
        let (before, after) = self.0.split_once(PLACE).unwrap_or_default();
        [before, code.expose(), after].into_iter().for_each(|part| text.push_str(part));
        text
    }
}

impl FromStr for Template {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        if text.matches(PLACE).count() != 1 {
            return Err(TemplateError::Place);
        }
        if text.chars().count() - PLACE.len() + Code::DIGITS > LONGEST {
            return Err(TemplateError::TooLong);
        }
        // A line break is what programs look for that read a code out of an SMS.
        if text.chars().any(|character| character.is_control() && character != '\n') {
            return Err(TemplateError::Unreadable);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_stands_in_its_place() {
        let code = Code::of(42).unwrap();
        let template: Template = "Code: {code}\n@example.org #{ok}".parse().unwrap();
        assert_eq!(template.fill(&code).as_str(), "Code: 000042\n@example.org #{ok}");
        assert!(Template::default().fill(&code).starts_with("000042 is your Sealpost code."));
        assert_eq!(Template::default().to_string().parse(), Ok(Template::default()));
    }

    #[test]
    fn a_text_that_would_not_do_is_refused() {
        let refused = |text: &str| text.parse::<Template>().unwrap_err();
        assert_eq!(refused("your code"), TemplateError::Place);
        assert_eq!(refused("{code} {code}"), TemplateError::Place);
        assert_eq!(refused("{code}\u{1b}[31m"), TemplateError::Unreadable);
        assert_eq!(refused(&format!("{{code}}{}", "x".repeat(155))), TemplateError::TooLong);
        assert!(format!("{{code}}{}", "é".repeat(154)).parse::<Template>().is_ok());
    }
}
