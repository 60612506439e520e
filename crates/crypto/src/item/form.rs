//! The bytes of an item.

use minicbor::{Decode, Encode};
use sealpost_identity::IdentityKey;
use sealpost_wire::codec::{List, V1};
use sealpost_wire::time::Day;
use sealpost_wire::{RelayRef, SealedItem, ShelfId, Ticket};

use super::MAX_TICKETS;
use crate::prekey::PrekeyId;
use crate::route::FrontDoor;

/// What is inside the item's seal: signature, bundle and padding.
pub(super) const PADDED: usize = SealedItem::LENGTH - crate::aead::OVERHEAD;

/// What the owner signs.
#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct Bundle {
    #[n(0)]
    pub(super) version: V1,
    #[n(1)]
    pub(super) shelf: ShelfId,
    #[n(2)]
    pub(super) relay: RelayRef,
    #[n(3)]
    pub(super) issued: Day,
    #[n(4)]
    pub(super) expires: Day,
    #[n(5)]
    pub(super) identity: IdentityKey,
    #[n(6)]
    pub(super) front_door: FrontDoor,
    #[n(7)]
    pub(super) prekey: PrekeyId,
    #[n(8)]
    pub(super) signed: SignedKey,
    #[n(9)]
    pub(super) kyber: SignedKey,
    #[cbor(n(10), with = "minicbor::bytes")]
    pub(super) one_time: Option<Vec<u8>>,
    #[n(11)]
    pub(super) tickets: List<Ticket, MAX_TICKETS>,
}

/// A public key with the signature that libsignal wants on it, besides the one on the whole item.
#[derive(Encode, Decode)]
#[cbor(array)]
pub(super) struct SignedKey {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(super) key: Vec<u8>,
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(super) signature: Vec<u8>,
}

/// What a signature is made over: no other bytes that an identity key signs begin so.
pub(super) fn signed_bytes(bundle: &[u8]) -> Vec<u8> {
    [b"sealpost v1 item\0".as_slice(), bundle].concat()
}

/// What the item's seal is bound to.
pub(super) fn associated(shelf: &ShelfId) -> Vec<u8> {
    [b"sealpost v1 item".as_slice(), shelf.as_bytes()].concat()
}
