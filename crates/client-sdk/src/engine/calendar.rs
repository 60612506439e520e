//! What is due by the clock and needs no network: fresh mailboxes, messages that name them, and the end of what was kept.

use std::time::{Duration, SystemTime};

use rusqlite::Transaction;
use sealpost_wire::time::Day;
use tokio::time::Instant;

use super::context::Context;
use super::rotation::{self, Pace};
use super::telling;
use super::upkeep::TIME_TO_LIVE;
use crate::clock;
use crate::discovery::kept_on;
use crate::event::Event;
use crate::moving::{MoveStage, close_left_behind, is_to_be_closed, put_off, stages};
use crate::store::{StoreError, entries, inbox, lookups, mailboxes, receipts, shelves};

/// How often what is due by the day is looked for.
const DAILY_EVERY: Duration = Duration::from_secs(3_600);
/// The longest rest: a clock may be set meanwhile.
const LONGEST_REST: Duration = Duration::from_secs(600);
/// What is due in a moment is done in one go.
const SHORTEST_REST: Duration = Duration::from_millis(20);
const AFTER_TROUBLE: Duration = Duration::from_secs(5);
/// After a time to live, a relay's rounding and clocks are allowed for.
const MARGIN_DAYS: u32 = 3;

/// Runs until the engine stops.
pub(super) async fn run(mut context: Context) {
    let stop = context.stop.clone();
    let mut daily = None;
    let mut told = None;
    while !stop.is_cancelled() {
        context.beats.mark_unchanged();
        let wait = match turn(&context, &mut daily).await {
            Ok(wait) => wait,
            Err(error) => {
                context.note_store(&error);
                AFTER_TROUBLE
            }
        };
        tell_stages(&context, &mut told).await;
        tokio::select! {
            () = stop.cancelled() => {}
            _ = context.beats.changed() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Tells how far moves are, where that has changed since it was looked at last.
async fn tell_stages(context: &Context, told: &mut Option<Vec<(i64, MoveStage)>>) {
    let Ok(now) = context.blocking(|shared| shared.store.read(stages)).await else { return };
    let before = told.replace(now.clone()).unwrap_or_default();
    for (id, stage) in now {
        if stage != MoveStage::Done && !before.contains(&(id, stage))
            || before.iter().any(|(was, at)| *was == id && *at != stage)
        {
            context.tell(Event::Moving(stage));
        }
    }
}

/// Does what is due; how long there is nothing more.
async fn turn(context: &Context, daily: &mut Option<Instant>) -> Result<Duration, StoreError> {
    let now = clock::now();
    let pace = pace(context);
    if daily.is_none_or(|last| last.elapsed() >= DAILY_EVERY) {
        context.blocking(move |shared| shared.store.write(|tx| by_the_day(tx, now, pace))).await?;
        *daily = Some(Instant::now());
        context.changed();
    }
    let today = Day::of(now);
    if context.blocking(move |shared| shared.store.read(|tx| is_to_be_closed(tx, today))).await? {
        context.blocking(move |shared| shared.store.write(|tx| close_left_behind(tx, today))).await?;
        context.changed();
    }
    if context.blocking(|shared| shared.store.read(next)).await?.is_some_and(|next| next <= now) {
        context.blocking(move |shared| shared.store.write(|tx| make_messages(tx, now))).await?;
        context.changed();
    }
    let next = context.blocking(|shared| shared.store.read(next)).await?;
    let wait = next.map_or(LONGEST_REST, |next| next.duration_since(now).unwrap_or_default());
    Ok(wait.clamp(SHORTEST_REST, LONGEST_REST))
}

/// When the next message is to be made that nobody wrote.
fn next(tx: &Transaction<'_>) -> Result<Option<SystemTime>, StoreError> {
    let due = [mailboxes::next_announcement(tx)?, receipts::next_due(tx)?];
    Ok(due.into_iter().flatten().min())
}

fn make_messages(tx: &Transaction<'_>, now: SystemTime) -> Result<(), StoreError> {
    rotation::announce(tx, now)?;
    telling::tell(tx, now)
}

fn pace(context: &Context) -> Pace {
    let options = &context.shared.inner.options;
    Pace { spare: options.spare_pace, announce: options.announce_within }
}

/// Replaces mailboxes, closes replaced ones, erases what has had its time.
pub(super) fn by_the_day(tx: &Transaction<'_>, now: SystemTime, pace: Pace) -> Result<(), StoreError> {
    let today = Day::of(now);
    let lifetime = u32::try_from(TIME_TO_LIVE.as_secs() / 86_400).unwrap_or(u32::MAX);
    let mut rng = rand::rng();
    put_off(tx, today)?;
    rotation::close_replaced(tx, now, lifetime, &mut rng)?;
    rotation::rotate(tx, now, pace, &mut rng)?;
    rotation::remind(tx, now, pace, &mut rng)?;
    rotation::make_spares(tx, now, pace, &mut rng)?;
    shelves::erase_expired(tx, today)?;
    let (first, last) = kept_on(today);
    lookups::erase_beyond(tx, first, last)?;
    entries::erase_beyond(tx, first, last)?;
    inbox::forget_before(tx, Day(today.0.saturating_sub(lifetime + MARGIN_DAYS)))
}
