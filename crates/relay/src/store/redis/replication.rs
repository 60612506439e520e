//! Waiting for replicas: one wait for all that was written while the one before was under way.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use redis::cmd;
use tokio::sync::{Notify, oneshot};

use super::answer::{Fault, integer};
use super::keys::Tag;
use super::link::Link;

/// How long replicas have.
const PATIENCE: Duration = Duration::from_secs(2);

/// Who waits for replicas.
#[derive(Default)]
pub(super) struct Replication {
    waiting: Mutex<HashMap<Tag, Vec<oneshot::Sender<bool>>>>,
    stirred: Notify,
}

impl Replication {
    /// Waits until what was written under `tag` before is on the replicas.
    pub(super) async fn caught_up(&self, tag: &Tag) -> Result<(), Fault> {
        let (answer, reply) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).entry(tag.clone()).or_default().push(answer);
        self.stirred.notify_one();
        if reply.await == Ok(true) { Ok(()) } else { Err(Fault::NotReplicated) }
    }

    /// Does the waiting, for ever. A server makes a connection wait for all that was written through it.
    pub(super) async fn run(&self, link: &Link, replicas: u32) {
        loop {
            self.stirred.notified().await;
            let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
            let told = waiting.into_iter().map(|(tag, waiting)| async move {
                let has_it = are_replicas_there(link, &tag, replicas).await;
                for answer in waiting {
                    // Whoever asked may have gone.
                    let _told = answer.send(has_it);
                }
            });
            join_all(told).await;
        }
    }
}

async fn are_replicas_there(link: &Link, tag: &Tag, replicas: u32) -> bool {
    let mut wait = cmd("WAIT");
    wait.arg(replicas).arg(u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX));
    let answer = link.ask(tag, &wait).await.and_then(|answer| integer(&answer));
    answer.is_ok_and(|there| there >= i64::from(replicas))
}
