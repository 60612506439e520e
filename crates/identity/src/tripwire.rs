//! The tripwire: the last step before bytes leave the device.
//!
//! An IMEI, an IMSI or an own number that an app hands over has this one use: bytes in which it appears, in any of the
//! encodings of [`crate::traces`], are not sent.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;
use zeroize::Zeroizing;

use crate::numbers::{Imei, Imsi, PhoneNumber};
use crate::redacted::redacted;
use crate::traces::{Encoding, Form, Found, Scanner, Traces, Value};

/// What must never leave the device.
#[derive(Clone)]
pub enum OwnNumber {
    /// The device's number.
    Imei(Imei),
    /// The SIM's number.
    Imsi(Imsi),
    /// The person's number.
    Phone(PhoneNumber),
}

/// Which kind of number it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NumberKind {
    /// An IMEI.
    Imei,
    /// An IMSI.
    Imsi,
    /// A phone number of one's own.
    Phone,
}

/// The numbers to watch for. Cheap to clone; the default watches for none.
#[derive(Clone)]
pub struct Tripwire {
    traces: Traces,
    kinds: Arc<[NumberKind]>,
    excepted: Option<PhoneNumber>,
}

/// The tripwire over one stream of bytes. Once tripped it stays so: a stream of which a part was refused is of no use.
#[derive(Clone)]
pub struct TripwireScanner {
    kinds: Arc<[NumberKind]>,
    scanner: Scanner,
    excepted: Option<Excepted>,
    tripped: Option<Tripped>,
}

/// A number that may pass, and the last bytes of the stream, as many as the number has.
#[derive(Clone)]
struct Excepted {
    number: PhoneNumber,
    last: Zeroizing<Vec<u8>>,
}

/// Bytes were about to leave in which an own number appears. Says of which kind and how written, not which number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the bytes were not sent: they hold this device's {kind}, {encoding}")]
pub struct Tripped {
    /// What kind of number appears.
    pub kind: NumberKind,
    /// How it was written.
    pub encoding: Encoding,
}

redacted!(OwnNumber, Tripwire, TripwireScanner);

impl OwnNumber {
    const fn kind(&self) -> NumberKind {
        match self {
            Self::Imei(_) => NumberKind::Imei,
            Self::Imsi(_) => NumberKind::Imsi,
            Self::Phone(_) => NumberKind::Phone,
        }
    }

    fn value(&self) -> Value {
        match self {
            Self::Imei(imei) => imei.into(),
            Self::Imsi(imsi) => imsi.into(),
            Self::Phone(number) => number.into(),
        }
    }
}

impl Tripwire {
    /// The most numbers that one tripwire watches for; what is over is a mistake, and would make every check slow.
    pub const MOST: usize = 64;

    /// Watches for `numbers`, of which the first [`Tripwire::MOST`] count.
    #[must_use]
    pub fn new(numbers: impl IntoIterator<Item = OwnNumber>) -> Self {
        let numbers: Vec<_> = numbers.into_iter().take(Self::MOST).collect();
        let values: Vec<_> = numbers.iter().map(OwnNumber::value).collect();
        #[expect(clippy::expect_used, reason = "64 values are far from the tens of thousands that are too many")]
        let traces = Traces::of(&values).expect("one search holds 64 values");
        Self { traces, kinds: numbers.iter().map(OwnNumber::kind).collect(), excepted: None }
    }

    /// The same, but one phone number may pass where it stands in its one spelling, `+` and digits: for the one connection
    /// on which its owner discloses it. In any other spelling or encoding it trips as before, and so does everything else.
    #[must_use]
    pub fn except(&self, number: &PhoneNumber) -> Self {
        Self { excepted: Some(number.clone()), ..self.clone() }
    }

    /// Whether `bytes`, as a whole, may be sent.
    ///
    /// # Errors
    /// [`Tripped`] at the first number found: do not send them.
    pub fn check(&self, bytes: &[u8]) -> Result<(), Tripped> {
        self.scanner().check(bytes)
    }

    /// Watches a stream.
    #[must_use]
    pub fn scanner(&self) -> TripwireScanner {
        let excepted = self.excepted.clone().map(Excepted::new);
        TripwireScanner { kinds: self.kinds.clone(), scanner: self.traces.scanner(), excepted, tripped: None }
    }

    /// How many encodings of the numbers are too short to be looked for.
    #[must_use]
    pub fn too_short(&self) -> usize {
        self.traces.too_short()
    }
}

impl Default for Tripwire {
    fn default() -> Self {
        Self::new([])
    }
}

impl TripwireScanner {
    /// Whether the stream may go on with `chunk`. A number that a border cuts in two trips with its second part, when
    /// the first has gone: give it pieces as large as they are at hand.
    ///
    /// # Errors
    /// [`Tripped`] at the first number found, and ever after.
    pub fn check(&mut self, chunk: &[u8]) -> Result<(), Tripped> {
        if self.tripped.is_none() {
            self.tripped = self.first(chunk);
        }
        self.tripped.map_or(Ok(()), Err)
    }

    fn first(&mut self, chunk: &[u8]) -> Option<Tripped> {
        let Self { kinds, scanner, excepted, .. } = self;
        let tripped = |found: &Found| {
            let kind = *kinds.get(found.value)?;
            Some(Tripped { kind, encoding: found.encoding })
        };
        let found = scanner.first(chunk, |byte, end, mut found| match excepted {
            None => found.next(),
            Some(excepted) => {
                excepted.read(byte);
                Iterator::find(&mut found, |found| {
                    tripped(found).is_none_or(|tripped| !excepted.covers(&tripped, end - found.at))
                })
            }
        });
        found.as_ref().and_then(tripped)
    }
}

impl Excepted {
    fn new(number: PhoneNumber) -> Self {
        let length = number.expose_e164().len();
        Self { number, last: Zeroizing::new(Vec::with_capacity(length)) }
    }

    fn read(&mut self, byte: u8) {
        if self.last.len() == self.number.expose_e164().len() {
            self.last.remove(0);
        }
        self.last.push(byte);
    }

    /// Whether what was found, which ends where the stream has come to, is a part of the number where it stands in full.
    fn covers(&self, tripped: &Tripped, length: u64) -> bool {
        let number = self.number.expose_e164().as_bytes();
        tripped.kind == NumberKind::Phone
            && tripped.encoding == (Encoding { digest: None, form: Form::Plain })
            && length <= number.len() as u64
            && *self.last == number
    }
}

impl fmt::Display for NumberKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Imei => "IMEI",
            Self::Imsi => "IMSI",
            Self::Phone => "phone number",
        })
    }
}
