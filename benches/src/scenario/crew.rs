//! Everyone who takes part in a run: mailboxes, senders, collectors.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::{self, TryStreamExt};
use sealpost_wire::frame::{COLLECT_SOCKET, DEPOSIT_SOCKET};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::phase::Phase;
use super::shape::{Content, Manner, Over, Shape, Sizes};
use crate::failure::Failure;
use crate::load::asker::{Asked, Asker};
use crate::load::carrier::Carrier;
use crate::load::collector::{Collected, Collector, Owned};
use crate::load::mailboxes::Mailbox;
use crate::load::pace::Pace;
use crate::load::porter::{Carried, Habit, Porter};
use crate::load::sender::{Addressed, Sender};
use crate::load::tally::{Posted, Tally};
use crate::load::verify::{self, Received, Sent};
use crate::load::window::Window;
use crate::subject::Subject;

/// How long anything may take that should happen by itself.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long nothing more may come before what is missing counts as lost.
const STALLED: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 60 });
/// Mailboxes that are opened at once.
const OPENERS: usize = 32;
/// Of so many mailboxes each has random bytes of its own; those behind have the same again, or many would not fit.
const ALIKE: u32 = 10_000;
/// What a client reads at once.
const BUFFER: usize = 128 * 1024;
/// How often it is looked whether all has come.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// A run's people, before and while they work.
pub struct Crew<'a> {
    subject: &'a Subject,
    shape: Shape,
    over: Over,
    mailboxes: Vec<Arc<Mailbox>>,
    windows: Vec<Arc<Window>>,
    /// Where the run is.
    pub phase: Arc<Phase>,
    senders: JoinSet<Result<Posted, Failure>>,
    collectors: JoinSet<Result<(u32, Collected), Failure>>,
}

impl<'a> Crew<'a> {
    /// Makes mailboxes, and opens them.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn gather(subject: &'a Subject, shape: Shape) -> Result<Self, Failure> {
        Self::gather_with(subject, shape, Content::Random).await
    }

    /// The same, with that in the envelopes.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn gather_with(subject: &'a Subject, shape: Shape, content: Content) -> Result<Self, Failure> {
        let mut mailboxes: Vec<Arc<Mailbox>> = Vec::new();
        for number in 0..shape.mailboxes {
            let class = shape.class.of(number);
            let alike = number.checked_sub(ALIKE).and_then(|other| mailboxes.get(other as usize));
            let alike = alike.filter(|_| matches!(shape.class, Sizes::Of(_)));
            let mailbox = match (content, alike) {
                (Content::Sealed, _) => Mailbox::sealed(class)?,
                (Content::Random, Some(alike)) => alike.beside(),
                (Content::Random, None) => Mailbox::random(class),
            };
            mailboxes.push(Arc::new(mailbox));
        }
        if subject.keeps_mailboxes() {
            open(subject, &mailboxes).await?;
        }
        Ok(Self {
            subject,
            shape,
            over: Over::Websocket,
            mailboxes,
            windows: (0..shape.senders).map(|_| Arc::default()).collect(),
            phase: Arc::default(),
            senders: JoinSet::new(),
            collectors: JoinSet::new(),
        })
    }

    /// The same, whose deposits go in that way.
    #[must_use]
    pub fn over(self, over: Over) -> Self {
        Self { over, ..self }
    }

    /// Has all mailboxes collected from now on. They are caught up, unless something lies in them.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn collect(&mut self, is_empty: bool) -> Result<(), Failure> {
        self.collect_as(is_empty, |_| Manner::AtOnce).await
    }

    /// The same, each collector in the manner that it is given. Who comes and goes does not come at once.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn collect_as(&mut self, is_empty: bool, manner: impl Fn(u32) -> Manner) -> Result<(), Failure> {
        for turn in 0..self.shape.collectors {
            match manner(turn) {
                Manner::AtOnce => self.stay(turn, is_empty, None).await?,
                Manner::Late(every) => self.stay(turn, is_empty, Some(every)).await?,
                Manner::Coming(habit) => self.come_and_go(turn, habit),
            }
        }
        Ok(())
    }

    async fn stay(&mut self, turn: u32, is_empty: bool, late: Option<Duration>) -> Result<(), Failure> {
        let socket = self.subject.target.socket(COLLECT_SOCKET, BUFFER).await?;
        let (owned, phase) = (self.owned_by(turn), Arc::clone(&self.phase));
        let mut collector = Collector::subscribe(socket, owned, phase, self.subject.opening).await?;
        if is_empty {
            collector.catch_up().await?;
        }
        self.collectors.spawn(async move { Ok((turn, collector.late(late).run().await?)) });
        Ok(())
    }

    fn come_and_go(&mut self, turn: u32, habit: Habit) {
        // Nobody tells them of other mailboxes.
        let (_, orders) = mpsc::unbounded_channel();
        let (target, phase) = (self.subject.target.clone(), Arc::clone(&self.phase));
        let porter = Porter::new(target, phase, (self.owned_by(turn), self.subject.opening), orders, habit);
        self.collectors.spawn(async move {
            let Carried { received, latency, .. } = porter.run().await?;
            Ok((turn, Collected { received, latency }))
        });
    }

    fn owned_by(&self, turn: u32) -> Vec<Owned> {
        self.mine(turn, self.shape.collectors).map(|(mailbox, of)| self.owned(mailbox, of)).collect()
    }

    fn owned(&self, mailbox: u32, of: &Arc<Mailbox>) -> Owned {
        let sender = mailbox % self.shape.senders;
        let window = self.windows.get(sender as usize).map(Arc::clone).unwrap_or_default();
        let received = match self.over {
            Over::Websocket => Received::default(),
            // Requests that are under way at once have no order.
            Over::Http2 | Over::Oblivious | Over::Proxy => Received::in_any_order(),
        };
        Owned { mailbox, of: Arc::clone(of), window, received }
    }

    /// Has deposits sent from now on, each sender at the pace that it is given.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn send(&mut self, pace: impl Fn(u32) -> Pace) -> Result<(), Failure> {
        let route = self.subject.route(self.over)?;
        for turn in 0..self.shape.senders {
            let window = self.windows.get(turn as usize).map(Arc::clone).unwrap_or_default();
            let tally = Tally::new(pace(turn), window, Arc::clone(&self.phase));
            match &route {
                None => self.send_by_socket(turn, tally).await?,
                Some(route) => self.ask(turn, tally, Carrier::open(route).await?),
            }
        }
        Ok(())
    }

    async fn send_by_socket(&mut self, turn: u32, tally: Tally) -> Result<(), Failure> {
        let socket = self.subject.target.socket(DEPOSIT_SOCKET, BUFFER).await?;
        let addressed = |(mailbox, of): (u32, &Arc<Mailbox>)| {
            Some(Addressed { mailbox, deposits: of.deposits()?, sent: Sent::default() })
        };
        let mine = self.mine(turn, self.shape.senders).filter_map(addressed).collect();
        self.senders.spawn(Sender::new(socket, mine, tally).run());
        Ok(())
    }

    fn ask(&mut self, turn: u32, tally: Tally, carrier: Carrier) {
        let asked = |(mailbox, of): (u32, &Arc<Mailbox>)| Asked { mailbox, of: Arc::clone(of), sent: Sent::default() };
        let mine = self.mine(turn, self.shape.senders).map(asked).collect();
        self.senders.spawn(Asker::new(carrier, mine, tally).run());
    }

    /// Every `of`th mailbox, from `turn` on.
    fn mine(&self, turn: u32, of: u32) -> impl Iterator<Item = (u32, &Arc<Mailbox>)> {
        (0..).zip(&self.mailboxes).filter(move |(mailbox, _)| mailbox % of == turn)
    }

    /// How many envelopes have come, for the first time.
    #[must_use]
    pub fn delivered(&self) -> u64 {
        self.windows.iter().map(|window| window.delivered()).sum()
    }

    /// Lets them work for so long.
    ///
    /// # Errors
    /// That of whoever ends before.
    pub async fn work(&mut self, time: Duration) -> Result<(), Failure> {
        tokio::select! {
            () = sleep(time) => Ok(()),
            Some(ended) = self.senders.join_next() => Err(failed(ended)),
            Some(ended) = self.collectors.join_next() => Err(failed(ended)),
        }
    }

    /// Waits until all senders have ended; what they did.
    ///
    /// # Errors
    /// [`Failure::Hanging`], or that of a sender.
    pub async fn posted(&mut self) -> Result<Vec<Posted>, Failure> {
        let hanging = Failure::Hanging("answering all deposits", PATIENCE.as_secs());
        let all = async {
            let mut all = Vec::new();
            while let Some(ended) = self.senders.join_next().await {
                all.push(ended.map_err(|_| Failure::Ended)??);
            }
            Ok(all)
        };
        timeout(PATIENCE, all).await.map_err(|_| hanging)?
    }

    /// Waits until so many envelopes have come, as long as more come.
    ///
    /// # Errors
    /// That of a collector. When nothing more comes it ends without one: what is missing is told by comparing.
    pub async fn delivered_all(&mut self, count: u64) -> Result<(), Failure> {
        let (mut before, mut since) = (self.delivered(), Instant::now());
        while self.delivered() < count && since.elapsed() < STALLED {
            self.work(LOOK_EVERY).await?;
            if self.delivered() != before {
                (before, since) = (self.delivered(), Instant::now());
            }
        }
        Ok(())
    }

    /// Ends the collectors; what they got, in the order of their turns.
    ///
    /// # Errors
    /// That of a collector.
    pub async fn collected(&mut self) -> Result<Vec<Collected>, Failure> {
        self.phase.close();
        let mut all = Vec::new();
        while let Some(ended) = self.collectors.join_next().await {
            all.push(ended.map_err(|_| Failure::Ended)??);
        }
        all.sort_by_key(|(turn, _)| *turn);
        Ok(all.into_iter().map(|(_, collected)| collected).collect())
    }
}

/// Why somebody ended before the time.
fn failed<T>(ended: Result<Result<T, Failure>, tokio::task::JoinError>) -> Failure {
    match ended {
        Ok(Err(failure)) => failure,
        Ok(Ok(_)) | Err(_) => Failure::Ended,
    }
}

/// How many were accepted.
#[must_use]
pub fn accepted(posted: &[Posted]) -> u64 {
    posted.iter().flat_map(|posted| &posted.sent).map(|(_, sent)| sent.count()).sum()
}

/// Compares both ends of every mailbox; how many envelopes came more than once.
///
/// # Errors
/// [`Failure::Wrong`].
pub fn compare(posted: &[Posted], collected: &[Collected]) -> Result<u64, Failure> {
    let mut sent: Vec<&(u32, Sent)> = posted.iter().flat_map(|posted| &posted.sent).collect();
    let mut received: Vec<&(u32, Received)> = collected.iter().flat_map(|collected| &collected.received).collect();
    sent.sort_by_key(|(mailbox, _)| *mailbox);
    received.sort_by_key(|(mailbox, _)| *mailbox);
    let is_same = sent.len() == received.len() && sent.iter().zip(&received).all(|(one, other)| one.0 == other.0);
    if !is_same {
        return Err(verify::Wrong::Foreign.into());
    }
    verify::compare(sent.iter().map(|(_, sent)| sent).zip(received.iter().map(|(_, received)| received)))?;
    Ok(received.iter().map(|(_, received)| received.repeats()).sum())
}

/// Opens mailboxes, some at once.
///
/// # Errors
/// [`Failure`].
pub async fn open(subject: &Subject, mailboxes: &[Arc<Mailbox>]) -> Result<(), Failure> {
    let share = mailboxes.len().div_ceil(OPENERS).max(1);
    stream::iter(mailboxes.chunks(share).map(Ok))
        .try_for_each_concurrent(OPENERS, |mine| async move {
            let mut http = subject.target.http().await?;
            stream::iter(mine)
                .map(Ok)
                .try_fold(&mut http, |http, mailbox| async move {
                    http.ask(&mailbox.open()).await?;
                    Ok(http)
                })
                .await
                .map(drop)
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::latency::Latency;
    use crate::load::mark::Mark;
    use crate::load::verify::Wrong;

    fn posted(mailboxes: &[u32]) -> Vec<Posted> {
        let sent = mailboxes.iter().map(|mailbox| {
            let mut sent = Sent::default();
            let number = sent.number();
            sent.accept(number);
            (*mailbox, sent)
        });
        vec![Posted { sent: sent.collect(), latency: Latency::default(), put_off: 0, held_back: 0 }]
    }

    fn collected(mailboxes: &[u32]) -> Vec<Collected> {
        let received = mailboxes.iter().map(|mailbox| {
            let mut received = Received::default();
            received.take(Mark { mailbox: *mailbox, number: 0, due: 0 }).unwrap();
            (*mailbox, received)
        });
        vec![Collected { received: received.collect(), latency: Latency::default() }]
    }

    #[test]
    fn both_ends_are_compared_mailbox_by_mailbox() {
        assert_eq!(accepted(&posted(&[1, 2])), 2);
        assert_eq!(compare(&posted(&[2, 1]), &collected(&[1, 2])).unwrap(), 0);
        let is_foreign = |result| matches!(result, Err(Failure::Wrong(Wrong::Foreign)));
        assert!(is_foreign(compare(&posted(&[1, 2]), &collected(&[1]))));
        assert!(is_foreign(compare(&posted(&[1, 2]), &collected(&[1, 3]))));
    }
}
