//! Text on a terminal: that of others is made harmless, our own is wrapped.

use unicode_width::UnicodeWidthStr;

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

/// A text of our own in lines of at most 76 columns, each with its end.
pub(crate) fn wrapped(text: &str) -> String {
    const COLUMNS: usize = 76;
    let (mut lines, mut column) = (String::new(), 0);
    for word in text.split_whitespace() {
        let width = word.width();
        if column > 0 && column + 1 + width > COLUMNS {
            lines.push('\n');
            column = 0;
        } else if column > 0 {
            lines.push(' ');
            column += 1;
        }
        lines.push_str(word);
        column += width;
    }
    lines + "\n"
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
    fn long_texts_are_wrapped_between_words() {
        assert_eq!(wrapped("one two"), "one two\n");
        let lines = wrapped(&"eight888 ".repeat(20));
        assert_eq!(lines.lines().map(str::len).collect::<Vec<_>>(), [71, 71, 35]);
    }

    #[test]
    fn scripts_and_emoji_stay_as_they_are() {
        for text in ["שלום", "مرحبا", "你好", "नमस्ते", "👩‍👩‍👧"] {
            assert_eq!(one_line(text).trim_matches(['\u{2068}', '\u{2069}']), text);
        }
    }
}
