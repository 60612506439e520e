//! Making other people's text harmless on a terminal.

/// `text` for one line of a terminal.
///
/// A message could carry escape sequences that rewrite the screen, or writing-direction marks that reorder what stands
/// beside it. Control characters and such marks are shown as what they are, and the whole is isolated (UAX #9, FSI…PDI),
/// so that right-to-left text keeps to its own column.
pub(crate) fn one_line(text: &str) -> String {
    let mut shown = String::from('\u{2068}');
    for letter in text.chars() {
        match letter {
            '\n' => shown.push('⏎'),
            '\t' => shown.push(' '),
            _ if letter.is_control() || is_direction_mark(letter) => shown.extend(letter.escape_unicode()),
            _ => shown.push(letter),
        }
    }
    shown.push('\u{2069}');
    shown
}

const fn is_direction_mark(letter: char) -> bool {
    matches!(letter, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_do_not_reach_the_terminal() {
        let shown = one_line("\u{1b}[2Jnot your bank\r\u{202e}ok\u{9b}1m\nend");
        assert!(!shown.chars().any(char::is_control), "{shown:?}");
        assert_eq!(shown, "\u{2068}\\u{1b}[2Jnot your bank\\u{d}\\u{202e}ok\\u{9b}1m⏎end\u{2069}");
    }

    #[test]
    fn scripts_and_emoji_stay_as_they_are() {
        for text in ["שלום", "مرحبا", "你好", "नमस्ते", "👩‍👩‍👧"] {
            assert_eq!(one_line(text).trim_matches(['\u{2068}', '\u{2069}']), text);
        }
    }
}
