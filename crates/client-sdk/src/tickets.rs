//! The stock of tickets: filled ahead of need, spent one by one.
//!
//! ```text
//! voucher ─▶ ask (kept until answered) ─▶ proof under the manifest's key? ─▶ stock ─▶ reserved for a request ─▶ spent
//! ```
//!
//! A request that a ticket pays for is made between [`Paying::next`] and [`Paying::settle`]. What is asked of an issuer is always all
//! that a voucher is good for, so that all requests for tickets look alike. When the stock is low, it is filled up at a
//! random time within hours ([`Stock::look_after`]); only who has nothing left asks at once, and shows by it when the next
//! request is made.

mod asking;
mod random;

use std::sync::Arc;
use std::time::Duration;

use rand::Rng;
use sealpost_wire::RelayRef;
use sealpost_wire::manifest::{Manifest, Role, Tickets};
use sealpost_wire::request::Refusal;
use sealpost_wire::ticket::{Ticket, TicketKind};
use tokio::task::spawn_blocking;

use crate::clock;
use crate::error::ErrorKind;
use crate::net::{NetError, Network, Reach};
use crate::store::tickets::{self as rows, Purpose};
use crate::store::{Store, StoreError};

/// How often a request is tried with another ticket when one was no good.
const TRIES: usize = 4;
/// Within so long a low stock is filled up.
const REFILL_WITHIN: Duration = Duration::from_secs(12 * 3_600);
/// A stock that is good for fewer days than this is low.
const LOW_DAYS: u32 = 2;

/// The stock of a profile, and the way to fill it up.
pub(crate) struct Stock {
    store: Arc<Store>,
    network: Network,
    /// Held by who asks for tickets: a voucher is shown once.
    asking: tokio::sync::Mutex<()>,
}

/// A server that issues tickets and takes them.
#[derive(Clone, Copy)]
pub(crate) struct Desk<'a> {
    pub(crate) server: &'a RelayRef,
    pub(crate) role: Role,
    pub(crate) reach: Reach,
}

/// A request that is being paid for.
///
/// ```text
/// loop { ticket = next();  outcome = send the request with it;  if settle(outcome) is something, that is it }
/// ```
pub(crate) struct Paying<'s> {
    stock: &'s Stock,
    desk: Desk<'s>,
    kind: TicketKind,
    purpose: Purpose,
    ticket: Option<Ticket>,
    tries: usize,
}

/// Why there is no ticket, or why what it was to pay for was not done.
#[derive(Debug)]
pub(crate) enum TicketTrouble {
    Network(NetError),
    Store(StoreError),
    /// There is none, and nothing that pays for some.
    NoVoucher,
    /// The issuer told two keys for one kind and day, or used another than it told.
    NotTheKey,
}

impl<'a> Desk<'a> {
    /// One's own relay, or one that was moved from.
    pub(crate) const fn relay(server: &'a RelayRef) -> Self {
        Self { server, role: Role::Relay, reach: Reach::Anywhere }
    }
}

impl Stock {
    pub(crate) fn new(store: Arc<Store>, network: Network) -> Self {
        Self { store, network, asking: tokio::sync::Mutex::default() }
    }

    /// Begins to pay for a request. `purpose` tells what it is for: the same one gets the same ticket until it is answered.
    pub(crate) fn paying<'s>(&'s self, desk: Desk<'s>, kind: TicketKind, purpose: &[&[u8]]) -> Paying<'s> {
        Paying { stock: self, desk, kind, purpose: purpose_of(purpose), ticket: None, tries: 0 }
    }

    /// A ticket for that purpose; none where the server asks for none. Fills the stock up if there is no other.
    ///
    /// # Errors
    /// [`TicketTrouble`].
    async fn ticket(
        &self,
        desk: Desk<'_>,
        kind: TicketKind,
        purpose: Purpose,
    ) -> Result<Option<Ticket>, TicketTrouble> {
        if self.network.relay(desk.server, desk.reach).await?.manifest.tickets == Tickets::Off {
            return Ok(None);
        }
        if let Some(ticket) = self.reserve(desk, kind, purpose).await? {
            return Ok(Some(ticket));
        }
        let _alone = self.asking.lock().await;
        // Another task may have asked meanwhile.
        if let Some(ticket) = self.reserve(desk, kind, purpose).await? {
            return Ok(Some(ticket));
        }
        self.ask(desk).await?;
        self.reserve(desk, kind, purpose).await?.map(Some).ok_or(TicketTrouble::NoVoucher)
    }

    /// Fills the stock at a server up if it is low and its time has come; tells when to look again.
    ///
    /// # Errors
    /// [`TicketTrouble`].
    pub(crate) async fn look_after(&self, desk: Desk<'_>) -> Result<Option<Duration>, TicketTrouble> {
        let known = self.network.relay(desk.server, desk.reach).await?;
        let manifest = &known.manifest;
        if manifest.tickets == Tickets::Off {
            return Ok(None);
        }
        let _alone = self.asking.lock().await;
        let (issuer, today, now) = (desk.server.operator, clock::today(), clock::now());
        let now = now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs().cast_signed();
        let (kind, policy) = (main_kind(manifest), manifest.tickets);
        let within = rand::rng().random_range(0..REFILL_WITHIN.as_secs()).cast_signed();
        let at = self
            .blocking(move |store| {
                store.write(|tx| {
                    rows::erase_past(tx, today)?;
                    let is_low = rows::count(tx, &issuer, kind, today.plus(LOW_DAYS))? == 0;
                    let pays = match policy {
                        Tickets::Open => true,
                        _ if rows::count(tx, &issuer, TicketKind::Renewal, today)? > 0 => true,
                        Tickets::Attestation => rows::fresh_word(tx, &issuer, today)?.is_some(),
                        _ => false,
                    };
                    let drawn = rows::refill_at(tx, &issuer)?;
                    let at = (is_low && pays).then(|| drawn.unwrap_or(now + within));
                    if at != drawn {
                        rows::set_refill(tx, &issuer, at)?;
                    }
                    Ok(at)
                })
            })
            .await?;
        match at {
            Some(at) if at <= now => {
                self.ask(desk).await?;
                self.blocking(move |store| store.write(|tx| rows::set_refill(tx, &issuer, None))).await?;
                Ok(None)
            }
            at => Ok(at.map(|at| Duration::from_secs((at - now).unsigned_abs()))),
        }
    }

    async fn reserve(&self, desk: Desk<'_>, kind: TicketKind, purpose: Purpose) -> Result<Option<Ticket>, StoreError> {
        let (issuer, today) = (desk.server.operator, clock::today());
        self.blocking(move |store| store.write(|tx| rows::reserve(tx, &issuer, kind, today, &purpose))).await
    }

    async fn forget(&self, ticket: Ticket) -> Result<(), StoreError> {
        self.blocking(move |store| store.write(|tx| rows::forget(tx, &ticket))).await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = Arc::clone(&self.store);
        spawn_blocking(move || work(&store)).await.unwrap_or(Err(StoreError::Database(0)))
    }
}

impl Paying<'_> {
    /// The ticket to send the request with; none where the server asks for none.
    ///
    /// # Errors
    /// [`TicketTrouble`], above all [`TicketTrouble::NoVoucher`].
    pub(crate) async fn next(&mut self) -> Result<Option<Ticket>, TicketTrouble> {
        if self.tries == TRIES {
            return Err(TicketTrouble::NoVoucher);
        }
        self.tries += 1;
        self.ticket = self.stock.ticket(self.desk, self.kind, self.purpose).await?;
        Ok(self.ticket.clone())
    }

    /// What came of the request; `None` when it is to be sent once more, with the next ticket.
    ///
    /// # Errors
    /// The request's own, and [`TicketTrouble::Store`].
    pub(crate) async fn settle<T>(&mut self, outcome: Result<T, NetError>) -> Result<Option<T>, TicketTrouble> {
        let stock = self.stock;
        match (&outcome, self.ticket.take()) {
            // Whatever else a server answers, it has taken the ticket.
            (Ok(_), Some(ticket)) => stock.forget(ticket).await?,
            (Err(error), Some(ticket)) if is_answer(error) => stock.forget(ticket).await?,
            // It may be that tickets are asked for since the manifest was read.
            (Err(error), None) if is_of_ticket(error) => {
                let renewed = stock.network.renew(self.desk.server, self.desk.reach).await?;
                if renewed.manifest.tickets == Tickets::Off {
                    self.tries = TRIES;
                }
            }
            _ => {}
        }
        match outcome {
            Err(error) if is_of_ticket(&error) && self.tries < TRIES => Ok(None),
            outcome => Ok(Some(outcome?)),
        }
    }
}

/// The kind by which it is told whether the stock is low.
fn main_kind(manifest: &Manifest) -> TicketKind {
    manifest.ticket_keys.first().map_or(TicketKind::Mailbox, |key| key.kind)
}

/// Names what a request is for.
pub(crate) fn purpose_of(parts: &[&[u8]]) -> Purpose {
    let mut hasher = blake3::Hasher::new_derive_key("sealpost v1 ticket purpose");
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().as_bytes().first_chunk().copied().unwrap_or_default()
}

/// Whether a server refuses the ticket, or that there is none.
fn is_of_ticket(error: &NetError) -> bool {
    let NetError::Refused(refused) = error else { return false };
    matches!(refused.reason, Refusal::TicketNeeded | Refusal::TicketSpent)
}

/// Whether a server has decided.
fn is_answer(error: &NetError) -> bool {
    matches!(error, NetError::Refused(refused) if refused.reason != Refusal::TryLater)
}

impl TicketTrouble {
    /// What the app is told.
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Self::Network(error) => error.kind(),
            Self::Store(error) => error.kind(),
            Self::NoVoucher => ErrorKind::NeedsTickets,
            Self::NotTheKey => ErrorKind::IssuerRefused,
        }
    }
}

impl From<NetError> for TicketTrouble {
    fn from(error: NetError) -> Self {
        Self::Network(error)
    }
}

impl From<StoreError> for TicketTrouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

#[cfg(test)]
mod tests;
