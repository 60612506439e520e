//! Closes what was withdrawn: entries of the directory, and the shelf and front door of their card.
//!
//! An entry is withdrawn at once, since people may find it. The others follow at random times within the spread of leaving,
//! each on a connection of its own, so that nothing links them to it.

use std::time::Duration;

use rand::Rng;
use tokio::task::JoinSet;

use super::context::Context;
use crate::leaving::close;
use crate::moving::settled;
use crate::net::Backoff;
use crate::store::closings::{self, Closing, Target};

const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// Runs until the engine stops.
pub(super) async fn run(mut context: Context) {
    let stop = context.stop.clone();
    let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
    while !stop.is_cancelled() {
        context.beats.mark_unchanged();
        let Some(settled) = stop.run_until_cancelled(settle(&context)).await else { break };
        if settled {
            backoff.succeeded();
            let _stopped = stop.run_until_cancelled(context.beats.changed()).await;
        } else {
            let pause = backoff.after_failure(None, &mut rand::rng());
            let _stopped = stop.run_until_cancelled(tokio::time::sleep(pause)).await;
        }
    }
}

/// Closes what is to be closed; whether nothing is left.
async fn settle(context: &Context) -> bool {
    let pending = match context.blocking(|shared| shared.store.read(closings::pending)).await {
        Ok(pending) => pending,
        Err(error) => {
            context.note_store(&error);
            return false;
        }
    };
    // What was being opened when these were withdrawn is open now, and nothing of them will be opened any more.
    drop(context.shared.furnishing.lock().await);
    let mut all_settled = true;
    let mut tasks = JoinSet::new();
    for closing in pending {
        tasks.spawn(settle_one(context.clone(), closing));
    }
    while let Some(ended) = tasks.join_next().await {
        all_settled &= ended.unwrap_or(false);
    }
    all_settled
}

async fn settle_one(context: Context, closing: Closing) -> bool {
    let spread = context.shared.inner.options.leaving_spread;
    let delay = match closing.target {
        Target::Entry(..) => Duration::ZERO,
        Target::Mailbox(..) | Target::Shelf(..) => rand::rng().random_range(Duration::ZERO..=spread),
    };
    let outcome = close(&context.shared.network, &closing.relay, &closing.target, delay).await;
    let Some(outcome) = outcome else { return false };
    let record = move |tx: &rusqlite::Transaction<'_>| {
        closings::set_outcome(tx, closing.row, &outcome)?;
        if closing.left_by.is_some() { settled(tx, &closing) } else { Ok(()) }
    };
    match context.blocking(move |shared| shared.store.write(record)).await {
        Ok(()) => {
            context.changed();
            true
        }
        Err(error) => {
            context.note_store(&error);
            false
        }
    }
}
