//! The load: who writes, who collects, and what came of it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::client;
use super::collector::Collector;
use super::ledger::Ledger;
use super::letter::Mailbox;
use super::sender::Sender;
use crate::Result;

/// Relays of a stage.
pub(super) const RELAYS: usize = 2;
/// Mailboxes of one collector.
const COLLECTED_TOGETHER: usize = 16;
/// How long anything may take that should happen by itself once nothing is wrong.
const PATIENCE: Duration = Duration::from_secs(90);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How much there is to do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) mailboxes: u32,
    pub(super) senders: usize,
    /// Letters a second, of each sender.
    pub(super) rate: u32,
}

/// What senders and collectors are told.
pub(super) struct Signal {
    started: Instant,
    is_enough: AtomicBool,
    has_come: watch::Sender<bool>,
}

impl Signal {
    pub(super) const fn started(&self) -> Instant {
        self.started
    }

    /// Whether nothing new is to be written.
    pub(super) fn is_enough(&self) -> bool {
        self.is_enough.load(Ordering::Relaxed)
    }

    /// Waits until all has come.
    pub(super) async fn all_came(&self) {
        let mut has_come = self.has_come.subscribe();
        // Whoever tells it is this signal itself.
        let _told = has_come.wait_for(|has_come| *has_come).await;
    }
}

/// A load that is on.
pub(super) struct Load {
    relays: [SocketAddr; RELAYS],
    mailboxes: Vec<Arc<Mailbox>>,
    pub(super) ledger: Arc<Ledger>,
    signal: Arc<Signal>,
    senders: JoinSet<Result<()>>,
    collectors: JoinSet<Result<()>>,
}

impl Load {
    /// Opens mailboxes, and begins to write and collect.
    ///
    /// # Errors
    /// A mailbox cannot be opened.
    pub(super) async fn begin(relays: [SocketAddr; RELAYS], shape: Shape) -> Result<Self> {
        let mailboxes: Vec<_> = (0..shape.mailboxes).map(|number| Arc::new(Mailbox::random(number))).collect();
        for mailbox in &mailboxes {
            client::ask(relays[0], &mailbox.open()).await?.map_err(|refused| format!("{refused:?}"))?;
        }
        let signal =
            Signal { started: Instant::now(), is_enough: AtomicBool::new(false), has_come: watch::Sender::new(false) };
        let ledger = Arc::new(Ledger::of(mailboxes.len()));
        let (senders, collectors) = (JoinSet::new(), JoinSet::new());
        let mut load = Self { relays, mailboxes, ledger, signal: Arc::new(signal), senders, collectors };
        load.staff(shape);
        Ok(load)
    }

    fn staff(&mut self, shape: Shape) {
        for collector in self.collectors() {
            self.collectors.spawn(collector.run());
        }
        let pace = Duration::from_secs(1) / shape.rate.max(1);
        for mine in self.mailboxes.chunks(self.mailboxes.len().div_ceil(shape.senders).max(1)) {
            let shared = (Arc::clone(&self.ledger), Arc::clone(&self.signal));
            self.senders.spawn(Sender::new(self.relays, mine.to_vec(), shared, pace).run());
        }
    }

    fn collectors(&self) -> Vec<Collector> {
        let collector = |mine: &[Arc<Mailbox>]| Collector {
            relays: self.relays,
            mailboxes: mine.to_vec(),
            ledger: Arc::clone(&self.ledger),
            signal: Arc::clone(&self.signal),
        };
        self.mailboxes.chunks(COLLECTED_TOGETHER).map(collector).collect()
    }

    /// Waits until every relay takes letters again, and what is accepted comes.
    ///
    /// # Errors
    /// That does not happen.
    pub(super) async fn is_well(&self) -> Result<()> {
        let before = self.ledger.accepted();
        let wanted = before + 4 * self.senders.len() as u64;
        let well = async {
            while self.ledger.accepted() < wanted || self.ledger.delivered() < before {
                sleep(LOOK_EVERY).await;
            }
        };
        let trouble = |_| format!("no recovery within {PATIENCE:?}: {:?}", self.ledger.balance());
        Ok(timeout(PATIENCE, well).await.map_err(trouble)?)
    }

    /// Writes no more, and waits until everything is accepted and has come, or does not come any more.
    ///
    /// # Errors
    /// Letters are never accepted.
    pub(super) async fn finish(&mut self) -> Result<()> {
        self.signal.is_enough.store(true, Ordering::Relaxed);
        ended(&mut self.senders, "letters are never accepted").await?;
        let come = async {
            while self.ledger.balance().lost > 0 {
                sleep(LOOK_EVERY).await;
            }
        };
        // What does not come by itself may lie there all the same.
        let _come = timeout(Duration::from_secs(35), come).await;
        self.signal.has_come.send_replace(true);
        ended(&mut self.collectors, "collectors do not end").await?;
        self.sweep().await
    }

    /// Collects what lies there, until nothing does.
    async fn sweep(&self) -> Result<()> {
        let swept = async {
            for collector in self.collectors() {
                while collector.sweep(self.relays[1]).await? > 0 {
                    sleep(LOOK_EVERY).await;
                }
            }
            Ok(())
        };
        timeout(PATIENCE, swept).await.map_err(|_| "mailboxes are never empty")?
    }
}

async fn ended(tasks: &mut JoinSet<Result<()>>, trouble: &str) -> Result<()> {
    let all = async {
        while let Some(ended) = tasks.join_next().await {
            ended??;
        }
        Ok(())
    };
    timeout(PATIENCE, all).await.map_err(|_| trouble)?
}
