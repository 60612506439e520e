//! What is due by the clock and needs no network: fresh mailboxes, messages that name them, and the end of what was kept.

use std::time::{Duration, SystemTime};

use rusqlite::Transaction;
use sealpost_wire::time::Day;
use tokio::time::Instant;

use super::context::Context;
use super::rotation::{self, Pace};
use super::upkeep::TIME_TO_LIVE;
use crate::clock;
use crate::discovery::kept_on;
use crate::event::Event;
use crate::moving::{MoveStage, close_left_behind, stages};
use crate::store::{StoreError, entries, inbox, lookups, mailboxes, shelves};

/// How often what is due by the day is looked for.
const DAILY_EVERY: Duration = Duration::from_secs(3_600);
/// The longest rest: a clock may be set meanwhile.
const LONGEST_REST: Duration = Duration::from_secs(600);
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
    let next = context.blocking(move |shared| shared.store.read(mailboxes::next_announcement)).await?;
    if next.is_some_and(|next| next <= now) {
        context.blocking(move |shared| shared.store.write(|tx| rotation::announce(tx, now))).await?;
        context.changed();
    }
    let next = next.filter(|next| *next > now).and_then(|next| next.duration_since(now).ok());
    Ok(next.map_or(LONGEST_REST, |wait| wait.min(LONGEST_REST)))
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
    rotation::close_replaced(tx, now, lifetime, &mut rng)?;
    close_left_behind(tx, today)?;
    rotation::rotate(tx, now, pace, &mut rng)?;
    rotation::make_spares(tx, now, pace, &mut rng)?;
    shelves::erase_expired(tx, today)?;
    let (first, last) = kept_on(today);
    lookups::erase_beyond(tx, first, last)?;
    entries::erase_beyond(tx, first, last)?;
    inbox::forget_before(tx, Day(today.0.saturating_sub(lifetime + MARGIN_DAYS)))
}
