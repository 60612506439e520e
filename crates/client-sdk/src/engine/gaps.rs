//! Stops waiting for missing messages after a while.
//!
//! A missing message may lie in another mailbox that is not collected yet. So the wait counts from when everything there is
//! has been collected, and by this process's own clock, which does not jump.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::context::Context;
use super::opening::give_up_on_gap;
use crate::contact::ContactId;
use crate::event::Event;
use crate::store::{StoreError, inbox};

const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Which gaps there are, and since when they have been known here.
#[derive(Default)]
struct Known(HashMap<(ContactId, u64), Instant>);

/// Runs until the engine stops.
pub(super) async fn run(context: Context) {
    let wait = context.shared.inner.options.gap_wait;
    let every = LOOK_EVERY.min(wait / 2).max(Duration::from_millis(10));
    let mut known = Known::default();
    while context.stop.run_until_cancelled(tokio::time::sleep(every)).await.is_some() {
        if let Err(error) = look(&context, &mut known, wait).await {
            context.note_store(&error);
        }
    }
}

async fn look(context: &Context, known: &mut Known, wait: Duration) -> Result<(), StoreError> {
    let gaps = context.blocking(|shared| shared.store.read(inbox::gaps)).await?;
    known.update(&gaps);
    let health = &context.shared.health;
    for (contact, lowest) in known.due(wait, |since| health.collected_since(since)) {
        let missing =
            context.blocking(move |shared| shared.store.write(|tx| give_up_on_gap(tx, contact, lowest))).await?;
        context.changed();
        if missing > 0 {
            context.tell(Event::Gap { contact, missing });
        }
    }
    Ok(())
}

impl Known {
    /// Remembers new gaps, forgets those that have closed.
    fn update(&mut self, gaps: &[(ContactId, u64)]) {
        self.0.retain(|gap, _| gaps.contains(gap));
        for gap in gaps {
            self.0.entry(*gap).or_insert_with(Instant::now);
        }
    }

    /// Those that have been there for long enough, all of it while everything there is was collected.
    fn due(&self, wait: Duration, collected_since: impl Fn(Instant) -> Duration) -> Vec<(ContactId, u64)> {
        let due = |since: &Instant| collected_since(*since) >= wait;
        self.0.iter().filter(|(_, since)| due(since)).map(|(gap, _)| *gap).collect()
    }
}
