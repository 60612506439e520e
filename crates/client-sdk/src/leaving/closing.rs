//! Closing, object by object.
//!
//! Each object is closed on a connection of its own, at a random time within the spread, so that neither a connection nor
//! a moment links what is closed.

use std::sync::Arc;
use std::time::Duration;

use rand::Rng;
use sealpost_wire::RelayRef;
use sealpost_wire::codec::V1;
use sealpost_wire::operator::OperatorKey;
use sealpost_wire::request::{CloseMailbox, CloseShelf, Refusal, Withdraw};
use sealpost_wire::statement::SignedDeletion;
use sealpost_wire::time::Day;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::sleep;

use super::{Leaving, OptOutReport};
use crate::clock;
use crate::engine::StorePins;
use crate::engine::lock::EngineLock;
use crate::error::{Error, ErrorKind};
use crate::net::{KnownRelay, NetError, Network, Reach, Timeouts};
use crate::permit::NetworkPermit;
use crate::store::closings::{Closing, Outcome, Target};
use crate::store::entries::Place;
use crate::store::{StoreError, closings, profile};

/// How long engines of other processes have to notice and stop.
const OTHERS_STOP_WITHIN: Duration = Duration::from_secs(15);
const LOOK_EVERY: Duration = Duration::from_millis(100);

impl Leaving {
    /// Closes what can be closed now, and wipes the profile's files when nothing is left.
    ///
    /// Takes at most [`crate::Options::leaving_spread`] and some seconds, and returns early when the relay is not reached.
    /// What is still pending is closed by a later call, also after the profile was opened again.
    ///
    /// # Errors
    /// Trouble with storage; [`ErrorKind::StorageBusy`] when another process's engine does not stop.
    pub async fn finish(self) -> Result<OptOutReport, Error> {
        let lock = self.lock().await?;
        let mut pending = self.pending()?;
        if !pending.is_empty() {
            let network = self.network()?;
            let mut reached = Vec::new();
            // The first one on each relay is tried at once: when that is away, it is known without waiting for the spread.
            while let Some(first) = pending.pop() {
                let (there, elsewhere) = pending.into_iter().partition(|other| other.relay == first.relay);
                pending = elsewhere;
                if self.settle(&network, first, Duration::ZERO).await? {
                    reached.extend::<Vec<Closing>>(there);
                }
            }
            self.settle_all(&network, reached).await?;
        }
        let mut report = self.report()?;
        if report.pending == 0 {
            let files = self.store.files().clone();
            drop(self.store);
            files.wipe()?;
            report.wiped = true;
        }
        drop(lock);
        Ok(report)
    }

    async fn lock(&self) -> Result<EngineLock, Error> {
        let mut waited = Duration::ZERO;
        loop {
            if let Some(lock) = EngineLock::try_take(self.store.files())? {
                return Ok(lock);
            }
            if waited >= OTHERS_STOP_WITHIN {
                return Err(ErrorKind::StorageBusy.into());
            }
            sleep(LOOK_EVERY).await;
            waited += LOOK_EVERY;
        }
    }

    fn pending(&self) -> Result<Vec<Closing>, StoreError> {
        self.store.read(closings::pending)
    }

    fn network(&self) -> Result<Network, StoreError> {
        let permit = NetworkPermit::of_closing(&self.store.read(profile::closing_on_record)?);
        let pins = Arc::new(StorePins(Arc::clone(&self.store)));
        let alarm = Arc::new(|_: &sealpost_identity::tripwire::Tripped| tracing::warn!("stopped by the tripwire"));
        let way = self.store.read(profile::way)?;
        Ok(Network::new(&permit, self.options.tripwire.clone(), alarm, pins, Timeouts::default(), way))
    }

    async fn settle_all(&self, network: &Network, pending: Vec<Closing>) -> Result<(), StoreError> {
        let mut tasks = JoinSet::new();
        for closing in pending {
            let delay = rand::rng().random_range(Duration::ZERO..=self.options.leaving_spread);
            let network = network.clone();
            tasks.spawn(async move { (closing.row, close(&network, &closing.relay, &closing.target, delay).await) });
        }
        while let Some(ended) = tasks.join_next().await {
            if let Ok((row, Some(outcome))) = ended {
                self.record(row, outcome).await?;
            }
        }
        Ok(())
    }

    /// Whether it was settled.
    async fn settle(&self, network: &Network, closing: Closing, delay: Duration) -> Result<bool, StoreError> {
        let outcome = close(network, &closing.relay, &closing.target, delay).await;
        let settled = outcome.is_some();
        if let Some(outcome) = outcome {
            self.record(closing.row, outcome).await?;
        }
        Ok(settled)
    }

    async fn record(&self, row: i64, outcome: Outcome) -> Result<(), StoreError> {
        let store = Arc::clone(&self.store);
        let record = move || store.write(|tx| closings::set_outcome(tx, row, &outcome));
        spawn_blocking(record).await.unwrap_or(Err(StoreError::Database(0)))
    }
}

/// Closes one object; `None` when that is still to be done.
pub(crate) async fn close(network: &Network, relay: &RelayRef, target: &Target, delay: Duration) -> Option<Outcome> {
    sleep(delay).await;
    if has_ended(target, clock::today()) {
        return Some(Outcome::Gone);
    }
    let statement = match request(network, relay, target).await {
        Ok(statement) => statement,
        Err(NetError::Refused(refused)) if is_gone(refused.reason) => return Some(Outcome::Gone),
        Err(error) => {
            tracing::debug!(transient = error.is_transient(), "an object could not be closed");
            return None;
        }
    };
    confirms(network, relay, &statement, target).await.then_some(Outcome::Confirmed(statement))
}

/// An entry goes with its epoch.
fn has_ended(target: &Target, today: Day) -> bool {
    matches!(target, Target::Entry(epoch, ..) if epoch.closes() < today)
}

const fn is_gone(reason: Refusal) -> bool {
    matches!(reason, Refusal::Denied | Refusal::Gone | Refusal::NoEpoch)
}

/// Whether the operator, or a successor that this side has not heard of yet, has signed that this object was closed.
async fn confirms(network: &Network, relay: &RelayRef, statement: &SignedDeletion, target: &Target) -> bool {
    let signed_by = |known: &KnownRelay| says(statement, target, &known.operator);
    network.relay(relay, Reach::Anywhere).await.is_ok_and(|known| signed_by(&known))
        || network.renew(relay, Reach::Anywhere).await.is_ok_and(|known| signed_by(&known))
}

async fn request(network: &Network, relay: &RelayRef, target: &Target) -> Result<SignedDeletion, NetError> {
    let reply = match target {
        Target::Mailbox(mailbox, collect) => {
            let close = CloseMailbox { version: V1, mailbox: *mailbox, collect: collect.clone() };
            network.owner(relay).await?.call(&close).await?
        }
        Target::Shelf(shelf, stock) => {
            let close = CloseShelf { version: V1, shelf: *shelf, stock: stock.clone() };
            network.owner(relay).await?.call(&close).await?
        }
        Target::Entry(epoch, Place { prefix, tag }, entry) => {
            let withdraw = Withdraw { version: V1, epoch: *epoch, prefix: *prefix, tag: *tag, entry: entry.clone() };
            network.withdrawal(relay).await?.call(&withdraw).await?
        }
    };
    Ok(reply.statement)
}

/// Whether the operator has signed that this object was closed.
fn says(statement: &SignedDeletion, target: &Target, operator: &OperatorKey) -> bool {
    statement.verify(operator).is_some_and(|deletion| deletion.closed == target.closed())
}
