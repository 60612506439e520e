//! Shelf items: prekey bundles that the owner signs and seals, and that a taker opens and verifies.
//!
//! ```text
//! item      = nonce[12] ‖ AES-256-GCM(item key, nonce, padded, aad = "sealpost v1 item" ‖ shelf id)      4,080 bytes
//! padded    = signature[64] ‖ bundle ‖ padding
//! signature = XEdDSA(identity key, "sealpost v1 item\0" ‖ bundle)
//! bundle    = CBOR: shelf id, relay, days of issue and expiry, identity key, front door, prekeys, tickets
//! ```
//!
//! The item key comes from the card's seed, so whoever can take an item can open it, and the relay cannot. The signature
//! makes it the owner's: other holders of the card, who know the item key too, cannot put theirs in its place.

mod form;
mod make;
#[cfg(test)]
mod tests;
mod verify;

use libsignal_protocol::PreKeyBundle;
use sealpost_identity::ContactCard;
use sealpost_wire::Ticket;
use sealpost_wire::time::Day;

pub use make::{NotOwnCard, Stocker, TicketsTooLong};
pub use verify::{ItemError, open_item};

use crate::redacted::redacted;
use crate::route::FrontDoor;

/// For how many days after its issue an item may begin a session.
pub const ITEM_DAYS: u32 = 30;
/// The most tickets that one item carries.
pub const MAX_TICKETS: usize = 4;

/// An item that opened, with a signature by the identity that the card names, on its own shelf and not expired.
#[derive(Clone)]
pub struct VerifiedItem {
    /// The card with the identity key that the item brought: someone to write to.
    pub contact: ContactCard,
    /// Where first messages go.
    pub front_door: FrontDoor,
    /// The last day on which a first message made from it is accepted for certain.
    pub expires: Day,
    /// Rights to deposit at the front door at the normal rate.
    pub tickets: Vec<Ticket>,
    /// Whether it is the shelf's last item, which others get too: the first message then has no one-time key.
    pub last: bool,
    pub(crate) bundle: PreKeyBundle,
}

redacted!(VerifiedItem);
