//! Statements with a signature: the exact bytes that were signed travel, and are read only once the signature holds.

use std::marker::PhantomData;

use minicbor::decode::Error;
use minicbor::{Decode, Decoder, Encode, Encoder};

use crate::codec::{from_bytes, to_bytes};
use crate::operator::{OperatorKey, OperatorSecret, Purpose};

/// Something that an operator's key signs.
pub trait Statement: Encode<()> + for<'b> Decode<'b, ()> {
    /// What the signature is for.
    const PURPOSE: Purpose;
    /// The longest one, in bytes.
    const LONGEST: usize;
}

/// A statement's exact bytes and a signature over them, not yet checked.
pub struct Signed<T> {
    statement: Vec<u8>,
    signature: [u8; 64],
    of: PhantomData<T>,
}

impl<T: Statement> Signed<T> {
    /// Signs `statement`.
    #[must_use]
    pub fn of(statement: &T, operator: &OperatorSecret) -> Self {
        let statement = to_bytes(statement);
        let signature = operator.sign(T::PURPOSE, &statement);
        Self { statement, signature, of: PhantomData }
    }

    /// The statement, if `operator` signed it.
    #[must_use]
    pub fn verify(&self, operator: &OperatorKey) -> Option<T> {
        let signed = operator.verifies(T::PURPOSE, &self.statement, &self.signature);
        signed.then(|| from_bytes(&self.statement).ok()).flatten()
    }
}

impl<T> Clone for Signed<T> {
    fn clone(&self) -> Self {
        Self { statement: self.statement.clone(), signature: self.signature, of: PhantomData }
    }
}

impl<T> PartialEq for Signed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.statement == other.statement && self.signature == other.signature
    }
}

impl<T> Eq for Signed<T> {}

impl<T> std::fmt::Debug for Signed<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signed(..)")
    }
}

impl<C, T> Encode<C> for Signed<T> {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.array(2)?.bytes(&self.statement)?.bytes(&self.signature)?.ok()
    }
}

impl<'b, C, T: Statement> Decode<'b, C> for Signed<T> {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, Error> {
        if d.array()? != Some(2) {
            return Err(Error::message("a statement and its signature"));
        }
        let statement = d.bytes()?;
        if statement.len() > T::LONGEST {
            return Err(Error::message("too long a statement"));
        }
        let signature = d.bytes()?.try_into().map_err(|_| Error::message("not the length of a signature"))?;
        Ok(Self { statement: statement.to_vec(), signature, of: PhantomData })
    }
}
