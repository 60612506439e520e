//! Shelf items: sealed prekey bundles, all of one length.

use crate::codec::redacted;

/// A prekey bundle as a relay keeps it: sealed under a key that only holders of the card can derive.
///
/// **Relay learns:** that an item was put there or taken; never what is in it or whose it is.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedItem(Box<[u8; SealedItem::LENGTH]>);

impl SealedItem {
    /// The length of every sealed item: bytes, nonce and tag included.
    pub const LENGTH: usize = 4_080;

    /// Takes over bytes of exactly [`SealedItem::LENGTH`]; `None` for any other length.
    #[must_use]
    pub fn new(bytes: Box<[u8]>) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}

impl<C> minicbor::Encode<C> for SealedItem {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(&*self.0)?.ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for SealedItem {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let bytes: Result<&[u8; Self::LENGTH], _> = d.bytes()?.try_into();
        bytes
            .map(|bytes| Self(Box::new(*bytes)))
            .map_err(|_| minicbor::decode::Error::message("not the length of an item"))
    }
}

redacted!(SealedItem);
