//! The outer seal: what keeps the sender hidden from a later quantum computer.
//!
//! ```text
//! front door   enc[1120] ‖ HPKE.Seal(pkR = X-Wing key, info = "sealpost v1 front door", aad = mailbox id, padded)
//! pairwise     nonce[12] ‖ AES-256-GCM(outer key, nonce, padded, aad = "sealpost v1 pairwise" ‖ mailbox id)
//! ```
//!
//! HPKE is [RFC 9180](https://www.rfc-editor.org/rfc/rfc9180) in base mode with the KEM
//! [X-Wing](https://datatracker.ietf.org/doc/draft-connolly-cfrg-xwing-kem/) (X25519 and ML-KEM-768, code point 0x647a),
//! HKDF-SHA256 and AES-256-GCM. The mailbox's id as associated data binds an envelope to where it was put.
//!
//! A front door has several private keys at a time, one for each week (see [`kept_until`](crate::prekey::kept_until)).
//! An envelope does not say which it was sealed for: a hint would tell the relay how old the sender's item is. They are
//! tried in turn, the newest first; a trial is one decapsulation and one pass over the envelope.

mod front_door;
mod pairwise;
mod random;

pub use front_door::{DoorKey, DoorSecret};
use sealpost_wire::{Envelope, SizeClass};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::padding;
use crate::route::{Door, Route};
use rand::CryptoRng;

/// The outer seal is not one of this mailbox, or what it holds has no padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no key of this mailbox opens the outer seal")]
pub(crate) struct OuterError;

/// What an outer seal adds to the padded bytes.
pub(crate) const fn overhead(route: &Route<'_>) -> usize {
    match route {
        Route::FrontDoor(_) => front_door::OVERHEAD,
        Route::Pairwise(_) => pairwise::OVERHEAD,
    }
}

/// How many bytes an envelope of `class` holds on this route, padding's least off.
pub(crate) const fn room(class: SizeClass, route: &Route<'_>) -> usize {
    class.envelope_length().saturating_sub(overhead(route)).saturating_sub(padding::OVERHEAD)
}

/// Pads and seals; `None` if the bytes are more than the class's [`room`].
pub(crate) fn seal(bytes: &[u8], class: SizeClass, route: &Route<'_>, rng: &mut impl CryptoRng) -> Option<Envelope> {
    let padded = padding::pad(bytes, room(class, route).saturating_add(padding::OVERHEAD))?;
    let sealed = match route {
        Route::FrontDoor(door) => front_door::seal(&door.key, &door.address.mailbox(), &padded, rng)?,
        Route::Pairwise(pairwise) => pairwise::seal(&pairwise.outer, &pairwise.address.mailbox(), &padded, rng),
    };
    Envelope::new(sealed.into())
}

/// Opens and takes the padding off.
pub(crate) fn open(envelope: &Envelope, door: &Door<'_>) -> Result<Zeroizing<Vec<u8>>, OuterError> {
    let bytes = envelope.as_bytes();
    let padded = match door {
        Door::FrontDoor { mailbox, keys } => keys.iter().find_map(|key| front_door::open(key, mailbox, bytes)),
        Door::Pairwise { mailbox, outer, .. } => pairwise::open(outer, mailbox, bytes),
    };
    let padded = padded.ok_or(OuterError)?;
    let bytes = padding::unpad(&padded).ok_or(OuterError)?;
    Ok(Zeroizing::new(bytes.to_vec()))
}
