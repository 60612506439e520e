//! Numbers as address books write them: as people do, or as `tel:` URIs (RFC 3966).

use percent_encoding::percent_decode_str;
use sealpost_identity::PhoneNumber;
use sealpost_identity::numbers::{PhoneNumberError, Region};
use zeroize::Zeroizing;

use super::Reason;

/// Reads a number; `region` is where those without a country code are dialled.
pub(super) fn parse(text: &str, region: Option<Region>) -> Result<PhoneNumber, Reason> {
    let text = text.trim();
    match text.split_at_checked("tel:".len()) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("tel:") => parse_uri(rest, region),
        // What follows a semicolon is dialled when the call has been taken.
        _ if text.contains(';') => Err(Reason::Extension),
        _ => parse_plain(text, region),
    }
}

fn parse_uri(uri: &str, region: Option<Region>) -> Result<PhoneNumber, Reason> {
    let uri = percent_decode_str(uri).decode_utf8().map_err(|_| Reason::Character)?;
    let (number, parameters) = uri.split_once(';').unwrap_or((&uri, ""));
    let parameter = |name: &str| {
        let all = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
        all.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    };
    if parameter("ext").is_some_and(|extension| !extension.is_empty()) {
        return Err(Reason::Extension);
    }
    match parameter("phone-context") {
        Some(prefix) if prefix.starts_with('+') && !number.starts_with('+') => {
            parse_plain(&Zeroizing::new(format!("{prefix}{number}")), region)
        }
        _ => parse_plain(number, region),
    }
}

fn parse_plain(text: &str, region: Option<Region>) -> Result<PhoneNumber, Reason> {
    PhoneNumber::parse(text, region).map_err(|error| match error {
        PhoneNumberError::CountryCode if region.is_none() && !text.starts_with(['+', '＋']) => Reason::NoRegion,
        error => error.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str, region: &str) -> Result<String, Reason> {
        parse(text, region.parse().ok()).map(|number| number.expose_e164().to_owned())
    }

    #[test]
    fn a_tel_uri_is_read_as_rfc_3966_has_it() {
        for uri in [
            "tel:+49-1512-3456789",
            "TEL:+49.1512(3456789)",
            "tel:1512-3456789;phone-context=+49",
            "tel:%2B4915123456789",
            "tel:+49-1512-3456789;isub=12;ext=",
        ] {
            assert_eq!(parsed(uri, "").as_deref(), Ok("+4915123456789"), "{uri}");
        }
        assert_eq!(parsed("tel:01512-3456789;phone-context=example.com", "DE").as_deref(), Ok("+4915123456789"));
        assert_eq!(parsed("tel:01512-3456789", ""), Err(Reason::NoRegion));
        assert_eq!(parsed("tel:%FF", "DE"), Err(Reason::Character));
    }

    #[test]
    fn an_extension_is_not_the_number_before_it() {
        for text in ["tel:+49-30-123456;ext=12", "+49 30 123456;12#", "tel:+49-30-123456;EXT=0"] {
            assert_eq!(parsed(text, "DE"), Err(Reason::Extension), "{text}");
        }
        assert_eq!(parsed("+49 30 123456 ext. 12", "DE"), Err(Reason::Character));
    }

    #[test]
    fn a_national_form_needs_a_region_and_an_unknown_code_is_something_else() {
        assert_eq!(parsed("01512 3456789", ""), Err(Reason::NoRegion));
        assert_eq!(parsed("01512 3456789", "DE").as_deref(), Ok("+4915123456789"));
        assert_eq!(parsed("+999 1512 3456789", ""), Err(Reason::CountryCode));
        assert_eq!(parsed("+1 202 555 01", "DE"), Err(Reason::TooShort));
    }
}
