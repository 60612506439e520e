//! The device's own numbers, read from flags and files, for the tripwire alone.

use std::fs;
use std::path::Path;

use sealpost_identity::tripwire::{OwnNumber, Tripwire};
use sealpost_identity::{Imei, Imsi, PhoneNumber};
use zeroize::Zeroizing;

use crate::arguments::OwnNumbers;
use crate::failure::{Exit, Failure};

/// The tripwire over all numbers that were handed in; over none if there are none.
pub(crate) fn tripwire(arguments: &OwnNumbers) -> Result<Tripwire, Failure> {
    let flags = [("imei", &arguments.imei), ("imsi", &arguments.imsi), ("number", &arguments.own_number)];
    let flags = flags.into_iter().flat_map(|(kind, texts)| texts.iter().map(move |text| parse(kind, text)));
    let mut numbers = flags.collect::<Result<Vec<_>, _>>()?;
    if let Some(file) = &arguments.own_numbers {
        numbers.extend(read(file)?);
    }
    Ok(Tripwire::new(numbers))
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

    fn of_file(text: &str) -> Result<Tripwire, Failure> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        let own_numbers = Some(file.path().to_owned());
        tripwire(&OwnNumbers { imei: vec![], imsi: vec![], own_number: vec![], own_numbers })
    }

    #[test]
    fn a_number_of_the_file_trips() {
        let tripwire = of_file("# the phone\nimei 490154203237518\n\nnumber +49 30 123456\n").unwrap();
        assert!(tripwire.check(b"... 490154203237518 ...").is_err());
        assert!(tripwire.check(b"... 490154203237519 ...").is_err(), "the first 14 digits are the device");
        assert!(tripwire.check(b"nothing of it").is_ok());
    }

    #[test]
    fn a_mistake_is_refused_and_not_repeated() {
        for text in ["imei 490154203237510", "imei", "serial 123", "number 12"] {
            let failure = of_file(text).unwrap_err();
            assert!(!failure.to_string().contains("490154203237510"));
            assert_eq!(failure.exit(), Exit::Usage);
        }
    }
}
