//! The engine: what moves between store and network while the app does other things.
//!
//! ```text
//!              pulse  (the store has changed: by the app, by another process, by the engine)
//!                │
//!            supervisor ─┬─▶ lane, one for each contact with something in the outbox:   seal, deposit
//!                        ├─▶ collector, one for each front door and for the pairwise mailboxes: open, acknowledge
//!                        │   or, apart, one poller with a clock for each of them
//!                        ├─▶ upkeep, one for each relay: open and close mailboxes, stock shelves
//!                        ├─▶ calendar: what is due by the clock, such as another mailbox for a conversation
//!                        ├─▶ listing: keep one's number in the directory, where that is wanted
//!                        ├─▶ closer: close what was withdrawn
//!                        └─▶ gaps: give up waiting for what is missing
//! ```
//!
//! Decisions and what they change in the store are in `sealing`, `opening`, `order`, `rotation`, `stocking` and `telling`, which do
//! no I/O but the store's; the others carry bytes.

mod calendar;
mod closer;
mod collector;
mod context;
mod errands;
mod gaps;
mod health;
mod lane;
mod listing;
pub(crate) mod lock;
mod opening;
mod order;
mod pins;
mod poller;
mod pulse;
mod rotation;
mod sealing;
mod stocking;
mod supervisor;
mod telling;
mod upkeep;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::client::Inner;
use crate::error::{Error, ErrorKind};
use crate::event::{Connection, Event};
use crate::policy::CollectPolicy;
use crate::store::{StoreError, profile};
use context::Context;
pub(crate) use context::network;
use lock::EngineLock;
pub(crate) use pins::StorePins;
use pulse::Pulse;
pub(crate) use rotation::add_mailbox;
pub(crate) use telling::{note_news, notice};
pub(crate) use upkeep::TIME_TO_LIVE;

/// How often an engine that waits looks whether it can take over.
const TAKE_OVER_EVERY: Duration = Duration::from_millis(250);

/// An engine that is ready to run.
pub(crate) struct Engine {
    inner: Arc<Inner>,
    pulse: Pulse,
    beats: watch::Receiver<u64>,
    stop: CancellationToken,
}

/// Prepares an engine. `stop` ends it.
///
/// # Errors
/// The profile is not opted in, or its store does not work; [`ErrorKind::ProxyNeeded`].
pub(crate) fn prepare(inner: &Arc<Inner>, stop: CancellationToken) -> Result<Engine, Error> {
    inner.store.read(profile::require_opted_in)?;
    let way = inner.store.read(profile::way)?;
    if way.policy == CollectPolicy::Apart && way.proxy.is_none() {
        return Err(ErrorKind::ProxyNeeded.into());
    }
    let (pulse, beats) = Pulse::new(Arc::clone(inner), stop.clone())?;
    Ok(Engine { inner: Arc::clone(inner), pulse, beats, stop })
}

impl Engine {
    /// Runs until it is stopped, or the profile opts out.
    pub(crate) async fn run(self) {
        let Self { inner, pulse, beats, stop } = self;
        let pulse = tokio::spawn(pulse.run());
        if let Some(lock) = take_over(&inner, &stop).await {
            tracing::info!("engine started");
            work(&inner, beats, &stop).await;
            drop(lock);
            tracing::info!("engine stopped");
        }
        inner.set_connection(Connection::Idle);
        // It ends by the same token; a panic inside was reported by its own hook.
        let _ended = pulse.await;
    }
}

/// Waits for the lock; `None` when stopped before.
async fn take_over(inner: &Inner, stop: &CancellationToken) -> Option<EngineLock> {
    loop {
        match EngineLock::try_take(inner.store.files()) {
            Ok(Some(lock)) => return Some(lock),
            Ok(None) => {}
            Err(error) => inner.tell(Event::StoreTrouble(error.kind())),
        }
        tokio::select! {
            () = stop.cancelled() => return None,
            () = tokio::time::sleep(TAKE_OVER_EVERY) => {}
        }
    }
}

/// Works one way until it is stopped or is to work another way, and then that way.
async fn work(inner: &Arc<Inner>, beats: watch::Receiver<u64>, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        match Context::new(inner, beats.clone(), stop.child_token()) {
            Ok(context) => supervisor::run(context).await,
            Err(StoreError::Phase) => stop.cancel(),
            Err(error) => {
                inner.tell(Event::StoreTrouble(error.kind()));
                stop.cancelled().await;
            }
        }
    }
}

#[cfg(test)]
mod tests;
