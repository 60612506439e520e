//! Deterministic CBOR (RFC 8949, section 4.2): one value has one encoding, and only that one is read.
//!
//! [`from_bytes`] is total and bounded: it refuses another version, lists over their limit, and, by encoding what it
//! read and comparing, everything that is not the exact encoding of a value: unknown or repeated keys, another order,
//! longer forms of integers, indefinite lengths, bytes left over.

use std::convert::Infallible;

use minicbor::decode::{Decode, Decoder, Error};
use minicbor::encode::{Encode, Encoder, Write};
use thiserror::Error as ThisError;

use crate::VERSION;

mod list;

pub use list::List;

/// Why bytes are not a value of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ThisError)]
pub enum DecodeError {
    /// The bytes end in the middle of a value.
    #[error("the body is cut short")]
    Truncated,
    /// The body names another version of the protocol.
    #[error("the body is of protocol version {0}, this side speaks {VERSION}")]
    Version(u64),
    /// A field is missing, of another type, out of its range or of another length.
    #[error("a field of the body is missing, of another type or out of range")]
    Malformed,
    /// The bytes go on behind the value.
    #[error("the body goes on behind its end")]
    TrailingBytes,
    /// The value was read, but this is not its one encoding: a key that is unknown or stands twice, or a longer form.
    #[error("the body is not deterministic CBOR of known keys")]
    NotExact,
}

/// Encodes a value.
#[must_use]
pub fn to_bytes<T: Encode<()>>(value: &T) -> Vec<u8> {
    // Grown step by step, a frame of envelopes would be copied several times.
    let mut length = Length(0);
    let _infallible = minicbor::encode(value, &mut length);
    let mut bytes = Vec::with_capacity(length.0);
    // Writing into a vector cannot fail, and no encoder here reports an error of its own.
    let _infallible = minicbor::encode(value, &mut bytes);
    bytes
}

/// Decodes exactly one versioned body.
///
/// # Errors
/// [`DecodeError`] says in which of five ways the bytes are not one.
pub fn from_bytes<'b, T: Decode<'b, ()> + Encode<()>>(bytes: &'b [u8]) -> Result<T, DecodeError> {
    check_version(bytes)?;
    exact(bytes)
}

/// Decodes exactly one value that carries no version of its own, because it is always part of one that does.
///
/// # Errors
/// As [`from_bytes`], but never [`DecodeError::Version`].
pub fn exact<'b, T: Decode<'b, ()> + Encode<()>>(bytes: &'b [u8]) -> Result<T, DecodeError> {
    let mut decoder = Decoder::new(bytes);
    let value: T = decoder.decode().map_err(|error| classify(&error))?;
    if decoder.position() != bytes.len() {
        return Err(DecodeError::TrailingBytes);
    }
    if is_encoding(bytes, &value) { Ok(value) } else { Err(DecodeError::NotExact) }
}

fn is_encoding<T: Encode<()>>(bytes: &[u8], value: &T) -> bool {
    let mut rest = Expected(bytes);
    minicbor::encode(value, &mut rest).is_ok() && rest.0.is_empty()
}

/// Counts an encoding.
struct Length(usize);

impl Write for Length {
    type Error = Infallible;

    fn write_all(&mut self, bytes: &[u8]) -> Result<(), Infallible> {
        self.0 += bytes.len();
        Ok(())
    }
}

/// A string so long is taken as it is.
///
/// All decoders here copy strings from where they stand. With the heads, keys and short strings around it as they must be
/// and the length too, a long one can only stand where it was copied from: comparing it would read every envelope again.
const LONG: usize = 1024;

/// Takes an encoding only while it equals these bytes; so the comparison leaves no second copy of a key in memory.
struct Expected<'b>(&'b [u8]);

struct Differs;

impl Write for Expected<'_> {
    type Error = Differs;

    fn write_all(&mut self, bytes: &[u8]) -> Result<(), Differs> {
        self.0 = match bytes.len() {
            LONG.. => self.0.get(bytes.len()..),
            _ => self.0.strip_prefix(bytes),
        }
        .ok_or(Differs)?;
        Ok(())
    }
}

fn check_version(bytes: &[u8]) -> Result<(), DecodeError> {
    let mut decoder = Decoder::new(bytes);
    let version = read_version(&mut decoder).map_err(|error| classify(&error))?;
    if version == u64::from(VERSION) { Ok(()) } else { Err(DecodeError::Version(version)) }
}

fn read_version(decoder: &mut Decoder<'_>) -> Result<u64, Error> {
    if decoder.map()? == Some(0) || decoder.u8()? != 0 {
        return Err(Error::message("the version comes first"));
    }
    decoder.u64()
}

fn classify(error: &Error) -> DecodeError {
    if error.is_end_of_input() { DecodeError::Truncated } else { DecodeError::Malformed }
}

/// The first field of every body: encodes as the protocol's version, decodes from nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct V1;

impl<C> Encode<C> for V1 {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.u8(VERSION)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for V1 {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, Error> {
        if d.u8()? == VERSION { Ok(Self) } else { Err(Error::message("another version")) }
    }
}

/// Gives a type of exactly `$length` bytes its CBOR form, a byte string.
macro_rules! bytes_of {
    ($name:ty, $length:expr, $read:expr, $make:expr) => {
        impl<C> minicbor::Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                let read: fn(&Self) -> &[u8; $length] = $read;
                e.bytes(read(self))?.ok()
            }
        }

        impl<'b, C> minicbor::Decode<'b, C> for $name {
            fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                let bytes: [u8; $length] =
                    d.bytes()?.try_into().map_err(|_| minicbor::decode::Error::message("another length"))?;
                Ok(($make)(bytes))
            }
        }
    };
}
pub(crate) use bytes_of;

/// Gives a type the `Debug` that shows its name and nothing else.
macro_rules! redacted {
    ($name:ident) => {
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}
pub(crate) use redacted;
