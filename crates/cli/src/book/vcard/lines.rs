//! The logical lines of a vCard file, with the numbers of the physical lines in which they start.

use vcard::tree::line::VcardLine;

use super::value;

/// The lines of a text; `None` for one that is none.
pub(super) struct Lines<'a> {
    rest: &'a str,
    /// The physical line at which the rest starts.
    number: u64,
    /// Whether the last line held base64, which 2.1 lets go on in lines that look like nothing.
    in_base64: bool,
}

impl<'a> Lines<'a> {
    pub(super) const fn of(text: &'a str) -> Self {
        Self { rest: text, number: 1, in_base64: false }
    }

    /// Goes on where `left` bytes are left.
    fn go_on(&mut self, left: usize) {
        let (gone, rest) = self.rest.split_at_checked(self.rest.len() - left).unwrap_or((self.rest, ""));
        self.number += gone.bytes().filter(|byte| *byte == b'\n').count() as u64;
        self.rest = rest;
    }

    fn skip_blank_lines(&mut self) {
        while let Some((line, rest)) = self.rest.split_once('\n') {
            if !line.trim().is_empty() {
                return;
            }
            self.in_base64 = false;
            self.go_on(rest.len());
        }
    }

    /// Behind the line, and those that are folded into it: what was looked at once is not looked at again.
    fn skip_line(&mut self) {
        loop {
            self.go_on(self.rest.split_once('\n').map_or(0, |(_, rest)| rest.len()));
            if !self.rest.starts_with([' ', '\t']) {
                return;
            }
        }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = (u64, Option<VcardLine<'a>>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.skip_blank_lines();
            if self.rest.trim().is_empty() {
                return None;
            }
            let number = self.number;
            match VcardLine::take(self.rest.as_bytes()) {
                Ok((line, rest)) => {
                    self.go_on(rest.len());
                    self.in_base64 = value::is_base64(&line);
                    return Some((number, Some(line)));
                }
                Err(_) => self.skip_line(),
            }
            if !self.in_base64 {
                return Some((number, None));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<(u64, Option<String>)> {
        Lines::of(text).map(|(number, line)| (number, line.map(|line| line.bare_name().to_owned()))).collect()
    }

    #[test]
    fn folded_lines_are_one_and_numbered_by_their_first() {
        let text = "A:1\r\n 2\r\n\t3\r\n\r\nB;ENCODING=QUOTED-PRINTABLE:=\r\n4=\r\n5\r\nC:6";
        let names = lines(text).into_iter().map(|(number, name)| (number, name.unwrap())).collect::<Vec<_>>();
        assert_eq!(names, [(1, "A".to_owned()), (5, "B".to_owned()), (8, "C".to_owned())]);
    }

    #[test]
    fn a_line_that_is_none_is_told_once_with_all_that_is_folded_into_it() {
        let name = |name: &str| Some(name.to_owned());
        assert_eq!(lines("A:1\nnothing\n more\n\tmore\nB:2\n   \n"), [(1, name("A")), (2, None), (5, name("B"))]);
    }

    #[test]
    fn unfolded_base64_is_part_of_its_line() {
        let text = "PHOTO;ENCODING=BASE64;TYPE=GIF:\r\nR0lGOD\r\nlhcgGS\r\n\r\nnothing\r\nTEL:1\r\n";
        let name = |name: &str| Some(name.to_owned());
        assert_eq!(lines(text), [(1, name("PHOTO")), (5, None), (6, name("TEL"))]);
    }
}
