//! What goes to an attester: the one server that has to know a number, and the one message in which a number leaves a
//! device.
//!
//! `docs/protocol/attester.cddl` is the complete list. It is here and not in `sealpost-wire`, so that a relay does not have
//! so much as the name of such a field.

use minicbor::decode::Error;
use minicbor::{Decode, Decoder, Encode, Encoder};
use sealpost_wire::EntryHash;
use sealpost_wire::codec::{List, V1};
use sealpost_wire::directory::{Epoch, SignedAttestation, SignedVoucher};
use sealpost_wire::request::{Done, Request, Side};
use zeroize::Zeroizing;

use crate::consent::{Consent, Discovery};
use crate::numbers::PhoneNumber;
use crate::redacted::redacted;

/// The most epochs that are open at once.
pub const MAX_EPOCHS: usize = 2;
/// The most vouchers in one reply: one for each key service and epoch, and one for the relay in each.
pub const MAX_VOUCHERS: usize = 3 * MAX_EPOCHS;

/// A number that its owner discloses to an attester. Made with a consent to discovery, and there is no other way.
///
/// **Attester learns:** the number. It prints as its name alone.
#[derive(Clone, PartialEq, Eq)]
pub struct DisclosedNumber(Zeroizing<String>);

/// A one-time code of six digits, as the attester sends it by SMS.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(Zeroizing<String>);

redacted!(DisclosedNumber, Code);

/// Asks that a one-time code be sent to the number. Asking again sends another, and only the last one counts.
///
/// **Attester learns:** the number, and the network address from which it is proved.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AskCode {
    /// The protocol's version.
    #[n(0)]
    pub version: V1,
    /// The number.
    #[n(1)]
    pub number: DisclosedNumber,
}

/// Proves the number with the code.
///
/// **Attester learns:** besides the number, hashes of entry keys; a directory knows the same hashes, beside tags.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ProveNumber {
    /// The protocol's version.
    #[n(0)]
    pub version: V1,
    /// The number.
    #[n(1)]
    pub number: DisclosedNumber,
    /// The code that came to it.
    #[n(2)]
    pub code: Code,
    /// For each epoch in which to be listed, the hash of the entry key there. None, to get vouchers alone.
    #[n(3)]
    pub entries: List<EntryOf, MAX_EPOCHS>,
}

/// The hash of an entry key of one epoch. Each epoch has its own, so that nothing ties two entries together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct EntryOf {
    /// The epoch.
    #[n(0)]
    pub epoch: Epoch,
    /// The hash.
    #[n(1)]
    pub entry: EntryHash,
}

/// The attester's word.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Attested {
    /// The protocol's version.
    #[n(0)]
    pub version: V1,
    /// One for each of the entries that were named, in their order.
    #[n(1)]
    pub attestations: List<SignedAttestation, MAX_EPOCHS>,
    /// One for each key service and open epoch; and one for the directory's relay and each of them, where it gives tickets on
    /// the attester's word.
    #[n(2)]
    pub vouchers: List<SignedVoucher, MAX_VOUCHERS>,
}

impl Request for AskCode {
    const PATH: &'static str = "/v1/ask-code";
    const SIDE: Side = Side::Neither;
    type Reply = Done;
}

impl Request for ProveNumber {
    const PATH: &'static str = "/v1/prove-number";
    const SIDE: Side = Side::Neither;
    type Reply = Attested;
}

impl DisclosedNumber {
    /// Discloses one's own number, which discovery cannot do without.
    #[must_use]
    pub fn of(number: &PhoneNumber, _: &Consent<Discovery>) -> Self {
        Self(Zeroizing::new(number.expose_e164().to_owned()))
    }

    /// The number, at the attester; `None` unless it is one in its one spelling, `+` and digits.
    #[must_use]
    pub fn number(&self) -> Option<PhoneNumber> {
        let number = PhoneNumber::parse(&self.0, None).ok()?;
        (number.expose_e164() == self.0.as_str()).then_some(number)
    }
}

impl Code {
    /// The number of its digits.
    pub const DIGITS: usize = 6;

    /// Reads what a person typed; white space and a hyphen between the digits are passed over.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_between = |character: char| character.is_whitespace() || character == '-';
        Self::exact(Zeroizing::new(text.chars().filter(|character| !is_between(*character)).collect()))
    }

    /// Takes a number below a million as a code.
    #[must_use]
    pub fn of(number: u32) -> Option<Self> {
        Self::exact(Zeroizing::new(format!("{number:06}")))
    }

    /// The digits.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    fn exact(digits: Zeroizing<String>) -> Option<Self> {
        let is_code = digits.len() == Self::DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_code.then_some(Self(digits))
    }
}

/// No number has more characters than `+` and 15 digits (ITU-T E.164, section 6).
const LONGEST_NUMBER: usize = 16;

impl<C> Encode<C> for DisclosedNumber {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.str(&self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for DisclosedNumber {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, Error> {
        let text = d.str()?;
        let fits = text.len() <= LONGEST_NUMBER;
        fits.then(|| Self(Zeroizing::new(text.to_owned()))).ok_or_else(|| Error::message("too long a number"))
    }
}

impl<C> Encode<C> for Code {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.str(&self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Code {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, Error> {
        Self::exact(Zeroizing::new(d.str()?.to_owned())).ok_or_else(|| Error::message("not six digits"))
    }
}

#[cfg(test)]
mod tests {
    use sealpost_wire::codec::{DecodeError, from_bytes, to_bytes};
    use sealpost_wire::time::Day;

    use super::*;
    use crate::consent::Prompt;

    fn disclosed(number: &str) -> DisclosedNumber {
        let consent = Consent::given(Prompt::standard(), Day(20_000));
        DisclosedNumber::of(&PhoneNumber::parse(number, None).unwrap(), &consent)
    }

    #[test]
    fn a_number_arrives_in_its_one_spelling() {
        let ask = AskCode { version: V1, number: disclosed("+49 1512 3456789") };
        let received: AskCode = from_bytes(&to_bytes(&ask)).unwrap();
        assert_eq!(received.number.number().unwrap().expose_e164(), "+4915123456789");
        for other in ["+49 15123456789", "015123456789", "+999", ""] {
            assert!(DisclosedNumber(Zeroizing::new(other.to_owned())).number().is_none(), "{other}");
        }
    }

    #[test]
    fn a_text_longer_than_any_number_is_not_read() {
        let long = AskCode { version: V1, number: DisclosedNumber(Zeroizing::new("1".repeat(17))) };
        assert_eq!(from_bytes::<AskCode>(&to_bytes(&long)), Err(DecodeError::Malformed));
    }

    #[test]
    fn a_code_is_six_digits_however_it_was_typed() {
        assert_eq!(Code::parse(" 012-345\n").unwrap().expose(), "012345");
        assert_eq!(Code::of(7).unwrap().expose(), "000007");
        for bad in ["", "12345", "1234567", "12345a", "１２３４５６"] {
            assert!(Code::parse(bad).is_none(), "{bad}");
        }
        assert!(Code::of(1_000_000).is_none());
    }

    #[test]
    fn numbers_and_codes_print_as_their_name() {
        let ask = AskCode { version: V1, number: disclosed("+49 1512 3456789") };
        assert_eq!(format!("{ask:?}"), "AskCode { version: V1, number: DisclosedNumber(..) }");
        assert_eq!(format!("{:?}", Code::of(1).unwrap()), "Code(..)");
    }
}
