//! Items, opened and verified by a taker.

use libsignal_protocol::{PreKeyBundle, PublicKey, kem};
use sealpost_identity::{CardRef, ContactCard};
use sealpost_wire::SealedItem;
use sealpost_wire::codec::{DecodeError, from_bytes};
use sealpost_wire::time::Day;
use thiserror::Error;

use super::form::{Bundle, associated, signed_bytes};
use super::{ITEM_DAYS, VerifiedItem};
use crate::ratchet::{DEVICE_ID, REGISTRATION};
use crate::{aead, padding};

const SIGNATURE: usize = 64;

/// Why an item from a shelf is not to be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ItemError {
    /// It is not sealed under the card's key for the card's shelf.
    #[error("the item is not sealed for this card's shelf")]
    Seal,
    /// What is inside is no bundle.
    #[error("the item is malformed")]
    Malformed(#[from] DecodeError),
    /// What is inside has no padding.
    #[error("the item is not padded")]
    Padding,
    /// Its identity key does not match the card's hash.
    #[error("the item's identity key is not the one that the card names")]
    Identity,
    /// The identity has not signed it.
    #[error("the item is not signed by its identity key")]
    Signature,
    /// It was made for another shelf or relay.
    #[error("the item was made for another shelf")]
    ForeignShelf,
    /// Its days of issue and expiry are not [`ITEM_DAYS`] apart.
    #[error("the item is valid for another time than {ITEM_DAYS} days")]
    Validity,
    /// Its last day is over.
    #[error("the item has expired")]
    Expired,
    /// One of its keys is not canonical, of low order, or of another type.
    #[error("a key of the item is not one of its type")]
    Key,
}

/// Opens an item that was taken from the card's shelf, and verifies it.
///
/// # Errors
/// [`ItemError`]: the relay, or another holder of the card, put something else in its place; or it is too old.
pub fn open_item(card: &CardRef, item: &SealedItem, today: Day) -> Result<VerifiedItem, ItemError> {
    let padded = aead::open(&card.seed.item_key(), &associated(&card.shelf()), item.as_bytes());
    let padded = padded.map_err(|_| ItemError::Seal)?;
    let bytes = padding::unpad(&padded).ok_or(ItemError::Padding)?;
    let (signature, bytes) = bytes.split_at_checked(SIGNATURE).ok_or(DecodeError::Truncated)?;
    let bundle: Bundle = from_bytes(bytes)?;
    let contact = ContactCard::new(card.clone(), bundle.identity).map_err(|_| ItemError::Identity)?;
    if !bundle.identity.verifies(&signed_bytes(bytes), signature) {
        return Err(ItemError::Signature);
    }
    check_place_and_time(&bundle, card, today)?;
    Ok(VerifiedItem {
        contact,
        expires: bundle.expires,
        last: bundle.one_time.is_none(),
        bundle: prekey_bundle(&bundle)?,
        front_door: bundle.front_door,
        tickets: bundle.tickets.into_vec(),
    })
}

fn check_place_and_time(bundle: &Bundle, card: &CardRef, today: Day) -> Result<(), ItemError> {
    if bundle.shelf != card.shelf() || bundle.relay != card.relay {
        return Err(ItemError::ForeignShelf);
    }
    if bundle.expires != bundle.issued.plus(ITEM_DAYS) {
        return Err(ItemError::Validity);
    }
    if today > bundle.expires { Err(ItemError::Expired) } else { Ok(()) }
}

fn prekey_bundle(bundle: &Bundle) -> Result<PreKeyBundle, ItemError> {
    let id = bundle.prekey.as_u32();
    let one_time = bundle.one_time.as_deref().map(curve_key).transpose()?;
    PreKeyBundle::new(
        REGISTRATION,
        DEVICE_ID,
        one_time.map(|key| (id.into(), key)),
        id.into(),
        curve_key(&bundle.signed.key)?,
        bundle.signed.signature.clone(),
        id.into(),
        kyber_key(&bundle.kyber.key)?,
        bundle.kyber.signature.clone(),
        *bundle.identity.libsignal(),
    )
    .map_err(|_| ItemError::Key)
}

/// libsignal takes any 32 bytes; a key with a component of low order would let its maker fix part of the secret.
fn curve_key(bytes: &[u8]) -> Result<PublicKey, ItemError> {
    let key = PublicKey::deserialize(bytes).map_err(|_| ItemError::Key)?;
    let exact = *key.serialize() == *bytes;
    if exact && key.is_canonical() { Ok(key) } else { Err(ItemError::Key) }
}

fn kyber_key(bytes: &[u8]) -> Result<kem::PublicKey, ItemError> {
    let key = kem::PublicKey::deserialize(bytes).map_err(|_| ItemError::Key)?;
    if key.key_type() == kem::KeyType::Kyber1024 { Ok(key) } else { Err(ItemError::Key) }
}
