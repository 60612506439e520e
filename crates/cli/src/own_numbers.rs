//! The device's own numbers, read from flags and files, for the tripwire alone.

use std::fs;
use std::path::Path;

use sealpost_identity::numbers::Region;
use sealpost_identity::tripwire::{OwnNumber, Tripwire};
use sealpost_identity::{Imei, Imsi, PhoneNumber};
use zeroize::Zeroizing;

use crate::arguments::OwnNumbers;
use crate::failure::{Exit, Failure};

/// The tripwire over all numbers that were handed in; over none if there are none.
pub(crate) fn tripwire(arguments: &OwnNumbers) -> Result<Tripwire, Failure> {
    all(arguments).map(Tripwire::new)
}

/// Where the first phone number among them is dialled without its country code.
pub(crate) fn region(arguments: &OwnNumbers) -> Result<Option<Region>, Failure> {
    Ok(all(arguments)?.iter().find_map(|number| match number {
        OwnNumber::Phone(number) => number.region(),
        OwnNumber::Imei(_) | OwnNumber::Imsi(_) => None,
    }))
}

fn all(arguments: &OwnNumbers) -> Result<Vec<OwnNumber>, Failure> {
    let flags = [("imei", &arguments.imei), ("imsi", &arguments.imsi), ("number", &arguments.own_number)];
    let flags = flags.into_iter().flat_map(|(kind, texts)| texts.iter().map(move |text| parse(kind, text)));
    let mut numbers = flags.collect::<Result<Vec<_>, _>>()?;
    if let Some(file) = &arguments.own_numbers {
        numbers.extend(read(file)?);
    }
    Ok(numbers)
}

fn read(file: &Path) -> Result<Vec<OwnNumber>, Failure> {
    let text = fs::read_to_string(file).map(Zeroizing::new);
    let text = text.map_err(|error| bad(&format!("the file of own numbers cannot be read: {error}")))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split_once(' ').ok_or_else(malformed).and_then(|(kind, text)| parse(kind, text))).collect()
}

fn parse(kind: &str, text: &str) -> Result<OwnNumber, Failure> {
    match kind {
        "imei" => Imei::parse(text).map(OwnNumber::Imei).map_err(|error| bad(&format!("--imei: {error}"))),
        "imsi" => Imsi::parse(text).map(OwnNumber::Imsi).map_err(|error| bad(&format!("--imsi: {error}"))),
        "number" => {
            PhoneNumber::parse(text, None).map(OwnNumber::Phone).map_err(|error| bad(&format!("--own-number: {error}")))
        }
        _ => Err(malformed()),
    }
}

fn malformed() -> Failure {
    bad("a line of the file of own numbers is neither `imei …` nor `imsi …` nor `number …`")
}

/// A message of it does not repeat the number.
fn bad(message: &str) -> Failure {
    Failure::new(Exit::Usage, "own-number", message).with_help("nothing was sent; correct it, or leave it out")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_file<T>(text: &str, read: fn(&OwnNumbers) -> Result<T, Failure>) -> Result<T, Failure> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        let own_numbers = Some(file.path().to_owned());
        read(&OwnNumbers { imei: vec![], imsi: vec![], own_number: vec![], own_numbers })
    }

    #[test]
    fn a_number_of_the_file_trips() {
        let tripwire = of_file("# the phone\nimei 490154203237518\n\nnumber +49 30 123456\n", tripwire).unwrap();
        assert!(tripwire.check(b"... 490154203237518 ...").is_err());
        assert!(tripwire.check(b"... 490154203237519 ...").is_err(), "the first 14 digits are the device");
        assert!(tripwire.check(b"nothing of it").is_ok());
    }

    #[test]
    fn a_mistake_is_refused_and_not_repeated() {
        for text in ["imei 490154203237510", "imei", "serial 123", "number 12"] {
            let failure = of_file(text, tripwire).unwrap_err();
            assert!(!failure.to_string().contains("490154203237510"));
            assert_eq!(failure.exit(), Exit::Usage);
        }
    }

    #[test]
    fn the_region_is_that_of_the_first_phone_number() {
        let region = |text| of_file(text, region).unwrap();
        assert_eq!(region("imei 490154203237518\nnumber +49 30 123456\nnumber +1 202 555 0123\n"), "DE".parse().ok());
        assert_eq!(region("imei 490154203237518\n"), None);
    }
}
