//! What manifests say of tickets.

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::ticket::TicketKind;
use crate::time::Day;

/// Whether a server asks for tickets, and who gets them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tickets {
    /// It does not.
    #[default]
    Off,
    /// It does, and gives them to everyone, so fast.
    Open,
    /// To whoever shows an invite code of its operator.
    Invite,
    /// To whoever shows its attester's word.
    Attestation,
}

/// A key that issues tickets today.
///
/// All clients must be told the same keys, or a key tells them apart: a relay's answer is the same for everyone for the
/// day, and a client that is shown two keys for one kind and day takes tickets under neither.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketKey {
    /// What its tickets are for.
    pub kind: TicketKind,
    /// Its first day.
    pub first_day: Day,
    /// How many tickets under it one voucher is good for. Whoever asks for so many looks like everyone else.
    pub count: u16,
    /// The public key, in hexadecimal.
    pub public_key: String,
}

impl TicketKey {
    /// The public key's bytes, if they are as many.
    #[must_use]
    pub fn bytes(&self) -> Option<[u8; 32]> {
        HEXLOWER.decode(self.public_key.as_bytes()).ok()?.try_into().ok()
    }
}
