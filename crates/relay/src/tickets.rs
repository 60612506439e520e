//! Tickets: who gets them, and which are good. A relay and a key service issue and take their own.
//!
//! ```text
//! issue    voucher ─▶ is it good? ─▶ memory: spent once ─▶ evaluate under the keys that are told today
//! spend    ticket  ─▶ is it ours, of this kind, good today? ─▶ memory: spent once ─▶ whatever it pays for
//! ```
//!
//! Keys lie in files, which go when nothing that they made is good any more ([`keys`]); so do invite codes, as hashes
//! ([`invites`]). What was spent is kept by whoever serves: a relay's store, a key service's logs ([`Memory`]).

#[cfg(test)]
mod asked;
mod events;
mod hash;
pub mod invites;
pub mod keys;
mod memory;
mod ring;
mod settings;
mod totals;
mod vouchers;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use rand::rngs::ThreadRng;
use sealpost_blind::{BlindedBatch, ServerKey};
use sealpost_server::Denial;
use sealpost_wire::codec::{List, V1};
use sealpost_wire::manifest::Manifest;
use sealpost_wire::operator::OperatorKey;
use sealpost_wire::request::{IssueTickets, IssuedTickets, Refusal, Request};
use sealpost_wire::ticket::{EvaluatedTickets, Ticket, TicketKind};
use sealpost_wire::time::Day;
use tokio::task::spawn_blocking;

#[cfg(test)]
pub(crate) use self::asked::Asked;
use self::events::Event;
use self::hash::spent_id;
use self::invites::InviteDirectory;
pub use self::keys::KeysError;
pub use self::memory::Memory;
use self::ring::Ring;
pub use self::settings::{Allowances, Policy, Settings};
use self::totals::Counts;
pub use self::totals::TicketTotals;
use crate::clock::Clock;
use crate::pool::Pool;
use crate::store::{Spend, Spent, Unavailable};

/// How long a client waits when tickets go too fast, in seconds.
const CROWDED: u16 = 10;
/// How long it waits when a key or the memory of what was spent is out, in seconds.
const OUT: u16 = 10;

/// What issues tickets and takes them. Clones are the same one.
#[derive(Clone)]
pub struct Issuer(Arc<Inner>);

struct Inner {
    settings: Settings,
    operator: OperatorKey,
    clock: Arc<dyn Clock>,
    ring: Ring,
    invites: InviteDirectory,
    memory: Arc<dyn Memory>,
    rate: DefaultDirectRateLimiter,
    pool: Pool,
    counts: Counts,
    /// Whether the keys could not be looked after the last time.
    unkept: AtomicBool,
}

impl Issuer {
    /// An issuer whose keys lie in the settings' directory; makes those that are missing of today, and erases those that
    /// are over.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn open(
        settings: Settings,
        operator: OperatorKey,
        clock: Arc<dyn Clock>,
        memory: Arc<dyn Memory>,
    ) -> Result<Self, KeysError> {
        let inner = Inner {
            ring: Ring::new(settings.directory.clone(), settings.allowances.clone()),
            invites: InviteDirectory::of(&settings.directory),
            rate: RateLimiter::direct(Quota::per_minute(settings.issues_per_minute)),
            pool: Pool::new(),
            counts: Counts::default(),
            unkept: AtomicBool::new(false),
            settings,
            operator,
            clock,
            memory,
        };
        inner.ring.keep(inner.today())?;
        Ok(Self(Arc::new(inner)))
    }

    /// Issues tickets for a voucher. What it costs is durable before it is answered; the same request again costs nothing
    /// and gets the same.
    ///
    /// # Errors
    /// *malformed*, when something is no element, out of order or paid for twice; *other keys*; *limit*, when more is wanted
    /// than a voucher is good for; *voucher needed*, one value for one that is missing, forged, another's or not good today;
    /// *ticket spent*; *try later*.
    pub async fn issue(&self, request: IssueTickets) -> Result<IssuedTickets, Denial> {
        let inner = Arc::clone(&self.0);
        let today = inner.today();
        inner.ready(today).await;
        let (inner, work, spend) = {
            let inner = Arc::clone(&self.0);
            let admitted = move || inner.admit(&request, today).map(|(work, spend)| (inner, work, spend));
            self.0.pool.run(admitted).await.map_err(|_| out())??
        };
        inner.pay(spend.into_iter().collect()).await?;
        let count = work.iter().map(|work| work.batch.elements().len()).sum();
        let issued = inner.pool.run(move || evaluate(&work, &mut rand::rng())).await.map_err(|_| out())??;
        self.0.counts.issued(count);
        Ok(IssuedTickets { version: V1, issued })
    }

    /// Spends a ticket of that kind on `request`, durably; the same request again is welcome.
    ///
    /// # Errors
    /// *ticket needed*, one value for one that is missing, forged, another's, of another kind or day; *ticket spent*; *try
    /// later*.
    pub async fn spend<R: Request>(
        &self,
        kind: TicketKind,
        ticket: Option<&Ticket>,
        request: &R,
    ) -> Result<(), Denial> {
        let today = self.0.today();
        self.0.ready(today).await;
        let good = ticket.and_then(|ticket| self.0.check(kind, ticket, hash::of_request(request), today));
        self.0.pay(vec![good.ok_or(Denial::of(Refusal::TicketNeeded))?]).await
    }

    /// The same for many requests that came together, by what each spends: none where a ticket is no good. Tells of each
    /// whether its ticket was good.
    ///
    /// # Errors
    /// *try later*, for all.
    pub async fn spend_all<R: Request>(
        &self,
        kind: TicketKind,
        tickets: Vec<(&Ticket, &R)>,
    ) -> Result<Vec<bool>, Denial> {
        let today = self.0.today();
        self.0.ready(today).await;
        let check = |(ticket, request)| self.0.check(kind, ticket, hash::of_request(request), today);
        let good: Vec<_> = tickets.into_iter().map(check).collect();
        let spends: Vec<_> = good.iter().flatten().copied().collect();
        if spends.is_empty() {
            return Ok(vec![false; good.len()]);
        }
        let mut spent = self.0.remember(spends).await?.into_iter();
        let is_paid = |spend: Option<Spend>| spend.and_then(|_| spent.next()).is_some_and(|it| it != Spent::ByAnother);
        Ok(good.into_iter().map(is_paid).collect())
    }

    /// Makes and erases what the day asks for; tells whether [`Self::tell`] tells something else now. To be called every
    /// minute or so.
    pub async fn keep(&self) -> bool {
        let before = self.0.ring.told();
        self.0.keep().await;
        self.0.memory.forget(self.0.today()).await;
        self.0.ring.told() != before
    }

    /// Counts of the whole issuer, for metrics.
    #[must_use]
    pub fn totals(&self) -> TicketTotals {
        self.0.counts.totals()
    }

    /// What a manifest says of the keys.
    #[cfg(test)]
    pub(crate) fn told(&self) -> Vec<sealpost_wire::manifest::TicketKey> {
        self.0.ring.told()
    }

    /// Puts into a manifest what it says of tickets.
    pub fn tell(&self, manifest: &mut Manifest) {
        manifest.tickets = self.0.settings.policy.told();
        manifest.ticket_keys = self.0.ring.told();
        manifest.ticket_attester = self.0.settings.attester().map(ToString::to_string);
    }
}

impl Inner {
    fn today(&self) -> Day {
        Day::of(self.clock.now())
    }

    /// Sees to it that the keys are those of today, also when the clock has jumped.
    async fn ready(self: &Arc<Self>, today: Day) {
        if !self.ring.is_of(today) {
            self.keep().await;
        }
    }

    /// Looks after the keys on a thread that may wait for the disk; a failure is logged, once for each outage.
    async fn keep(self: &Arc<Self>) {
        let inner = Arc::clone(self);
        let keep = move || inner.ring.keep(inner.today()).is_ok() & inner.invites.clear(inner.today()).is_ok();
        let failed = !spawn_blocking(keep).await.unwrap_or(false);
        if failed && !self.unkept.swap(true, Ordering::Relaxed) {
            Event::TicketKeysUnkept {}.log();
        }
        self.unkept.store(failed, Ordering::Relaxed);
    }

    /// Whether a ticket is ours, of that kind and good today; then what spends it.
    fn check(&self, kind: TicketKind, ticket: &Ticket, request: [u8; 16], today: Day) -> Option<Spend> {
        let first = ticket.first_day();
        let is_good = ticket.kind() == kind && kind.is_good(first, today);
        let key = self.ring.key(kind, first).filter(|_| is_good)?;
        key.made(ticket).then(|| Spend { id: spent_id(ticket), until: kind.last_day(first), request })
    }

    async fn pay(&self, spends: Vec<Spend>) -> Result<(), Denial> {
        if spends.is_empty() {
            return Ok(());
        }
        let spent = self.remember(spends).await?;
        if spent.contains(&Spent::ByAnother) { Err(Denial::of(Refusal::TicketSpent)) } else { Ok(()) }
    }

    async fn remember(&self, spends: Vec<Spend>) -> Result<Vec<Spent>, Denial> {
        let spent = self.memory.spend(spends).await.map_err(refused)?;
        self.counts.spent(spent.iter().filter(|spent| **spent != Spent::ByAnother).count());
        Ok(spent)
    }

    /// Checks all that can be checked before anything is paid.
    fn admit(&self, request: &IssueTickets, today: Day) -> Result<(Vec<Work>, Option<Spend>), Denial> {
        let work = self.work(request, today)?;
        let spend = self.voucher(request, today)?;
        if spend.is_none() {
            self.rate.check().map_err(|_| Denial::try_later(CROWDED))?;
        }
        Ok((work, spend))
    }

    /// What is to be evaluated, and with which keys.
    fn work(&self, request: &IssueTickets, today: Day) -> Result<Vec<Work>, Denial> {
        let asked: Vec<_> = request.wanted.iter().map(|wanted| (wanted.kind, wanted.first_day)).collect();
        if asked.is_empty() || !asked.is_sorted_by(|one, next| one < next) {
            return Err(Denial::of(Refusal::Malformed));
        }
        let mut work = Vec::with_capacity(asked.len());
        for wanted in request.wanted.iter() {
            // Yesterday's too: who asks again because the answer was lost at midnight has paid.
            let yesterday = Day(today.0.saturating_sub(1));
            let mut issuing = wanted.kind.issued_on(yesterday).chain(wanted.kind.issued_on(today));
            let issues = issuing.any(|first| first == wanted.first_day);
            let count = self.ring.count(wanted.kind, wanted.first_day, today).filter(|_| issues);
            let key = self.ring.key(wanted.kind, wanted.first_day);
            let (count, key) = count.zip(key).ok_or(Denial::of(Refusal::OtherKeys))?;
            if wanted.elements.count() > usize::from(count) {
                return Err(Denial::of(Refusal::Limit));
            }
            let batch = BlindedBatch::from_bytes(wanted.elements.as_bytes());
            work.push(Work { key, batch: batch.map_err(|_| Denial::of(Refusal::Malformed))? });
        }
        Ok(work)
    }
}

/// A batch, and the key that it is to be evaluated with.
struct Work {
    key: Arc<ServerKey>,
    batch: BlindedBatch,
}

fn evaluate<const MAX: usize>(work: &[Work], rng: &mut ThreadRng) -> Result<List<EvaluatedTickets, MAX>, Denial> {
    let evaluate = |work: &Work| EvaluatedTickets::from_bytes(&work.key.evaluate(&work.batch, rng).to_bytes());
    // An answer has as many elements as its request, so it always fits.
    let issued = work.iter().map(evaluate).collect::<Option<Vec<_>>>();
    issued.and_then(|issued| List::new(issued).ok()).ok_or(out())
}

fn refused(Unavailable: Unavailable) -> Denial {
    out()
}

const fn out() -> Denial {
    Denial::try_later(OUT)
}
