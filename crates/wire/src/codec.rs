//! Deterministic CBOR (RFC 8949, section 4.2): one value has one encoding, and only that one is read.
//!
//! [`from_bytes`] is total and bounded: it refuses another version, lists over their limit, and, by encoding what it
//! read and comparing, everything that is not the exact encoding of a value: unknown or repeated keys, another order,
//! longer forms of integers, indefinite lengths, bytes left over.

use minicbor::data::Type;
use minicbor::decode::{Decode, Decoder, Error};
use minicbor::encode::{Encode, Encoder, Write};
use thiserror::Error as ThisError;

use crate::VERSION;

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
    let mut bytes = Vec::new();
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
    if to_bytes(&value) != bytes {
        return Err(DecodeError::NotExact);
    }
    Ok(value)
}

fn check_version(bytes: &[u8]) -> Result<(), DecodeError> {
    let mut decoder = Decoder::new(bytes);
    let version = read_version(&mut decoder).map_err(|error| classify(&error))?;
    if version == u64::from(VERSION) { Ok(()) } else { Err(DecodeError::Version(version)) }
}

fn read_version(decoder: &mut Decoder<'_>) -> Result<u64, Error> {
    decoder.map()?;
    match decoder.u8()? {
        0 => decoder.u64(),
        _ => Err(Error::message("the version comes first")),
    }
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

/// A list of at most `MAX` values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T, const MAX: usize>(Vec<T>);

impl<T, const MAX: usize> List<T, MAX> {
    /// Takes the values over, or returns them when they are more than `MAX`.
    ///
    /// # Errors
    /// The values themselves.
    pub fn new(values: Vec<T>) -> Result<Self, Vec<T>> {
        if values.len() <= MAX { Ok(Self(values)) } else { Err(values) }
    }

    /// The values.
    #[must_use]
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<T, const MAX: usize> Default for List<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MAX: usize> std::ops::Deref for List<T, MAX> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Encode<C>, C, const MAX: usize> Encode<C> for List<T, MAX> {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, ctx: &mut C) -> Result<(), minicbor::encode::Error<W::Error>> {
        self.0.encode(e, ctx)
    }
}

impl<'b, T: Decode<'b, C>, C, const MAX: usize> Decode<'b, C> for List<T, MAX> {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, Error> {
        if d.datatype()? != Type::Array {
            return Err(Error::message("a list of known length"));
        }
        let length = d.array()?.unwrap_or(u64::MAX);
        if length > MAX as u64 {
            return Err(Error::message("too long a list"));
        }
        (0..length).map(|_| d.decode_with(ctx)).collect::<Result<_, _>>().map(Self)
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
