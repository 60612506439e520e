//! Values of lines: unescaped, out of quoted-printable, out of their charset.

use encoding_rs::{Encoding, WINDOWS_1252};
use quoted_printable::ParseMode;
use vcard::tree::line::VcardLine;
use zeroize::Zeroizing;

use crate::book::name;

/// The whole value.
pub(super) fn whole(line: &VcardLine<'_>) -> Zeroizing<String> {
    decoded(line, &line.value.decode())
}

/// One of the parts between semicolons.
pub(super) fn component(line: &VcardLine<'_>, index: usize) -> Zeroizing<String> {
    decoded(line, &line.value.decode_component(index))
}

/// `N:Family;Given;Middle;…` as it is spoken.
pub(super) fn structured_name(line: &VcardLine<'_>) -> Zeroizing<String> {
    let parts = [1, 2, 0].map(|index| component(line, index));
    name::of_parts(parts.iter().map(|part| part.as_str()))
}

/// Whether the value is base64: in 2.1 `ENCODING=BASE64` or `BASE64`, in 3.0 `ENCODING=b`.
pub(super) fn is_base64(line: &VcardLine<'_>) -> bool {
    is_encoded(line, "BASE64") || is_encoded(line, "B")
}

/// The file as a whole is Unicode by now; what quoted-printable held is in the line's own charset still.
fn decoded(line: &VcardLine<'_>, text: &str) -> Zeroizing<String> {
    if !is_encoded(line, "QUOTED-PRINTABLE") {
        return Zeroizing::new(text.to_owned());
    }
    let bytes = quoted_printable::decode(text, ParseMode::Robust).map(Zeroizing::new);
    let bytes = bytes.unwrap_or_else(|_| Zeroizing::new(text.as_bytes().to_vec()));
    let declared = parameter(line, "CHARSET").and_then(|label| Encoding::for_label(label.as_bytes()));
    match (declared, str::from_utf8(&bytes)) {
        (None, Ok(text)) => Zeroizing::new(text.to_owned()),
        (declared, _) => {
            let encoding = declared.unwrap_or(WINDOWS_1252);
            Zeroizing::new(encoding.decode_without_bom_handling(&bytes).0.into_owned())
        }
    }
}

/// 2.1 may leave out `ENCODING=`.
fn is_encoded(line: &VcardLine<'_>, encoding: &str) -> bool {
    let alone = line.params.iter().any(|parameter| {
        parameter.values.is_empty() && encoding.len() > 1 && parameter.name.get().eq_ignore_ascii_case(encoding)
    });
    alone || parameter(line, "ENCODING").is_some_and(|value| value.eq_ignore_ascii_case(encoding))
}

fn parameter<'l>(line: &'l VcardLine<'_>, name: &str) -> Option<&'l str> {
    let parameter = line.params.iter().find(|parameter| parameter.name.get().eq_ignore_ascii_case(name))?;
    parameter.values.first().map(|value| value.get().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(line: &str) -> String {
        whole(&VcardLine::take(line.as_bytes()).unwrap().0).to_string()
    }

    #[test]
    fn values_are_freed_of_every_layer() {
        assert_eq!(value(r"FN:King\, Ada"), "King, Ada");
        assert_eq!(value("FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=BCrgen"), "Jürgen");
        assert_eq!(value("FN;QUOTED-PRINTABLE;CHARSET=ISO-8859-1:J=FCrgen"), "Jürgen");
        assert_eq!(value("FN;ENCODING=QUOTED-PRINTABLE:J=FCrgen"), "Jürgen", "no charset, and not UTF-8");
        assert_eq!(value("FN;CHARSET=Shift_JIS;ENCODING=QUOTED-PRINTABLE:=8ER=93c"), "山田");
        assert_eq!(value("FN;ENCODING=QUOTED-PRINTABLE:100=% =ZZ"), "100=% =ZZ");
        assert_eq!(value("TEL:+49=41"), "+49=41", "not declared as encoded");
    }

    #[test]
    fn a_structured_name_is_turned_to_the_order_in_which_it_is_spoken() {
        let name = |line: &str| structured_name(&VcardLine::take(line.as_bytes()).unwrap().0).to_string();
        assert_eq!(name("N:King;Ada;Augusta;;"), "Ada Augusta King");
        assert_eq!(name("N;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6rg"), "Jörg Müller");
        assert_eq!(name("N:King"), "King");
        assert_eq!(name("N:;;;;"), "");
    }
}
