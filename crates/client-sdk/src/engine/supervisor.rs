//! Starts a lane for each contact with something in the outbox, a collector for each group of mailboxes, an upkeep for each
//! relay, and what there is one of.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use tokio::task::{AbortHandle, JoinSet};

use super::context::Context;
use super::lane::Lane;
use super::{calendar, closer, collector, gaps, listing, poller, upkeep};
use crate::contact::ContactId;
use crate::net::Way;
use crate::store::mailboxes::Group;
use crate::store::relays::RelayId;
use crate::store::{StoreError, mailboxes, outbox, profile, relays};

/// How long the parts have to finish what they are doing.
const PARTING: Duration = Duration::from_secs(5);
const AFTER_TROUBLE: Duration = Duration::from_secs(1);

/// What should be running.
struct Wanted {
    contacts: Vec<ContactId>,
    groups: Vec<Group>,
    home: RelayId,
    relays: Vec<RelayId>,
    way: Way,
}

/// Tasks by what they are for, each at most once.
struct Crew<K> {
    tasks: JoinSet<K>,
    running: HashMap<K, AbortHandle>,
}

/// Runs until the engine stops.
pub(super) async fn run(mut context: Context) {
    let (mut lanes, mut collectors, mut upkeeps) = (Crew::new(), Crew::new(), Crew::new());
    let calendar = tokio::spawn(calendar::run(context.clone()));
    let gaps = tokio::spawn(gaps::run(context.clone()));
    let listing = tokio::spawn(listing::run(context.clone()));
    let closer = tokio::spawn(closer::run(context.clone()));
    let poller = tokio::spawn(poller::run(context.clone()));
    while !context.stop.is_cancelled() {
        context.beats.mark_unchanged();
        match context.blocking(|shared| shared.store.read(wanted)).await {
            // Whoever has this run begins anew, the other way.
            Ok(wanted) if wanted.way != context.shared.way => {
                context.stop.cancel();
                break;
            }
            Ok(wanted) => {
                context.shared.health.set_home(wanted.home);
                for relay in wanted.relays {
                    upkeeps.ensure(relay, || upkeep::run(context.clone(), relay));
                }
                for contact in wanted.contacts {
                    lanes.ensure(contact, || Lane::new(context.clone(), contact).run());
                }
                for group in wanted.groups.into_iter().filter(|_| !context.is_apart()) {
                    collectors.ensure(group, || collector::run(context.clone(), group));
                }
            }
            Err(error) => {
                context.note_store(&error);
                let _stopped = context.stop.run_until_cancelled(tokio::time::sleep(AFTER_TROUBLE)).await;
            }
        }
        tokio::select! {
            () = context.stop.cancelled() => {}
            _ = context.beats.changed() => {}
            () = lanes.ended() => {}
            () = collectors.ended() => {}
            () = upkeeps.ended() => {}
        }
    }
    let all = async {
        lanes.finish().await;
        collectors.finish().await;
        upkeeps.finish().await;
        let _ended = tokio::join!(calendar, gaps, listing, closer, poller);
    };
    if tokio::time::timeout(PARTING, all).await.is_err() {
        tracing::debug!("parts of the engine were cut off");
    }
}

fn wanted(tx: &rusqlite::Transaction<'_>) -> Result<Wanted, StoreError> {
    profile::require_opted_in(tx)?;
    let mut groups: Vec<_> = mailboxes::collected(tx)?.iter().map(mailboxes::Collected::group).collect();
    groups.sort_unstable();
    groups.dedup();
    let (home, relays, way) = (relays::home(tx)?, relays::in_use(tx)?, profile::way(tx)?);
    Ok(Wanted { contacts: outbox::waiting_contacts(tx)?, groups, home, relays, way })
}

impl<K: Copy + Eq + Hash + Send + 'static> Crew<K> {
    fn new() -> Self {
        Self { tasks: JoinSet::new(), running: HashMap::new() }
    }

    /// Starts the task for `key` unless one is running.
    fn ensure<F: Future<Output = K> + Send + 'static>(&mut self, key: K, task: impl FnOnce() -> F) {
        if self.running.get(&key).is_none_or(AbortHandle::is_finished) {
            self.running.insert(key, self.tasks.spawn(task()));
        }
    }

    /// Waits until a task ends; for ever while none is running.
    async fn ended(&mut self) {
        match self.tasks.join_next().await {
            None => std::future::pending().await,
            Some(Ok(key)) => drop(self.running.remove(&key)),
            // It panicked, and its hook reported it; another one is started where it is still wanted.
            Some(Err(_)) => self.running.retain(|_, task| !task.is_finished()),
        }
    }

    async fn finish(&mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}
