//! Everyone who takes part in a soak: senders and collectors that go on, and mailboxes that change.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rand::Rng;
use sealpost_wire::SizeClass;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::LOOK_EVERY;
use crate::failure::Failure;
use crate::load::client::Target;
use crate::load::collector::Owned;
use crate::load::errand;
use crate::load::mailboxes::Mailbox;
use crate::load::pace::Schedule;
use crate::load::porter::{Carried, Habit, Order, Porter};
use crate::load::postman::{Delivery, Move, Postman};
use crate::load::sender::Addressed;
use crate::load::verify::{self, Received, Sent};
use crate::load::window::Window;
use crate::scenario::phase::Phase;
use crate::seal::Opening;

/// Pairs of a sender and a collector; each collector has the mailboxes of its sender.
const PAIRS: u32 = 8;
const MAILBOXES: u32 = 25;
/// The last of them has an owner who is away for most of the time, and a smaller share of what is due.
const AWAY_MAILBOXES: u32 = 60;
const AWAY_SHARE: f64 = 0.05;
/// How often a mailbox is replaced.
const REPLACE_EVERY: Duration = Duration::from_millis(500);
/// How long anything may take that should happen by itself.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long nothing more may come once there is as much as was accepted, if what is there need not be that.
const QUIET: Duration = Duration::from_secs(30);
/// How a relay denies.
const FORBIDDEN: u16 = 403;
const STEP: Duration = Duration::from_millis(50);

/// Everyone.
pub(super) struct Town {
    target: Target,
    phase: Arc<Phase>,
    streets: Vec<Street>,
    postmen: JoinSet<Result<Delivery, Failure>>,
    porters: JoinSet<Result<Carried, Failure>>,
    moves: JoinSet<Result<u64, Failure>>,
    next: u32,
    done: Done,
    /// What the owner got who is away.
    away: Vec<Arc<Window>>,
    /// What was accepted of each sender, and what came in each mailbox there ever was.
    accepted: Vec<Arc<AtomicU64>>,
    windows: Vec<Arc<Window>>,
}

/// A sender, its collector, and their mailboxes.
struct Street {
    mailboxes: Vec<(u32, Arc<Mailbox>, Arc<Window>)>,
    moves: mpsc::UnboundedSender<Move>,
    orders: mpsc::UnboundedSender<Order>,
}

/// What they did.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Done {
    pub(super) accepted: u64,
    pub(super) put_off: u64,
    pub(super) repeats: u64,
    pub(super) replaced: u64,
    pub(super) connections: u64,
}

impl Town {
    /// Opens their mailboxes, and has them begin; so many deposits are due a second, of all together.
    pub(super) async fn open(target: &Target, opening: Opening, rate: f64) -> Result<Self, Failure> {
        let mut town = Self {
            target: target.clone(),
            phase: Arc::default(),
            streets: Vec::new(),
            postmen: JoinSet::new(),
            porters: JoinSet::new(),
            moves: JoinSet::new(),
            next: 0,
            done: Done::default(),
            away: Vec::new(),
            accepted: Vec::new(),
            windows: Vec::new(),
        };
        let (there, away) =
            (Habit { there: 3_000..=10_000, away: 0..=200 }, Habit { there: 1_000..=3_000, away: 5_000..=15_000 });
        for _ in 1..PAIRS {
            let rate = rate * (1.0 - AWAY_SHARE) / f64::from(PAIRS - 1);
            town.settle(MAILBOXES, (rate, there.clone()), opening).await?;
        }
        town.settle(AWAY_MAILBOXES, (rate * AWAY_SHARE, away), opening).await?;
        town.away =
            town.streets.pop().into_iter().flat_map(|street| street.mailboxes).map(|(.., window)| window).collect();
        Ok(town)
    }

    async fn settle(&mut self, count: u32, (rate, habit): (f64, Habit), opening: Opening) -> Result<(), Failure> {
        let mut mailboxes = Vec::new();
        for _ in 0..count {
            let mailbox = Arc::new(Mailbox::random(SizeClass::Small));
            errand::ask(&self.target, &mailbox.open()).await?;
            mailboxes.push((self.number(), mailbox, self.window()));
        }
        let addressed = mailboxes.iter().filter_map(|(number, of, _)| addressed(*number, of)).collect();
        let owned = mailboxes.iter().map(|(number, of, window)| owned(*number, of, window)).collect();
        let (moves, told_moves) = mpsc::unbounded_channel();
        let (orders, told_orders) = mpsc::unbounded_channel();
        let schedule = Schedule::new(rate, self.phase.elapsed(), u64::from(self.next));
        let phase = || Arc::clone(&self.phase);
        let postman = Postman::new(self.target.clone(), phase(), schedule, addressed, told_moves);
        let porter = Porter::new(self.target.clone(), phase(), (owned, opening), told_orders, habit);
        self.accepted.push(postman.accepted());
        self.postmen.spawn(postman.run());
        self.porters.spawn(porter.run());
        self.streets.push(Street { mailboxes, moves, orders });
        Ok(())
    }

    fn number(&mut self) -> u32 {
        self.next += 1;
        self.next - 1
    }

    fn window(&mut self) -> Arc<Window> {
        let window = Arc::<Window>::default();
        self.windows.push(Arc::clone(&window));
        window
    }

    /// How many envelopes lie at the relay: those that were accepted and not delivered.
    pub(super) fn stored(&self) -> u64 {
        let accepted: u64 = self.accepted.iter().map(|accepted| accepted.load(Ordering::Relaxed)).sum();
        let delivered: u64 = self.windows.iter().map(|window| window.delivered()).sum();
        accepted.saturating_sub(delivered)
    }

    /// Lets them work for so long, and looks each second.
    pub(super) async fn work(
        &mut self,
        time: Duration,
        look: &mut impl FnMut(&Self) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let (begun, mut looked) = (Instant::now(), Instant::now());
        while begun.elapsed() < time {
            self.replace();
            tokio::select! {
                () = sleep(REPLACE_EVERY) => {}
                Some(ended) = self.postmen.join_next() => return Err(failed(ended)),
                Some(ended) = self.porters.join_next() => return Err(failed(ended)),
            }
            self.replaced()?;
            if looked.elapsed() >= LOOK_EVERY {
                looked += LOOK_EVERY;
                look(self)?;
            }
        }
        Ok(())
    }

    /// Has one mailbox replaced by another.
    fn replace(&mut self) {
        let (number, window) = (self.number(), self.window());
        let mut rng = rand::rng();
        let street = rng.random_range(0..self.streets.len());
        let Some(street) = self.streets.get_mut(street) else { return };
        let place = rng.random_range(0..street.mailboxes.len());
        let Some(place) = street.mailboxes.get_mut(place) else { return };
        let to = (number, Arc::new(Mailbox::random(SizeClass::Small)), window);
        let from = std::mem::replace(place, to.clone());
        let (moves, orders) = (street.moves.clone(), street.orders.clone());
        self.moves.spawn(Moving { target: self.target.clone(), moves, orders }.run(from, to));
    }

    fn replaced(&mut self) -> Result<(), Failure> {
        while let Some(ended) = self.moves.try_join_next() {
            self.done.repeats += ended.map_err(|_| Failure::Ended)??;
            self.done.replaced += 1;
        }
        Ok(())
    }

    /// Waits until no mailbox is being replaced; then senders are to come to an end.
    pub(super) async fn end(&mut self) -> Result<(), Failure> {
        let moved = async {
            while let Some(ended) = self.moves.join_next().await {
                self.done.repeats += ended.map_err(|_| Failure::Ended)??;
                self.done.replaced += 1;
            }
            Ok::<(), Failure>(())
        };
        timeout(2 * PATIENCE, moved).await.map_err(hanging("replacing mailboxes"))??;
        self.phase.end();
        Ok(())
    }

    /// Waits until all is answered and delivered, and compares.
    pub(super) async fn close(mut self) -> Result<Done, Failure> {
        let posted = timeout(PATIENCE, all(&mut self.postmen)).await.map_err(hanging("answering all deposits"))??;
        let sent: BTreeMap<u32, Sent> = posted.iter().flat_map(|posted| posted.sent.iter().cloned()).collect();
        self.deliver(&sent).await;
        self.phase.close();
        let carried = timeout(PATIENCE, all(&mut self.porters)).await.map_err(hanging("ending collectors"))??;
        let received: BTreeMap<u32, Received> =
            carried.iter().flat_map(|carried| carried.received.iter().cloned()).collect();
        self.done.accepted += posted.iter().map(|posted| posted.accepted).sum::<u64>();
        self.done.put_off += posted.iter().map(|posted| posted.put_off).sum::<u64>();
        self.done.connections += posted.iter().map(|posted| posted.connections).sum::<u64>();
        self.done.connections += carried.iter().map(|carried| carried.connections).sum::<u64>();
        self.done.repeats += received.values().map(Received::repeats).sum::<u64>();
        if !sent.keys().eq(received.keys()) {
            return Err(verify::Wrong::Foreign.into());
        }
        verify::compare(sent.values().zip(received.values()))?;
        Ok(self.done)
    }

    /// Waits until all has come, as long as more comes. What is missing then is told by comparing.
    async fn deliver(&self, sent: &BTreeMap<u32, Sent>) {
        let delivered = || {
            let streets = self.streets.iter().flat_map(|street| &street.mailboxes).map(|(.., window)| window);
            streets.chain(&self.away).map(|window| window.delivered()).sum::<u64>()
        };
        let accepted: u64 = sent.values().map(Sent::count).sum();
        let numbered: u64 = sent.values().map(Sent::numbered).sum();
        let patience = |delivered| match delivered {
            few if few < accepted => PATIENCE,
            // Some of them were put off, and came all the same.
            more if more < numbered => QUIET,
            _ => Duration::ZERO,
        };
        let (mut before, mut since) = (delivered(), Instant::now());
        while since.elapsed() < patience(before) {
            sleep(STEP).await;
            if delivered() != before {
                (before, since) = (delivered(), Instant::now());
            }
        }
    }
}

/// One mailbox is replaced by another, emptied and closed.
struct Moving {
    target: Target,
    moves: mpsc::UnboundedSender<Move>,
    orders: mpsc::UnboundedSender<Order>,
}

type Place = (u32, Arc<Mailbox>, Arc<Window>);

impl Moving {
    /// How many envelopes came more than once in the one that is closed.
    async fn run(self, (from, old, _): Place, (number, new, window): Place) -> Result<u64, Failure> {
        errand::ask(&self.target, &new.open()).await?;
        let to = addressed(number, &new).ok_or(Failure::NoFrame)?;
        let (done, sent) = oneshot::channel();
        let _taken = self.orders.send(Order::Take(owned(number, &new, &window)));
        let _moved = self.moves.send(Move { from, to, done });
        let sent = sent.await.map_err(|_| Failure::Ended)?;
        let since = Instant::now();
        // How many came does not tell: one that was put off may have come too, since the relay could not keep it in time.
        while verify::compare([(&sent, &self.told(Order::Show, from).await?)]).is_err() && since.elapsed() < PATIENCE {
            sleep(STEP).await;
        }
        let received = self.told(Order::Leave, from).await?;
        verify::compare([(&sent, &received)])?;
        match errand::ask(&self.target, &old.close()).await {
            // It was closed, and the relay killed before it could say so.
            Ok(()) | Err(Failure::Refused(_, FORBIDDEN)) => Ok(received.repeats()),
            Err(failure) => Err(failure),
        }
    }

    /// What the collector tells of a mailbox.
    async fn told(
        &self,
        order: impl FnOnce(u32, oneshot::Sender<Received>) -> Order,
        of: u32,
    ) -> Result<Received, Failure> {
        let (done, received) = oneshot::channel();
        let _ordered = self.orders.send(order(of, done));
        received.await.map_err(|_| Failure::Ended)
    }
}

fn addressed(mailbox: u32, of: &Mailbox) -> Option<Addressed> {
    Some(Addressed { mailbox, deposits: of.deposits()?, sent: Sent::default() })
}

fn owned(mailbox: u32, of: &Arc<Mailbox>, window: &Arc<Window>) -> Owned {
    Owned { mailbox, of: Arc::clone(of), window: Arc::clone(window), received: Received::with_some_sent_again() }
}

async fn all<T: 'static>(tasks: &mut JoinSet<Result<T, Failure>>) -> Result<Vec<T>, Failure> {
    let mut all = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        all.push(ended.map_err(|_| Failure::Ended)??);
    }
    Ok(all)
}

fn hanging(what: &'static str) -> impl Fn(tokio::time::error::Elapsed) -> Failure {
    move |_| Failure::Hanging(what, PATIENCE.as_secs())
}

/// Why somebody ended before the time.
fn failed<T>(ended: Result<Result<T, Failure>, tokio::task::JoinError>) -> Failure {
    match ended {
        Ok(Err(failure)) => failure,
        Ok(Ok(_)) | Err(_) => Failure::Ended,
    }
}
