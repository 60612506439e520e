//! A key service: it evaluates elements that it cannot see under a key of its own for each epoch, and keeps nothing but
//! those keys and how much of each voucher is spent.
//!
//! Nothing here touches a mailbox or a relay's store. What is asked for is decoded above, and decided here: whether the
//! epoch is open, who may ask, how often. Time comes from a [`Clock`].

pub mod epochs;
mod events;
mod keyring;
mod program;
mod rights;
mod settings;
mod spent;
#[cfg(test)]
mod tests;
mod totals;
mod vouchers;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sealpost_blind::{BlindedBatch, EvaluatedBatch};
use sealpost_wire::codec::V1;
use sealpost_wire::directory::{BlindedElements, Epoch, EvaluatedElements, VoucherId};
use sealpost_wire::manifest;
use sealpost_wire::operator::OperatorKey;
use sealpost_wire::request::{Evaluate, Evaluated, IssueTickets, IssuedTickets, Refusal};
use sealpost_wire::ticket::TicketKind;
use sealpost_wire::time::Day;
use tokio::task::spawn_blocking;

use self::epochs::EpochDirectory;
use self::events::Event;
pub use self::keyring::KeepError;
use self::keyring::{Keyring, UsedEpoch};
pub(crate) use self::program::KeyServiceProgram;
use self::rights::Rights;
pub use self::settings::Settings;
use self::spent::SpentLogs;
use self::totals::Counts;
pub use self::totals::Totals;
pub use self::vouchers::LogError;
use self::vouchers::{Bill, Paid, Unpaid, Vouchers};
use crate::clock::Clock;
use crate::pool::{Pool, Undone};
use crate::tickets::Issuer;
use sealpost_server::Denial;

/// A key service. Clones are the same one.
#[derive(Clone)]
pub struct KeyService(Arc<Inner>);

struct Inner {
    settings: Settings,
    clock: Arc<dyn Clock>,
    keyring: Keyring,
    rights: Rights,
    issuer: Option<Issuer>,
    pool: Pool,
    counts: Counts,
    /// Whether the keys could not be read when they were last looked at.
    unread: AtomicBool,
}

/// How long a client waits when what was spent can be neither read nor written, or a fault of ours is in the way, in seconds.
const OUT: u16 = 10;
/// How many tickets are remembered for each voucher that may be counted: what one voucher is good for, and its renewals.
const TICKETS_PER_VOUCHER: u32 = 80;
/// How long a client waits whose voucher would be one too many, in seconds: room is made by the operator.
const TOO_MANY: u16 = 60 * 60;

impl KeyService {
    /// Opens the key service whose keys lie in the settings' directory; makes those that are missing of today's epochs,
    /// and erases those of epochs that have closed.
    ///
    /// # Errors
    /// [`KeepError`].
    pub fn open(settings: Settings, operator: OperatorKey, clock: Arc<dyn Clock>) -> Result<Self, KeepError> {
        let most_vouchers = settings.attester.is_some().then_some(settings.vouchers_per_epoch);
        let issuer = settings.tickets.clone().map(|tickets| {
            let memory = Arc::new(SpentLogs::new(
                &tickets.directory,
                settings.vouchers_per_epoch.saturating_mul(TICKETS_PER_VOUCHER),
            ));
            Issuer::open(tickets, operator, Arc::clone(&clock), memory).map_err(KeepError::Tickets)
        });
        let inner = Inner {
            keyring: Keyring::new(EpochDirectory::new(settings.directory.clone()), most_vouchers),
            rights: Rights::new(&settings, operator),
            issuer: issuer.transpose()?,
            pool: Pool::new(),
            counts: Counts::default(),
            unread: AtomicBool::new(false),
            settings,
            clock,
        };
        inner.keyring.keep(inner.today(), &mut rand::rng())?;
        Ok(Self(Arc::new(inner)))
    }

    /// Evaluates a batch under the key of its epoch. What it costs a voucher is durable before it is answered; the same
    /// batch again costs nothing.
    ///
    /// # Errors
    /// *no epoch*; *ticket needed*, one value for a voucher or ticket that is missing, forged, another's or, of a voucher, used
    /// up; *ticket spent*; *malformed*, when something in the batch is no element; *try later*.
    pub async fn evaluate(&self, request: Evaluate) -> Result<Evaluated, Denial> {
        let used = self.0.epoch(request.epoch)?;
        let (request, voucher, batch) = self.admit(request).await?;
        match (&self.0.issuer, voucher) {
            (_, Some(voucher)) => self.0.charge(&used, voucher, &request.elements).await?,
            (Some(issuer), None) => issuer.spend(TicketKind::Evaluate, request.ticket.as_ref(), &request).await?,
            (None, None) => {}
        }
        let evaluate = move || used.key.server.evaluate(&batch, &mut rand::rng());
        let elements = wire_form(&self.0.pool.run(evaluate).await?)?;
        self.0.counts.evaluated.one_more();
        Ok(Evaluated { version: V1, elements })
    }

    /// Issues tickets.
    ///
    /// # Errors
    /// *no such request*, where there are none; else as [`Issuer::issue`].
    pub async fn issue_tickets(&self, request: IssueTickets) -> Result<IssuedTickets, Denial> {
        let issuer = self.0.issuer.as_ref().ok_or(Denial::of(Refusal::NoSuchRequest))?;
        issuer.issue(request).await
    }

    /// What issues tickets, where there are any.
    #[must_use]
    pub fn issuer(&self) -> Option<&Issuer> {
        self.0.issuer.as_ref()
    }

    /// Puts into a manifest what it says of tickets.
    pub fn tell_tickets(&self, manifest: &mut manifest::Manifest) {
        if let Some(issuer) = &self.0.issuer {
            issuer.tell(manifest);
        }
    }

    /// Looks after the keys: makes and erases what the day asks for, and sees what commands have changed. Tells whether
    /// [`Self::told`] is another one now. To be called every minute or so.
    pub async fn keep(&self) -> bool {
        let inner = Arc::clone(&self.0);
        let kept = spawn_blocking(move || inner.keyring.keep(inner.today(), &mut rand::rng())).await;
        let failed = !matches!(kept, Ok(Ok(_)));
        if failed && !self.0.unread.swap(failed, Ordering::Relaxed) {
            Event::EpochsUnread {}.log();
        }
        self.0.unread.store(failed, Ordering::Relaxed);
        matches!(kept, Ok(Ok(true)))
    }

    /// What its manifest says of it.
    #[must_use]
    pub fn told(&self) -> manifest::KeyService {
        let attester = self.0.settings.attester.as_ref().map(ToString::to_string);
        manifest::KeyService { attester, epochs: self.0.keyring.told() }
    }

    /// Whether it can evaluate in some epoch, and vouchers can be counted in all.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let (all, today) = (self.0.keyring.all(), self.0.today());
        let is_out = |used: &Arc<UsedEpoch>| used.vouchers.as_ref().is_some_and(Vouchers::is_out);
        all.iter().any(|used| today <= used.key.epoch.closes()) && !all.iter().any(is_out)
    }

    /// Counts of the whole service, for metrics.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let all = self.0.keyring.all();
        let vouchers =
            all.iter().filter_map(|used| used.vouchers.as_ref()).map(|vouchers| u64::from(vouchers.used())).sum();
        let tickets = self.0.issuer.as_ref().map(Issuer::totals).unwrap_or_default();
        self.0.counts.totals(all.len() as u64, vouchers, tickets)
    }

    /// Finishes what was begun and closes what was spent. Requests that come later are told to try later.
    pub async fn close(&self) {
        for used in self.0.keyring.all() {
            if let Some(vouchers) = &used.vouchers {
                vouchers.close().await;
            }
        }
    }

    /// Checks what can be checked before anything is paid for: right and form.
    async fn admit(&self, request: Evaluate) -> Result<(Evaluate, Option<VoucherId>, BlindedBatch), Denial> {
        let inner = Arc::clone(&self.0);
        let admit = move || {
            let voucher = if inner.takes_ticket(&request) { None } else { inner.rights.of(&request)? };
            let batch = BlindedBatch::from_bytes(request.elements.as_bytes());
            let batch = batch.map_err(|_| Denial::of(Refusal::Malformed))?;
            Ok((request, voucher, batch))
        };
        self.0.pool.run(admit).await?
    }
}

impl Inner {
    /// Whether a ticket is to pay: where there are tickets, unless a voucher is shown in its place, as the attester itself
    /// does, which has none.
    fn takes_ticket(&self, request: &Evaluate) -> bool {
        let shows_voucher = request.ticket.is_none() && request.voucher.is_some() && self.settings.attester.is_some();
        self.issuer.is_some() && !shows_voucher
    }

    fn today(&self) -> Day {
        Day::of(self.clock.now())
    }

    /// The key of an epoch that has not closed. Made ahead of its time, it is used ahead of its time.
    fn epoch(&self, epoch: Epoch) -> Result<Arc<UsedEpoch>, Denial> {
        let used = self.keyring.of(epoch).filter(|_| self.today() <= epoch.closes());
        used.ok_or(Denial::of(Refusal::NoEpoch))
    }

    async fn charge(&self, used: &UsedEpoch, voucher: VoucherId, elements: &BlindedElements) -> Result<(), Denial> {
        let vouchers = used.vouchers.as_ref().ok_or(Denial::try_later(OUT))?;
        match vouchers.pay(Bill::new(voucher, elements.as_bytes(), self.today())).await {
            Ok(Paid::Now) => Ok(()),
            Ok(Paid::Before) => {
                self.counts.repeated.one_more();
                Ok(())
            }
            Err(Unpaid::Spent) => Err(Denial::of(Refusal::TicketNeeded)),
            Err(Unpaid::TooMany) => Err(Denial::try_later(TOO_MANY)),
            Err(Unpaid::Out) => Err(Denial::try_later(OUT)),
        }
    }
}

/// An evaluated batch as it is sent. A request has as many elements as an answer, so it always fits.
fn wire_form(batch: &EvaluatedBatch) -> Result<EvaluatedElements, Denial> {
    EvaluatedElements::from_bytes(&batch.to_bytes()).ok_or(Denial::try_later(OUT))
}

impl From<Undone> for Denial {
    fn from(Undone: Undone) -> Self {
        Self::try_later(OUT)
    }
}
