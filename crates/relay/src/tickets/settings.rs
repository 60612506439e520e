//! What an operator decides of tickets.

use std::num::NonZeroU32;
use std::path::PathBuf;

use sealpost_wire::RelayRef;
use sealpost_wire::manifest::Tickets;
use sealpost_wire::ticket::{DAYS_AHEAD, MAX_BATCH, TicketKind};
use sealpost_wire::time::Day;

/// What an issuer is opened with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The directory of keys and invite codes; made if it is not there.
    pub directory: PathBuf,
    /// Who gets tickets.
    pub policy: Policy,
    /// How many, of which kinds. There are no tickets of others.
    pub allowances: Allowances,
    /// How many requests for tickets a minute, of all together; only where anyone gets them.
    pub issues_per_minute: NonZeroU32,
}

/// Who gets tickets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Policy {
    /// Anyone.
    Open,
    /// Whoever has an invite code.
    Invite,
    /// Whoever has this attester's word, or an invite code.
    Attestation(Box<RelayRef>),
}

/// How many tickets one voucher is good for, by kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowances(pub Vec<(TicketKind, u16)>);

impl Policy {
    /// What a manifest says of it.
    #[must_use]
    pub const fn told(&self) -> Tickets {
        match self {
            Self::Open => Tickets::Open,
            Self::Invite => Tickets::Invite,
            Self::Attestation(_) => Tickets::Attestation,
        }
    }
}

impl Settings {
    pub(super) const fn attester(&self) -> Option<&RelayRef> {
        match &self.policy {
            Policy::Attestation(attester) => Some(attester),
            Policy::Open | Policy::Invite => None,
        }
    }
}

impl Allowances {
    /// The kinds of which there are tickets.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = TicketKind> {
        self.0.iter().filter(|(_, count)| *count > 0).map(|(kind, _)| *kind)
    }

    /// How many of them are of the key that begins on `first`: of daily kinds, a sixteenth for each of the days ahead and the
    /// rest for today, when most is wanted by who is new.
    pub(super) fn count(&self, kind: TicketKind, first: Day, today: Day) -> Option<u16> {
        let whole = self.0.iter().find(|(known, count)| *known == kind && *count > 0)?.1;
        let ahead = (whole / 16).max(1);
        let rest = whole.saturating_sub(ahead.saturating_mul(DAYS_AHEAD as u16)).max(1);
        let count = match kind.is_daily() {
            true if first > today => ahead,
            true => rest,
            false => whole,
        };
        Some(count.min(MAX_BATCH as u16))
    }
}
