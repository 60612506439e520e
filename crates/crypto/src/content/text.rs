//! Text that a person wrote.

use thiserror::Error;
use zeroize::Zeroizing;

use crate::redacted::redacted;

/// The longest text, in bytes of UTF-8: one that fits the largest envelope on every route, with a return address, a
/// card and a session's beginning beside it.
pub const MAX_TEXT: usize = 60_000;

/// A text of at most [`MAX_TEXT`] bytes: wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Text(Zeroizing<String>);

/// A text is longer than [`MAX_TEXT`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the text has {length} bytes, a message holds {MAX_TEXT}")]
pub struct TextTooLong {
    /// The text's length, in bytes of UTF-8.
    pub length: usize,
}

impl Text {
    /// Takes a text over.
    ///
    /// # Errors
    /// [`TextTooLong`]; the text is wiped.
    pub fn new(text: String) -> Result<Self, TextTooLong> {
        let text = Zeroizing::new(text);
        if text.len() > MAX_TEXT { Err(TextTooLong { length: text.len() }) } else { Ok(Self(text)) }
    }

    /// The text, to show or to store encrypted.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

redacted!(Text);
