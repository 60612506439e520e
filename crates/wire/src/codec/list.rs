//! Lists with a limit that is part of their type.

use minicbor::data::Type;
use minicbor::decode::{Decode, Decoder, Error};
use minicbor::encode::{Encode, Encoder, Write};

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
        // Collecting results reserves nothing ahead: memory grows with the bytes that came, not with the length they claim.
        (0..length).map(|_| d.decode_with(ctx)).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::List;
    use crate::codec::{DecodeError, exact, to_bytes};

    type Pair = List<u8, 2>;

    #[test]
    fn a_list_ends_at_its_limit() {
        assert_eq!(exact::<Pair>(&[0x82, 1, 2]).map(List::into_vec), Ok(vec![1, 2]));
        assert_eq!(exact::<Pair>(&[0x83, 1, 2, 3]), Err(DecodeError::Malformed));
        assert_eq!(Pair::new(vec![1, 2, 3]), Err(vec![1, 2, 3]));
    }

    #[test]
    fn a_claimed_length_allocates_nothing() {
        let most = [0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        assert_eq!(exact::<List<[u8; 32], { usize::MAX }>>(&most), Err(DecodeError::Truncated));
        assert_eq!(exact::<Pair>(&most), Err(DecodeError::Malformed));
    }

    #[test]
    fn a_list_of_unknown_length_is_refused() {
        assert_eq!(exact::<Pair>(&[0x9f, 1, 0xff]), Err(DecodeError::Malformed));
    }

    #[test]
    fn an_empty_list_is_one_byte() {
        assert_eq!(to_bytes(&Pair::default()), [0x80]);
    }
}
