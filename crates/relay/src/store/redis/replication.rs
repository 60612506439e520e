//! Waiting for replicas: one wait for all that was written while the one before was under way.
//!
//! A server vouches for what is in its own history alone. One that took over, or lost what it had and came back, begins another
//! history, of another name; what was written before that name was known may be missing in it, however many replicas it has.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use redis::{Pipeline, cmd};
use tokio::sync::{Notify, oneshot};

use super::answer::{Fault, integer, text};
use super::health::field;
use super::keys::Tag;
use super::link::Link;

/// How long replicas have.
const PATIENCE: Duration = Duration::from_secs(2);

/// How many histories were known at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Known(usize);

/// Who waits for replicas.
#[derive(Default)]
pub(super) struct Replication {
    waiting: Mutex<HashMap<Tag, Vec<Waiting>>>,
    stirred: Notify,
    /// The names of histories, and the how many-th each is.
    histories: Mutex<HashMap<String, Known>>,
    began_anew: Notify,
}

struct Waiting {
    before: Known,
    answer: oneshot::Sender<bool>,
}

impl Replication {
    /// Learns the histories of all servers that take writes.
    pub(super) async fn learn(&self, link: &Link) -> Result<(), Fault> {
        for node in link.masters().await? {
            self.known(&text(link.ask_node(&node, cmd("INFO").arg("replication")).await?)?)?;
        }
        Ok(())
    }

    /// Waits until a history is met that was not known.
    pub(super) async fn began_anew(&self) {
        self.began_anew.notified().await;
    }

    /// What is known now; to be asked before something is written.
    pub(super) fn before(&self) -> Known {
        Known(locked(&self.histories).len())
    }

    /// Waits until what was written under `tag` is on the replicas, in a history that was known before.
    pub(super) async fn caught_up(&self, tag: &Tag, before: Known) -> Result<(), Fault> {
        let (answer, reply) = oneshot::channel();
        locked(&self.waiting).entry(tag.clone()).or_default().push(Waiting { before, answer });
        self.stirred.notify_one();
        if reply.await == Ok(true) { Ok(()) } else { Err(Fault::NotReplicated) }
    }

    /// Does the waiting, for ever.
    pub(super) async fn run(&self, link: &Link, replicas: u32) {
        loop {
            self.stirred.notified().await;
            let waiting = std::mem::take(&mut *locked(&self.waiting));
            let told = waiting.into_iter().map(|(tag, waiting)| async move {
                let history = self.history_on(link, &tag, replicas).await;
                for Waiting { before, answer } in waiting {
                    // Whoever asked may have gone.
                    let _told = answer.send(history.as_ref().is_ok_and(|history| *history <= before));
                }
            });
            join_all(told).await;
        }
    }

    /// The history of the server that has `tag`, once so many replicas have all of it. A server makes a connection wait for what
    /// was written before the connection's last command, whoever wrote it.
    async fn history_on(&self, link: &Link, tag: &Tag, replicas: u32) -> Result<Known, Fault> {
        let mut commands = Pipeline::with_capacity(2);
        commands.cmd("INFO").arg("replication");
        commands.cmd("WAIT").arg(replicas).arg(u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX));
        let mut answers = link.ask_in_a_row(tag, commands).await?.into_iter();
        let history = self.known(&text(answers.next().ok_or(Fault::Odd)?)?)?;
        let there = integer(&answers.next().ok_or(Fault::Odd)?)?;
        if there >= i64::from(replicas) { Ok(history) } else { Err(Fault::NotReplicated) }
    }

    /// The history of a server that says this of itself.
    fn known(&self, info: &str) -> Result<Known, Fault> {
        let name = field(info, "master_replid").ok_or(Fault::Odd)?;
        let mut histories = locked(&self.histories);
        let next = Known(histories.len() + 1);
        let known = *histories.entry(name.to_owned()).or_insert(next);
        if known == next {
            self.began_anew.notify_one();
        }
        Ok(known)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
