//! For as long as one likes: load that a relay bears, while connections break, mailboxes change, envelopes expire and the
//! relay is killed.
//!
//! Fails the run, without figures: an accepted envelope that is not delivered, out of order, altered or misdirected; one that is
//! still there after it has expired. Shown in the figures, and `holds` is false: memory or open files that grow, a disk
//! that takes more than twice of what is stored.

mod neglected;
mod town;
mod watch;

use std::time::{Duration, Instant};

use sealpost_wire::SizeClass;
use serde::Serialize;
use tokio::time::sleep;

use super::online::{self, Load, Plan, Times};
use super::shape::Shape;
use crate::failure::Failure;
use crate::machine::Machine;
use crate::progress::Progress;
use crate::subject::{Kind, Programs, Subject, Tuning};
use neglected::Neglected;
use town::Town;
use watch::Watch;
pub use watch::{Judgement, Sample};

/// How long it is found out what the relay can do.
const CAPACITY: Times = Times { warm_up: Duration::from_secs(2), measured: Duration::from_secs(4) };
/// Of which so much is deposited.
const SHARE: f64 = 0.7;
/// The part of the time in which the relay is killed now and then; in the rest of it memory is to be flat.
const RESTLESS: f64 = 0.35;
/// How often it is killed in that part at most, and how long it is left alone between; its clock is so many days further each
/// time.
const KILLS: u32 = 20;
const LEFT_ALONE: Duration = Duration::from_secs(10);
const DAYS: u32 = 2;
/// How long the relay keeps envelopes, in days: longer than it seems to take until an owner comes who is away.
const KEPT_DAYS: u32 = 6;
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Soak {
    /// The machine.
    pub machine: Machine,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// What the relay delivered a second at most, before.
    pub capacity: f64,
    /// What was due a second.
    pub offered: f64,
    /// Envelopes that were accepted, and so were delivered.
    pub accepted: u64,
    /// Deposits that the relay put off.
    pub put_off: u64,
    /// Envelopes that came more than once.
    pub repeats: u64,
    /// Mailboxes that were replaced by others and closed.
    pub mailboxes_replaced: u64,
    /// Connections there were, of senders and of collectors.
    pub connections: u64,
    /// How often the relay was killed.
    pub kills: u64,
    /// Envelopes that expired, and were not there any more; none where libfaketime is not installed.
    pub expired: Option<u64>,
    /// Of memory, files and disk.
    pub judgement: Judgement,
    /// Whether every accepted envelope was delivered; there are no figures when one was not.
    pub verified: bool,
    /// Whether memory and files were flat and the disk bounded.
    pub holds: bool,
    /// What was seen, second by second.
    pub samples: Vec<Sample>,
}

/// Does it for so long.
///
/// # Errors
/// [`Failure`]: no figures.
pub async fn run(programs: &Programs, time: Duration, progress: &Progress) -> Result<Soak, Failure> {
    progress.steps(time.as_secs());
    progress.say("finding out what the relay can do");
    let mut subject = programs.start_tuned(Kind::Relay, true, &tuning())?;
    let plan = Plan::new(Shape::default(), Load::Full { window: 256 }, CAPACITY);
    let most = online::run(&subject, &plan).await?.rate;
    let begun = Instant::now();
    let mut town = Town::open(&subject.target, subject.opening, most * SHARE).await?;
    let mut neglected = Neglected::default();
    let mut watch = Watch::default();
    let mut kills = 0;
    let restless = time.mul_f64(RESTLESS);
    let most_kills = u32::try_from(restless.as_secs() / LEFT_ALONE.as_secs()).map_or(KILLS, |kills| kills.min(KILLS));
    while kills < most_kills {
        progress.say("restless");
        neglected.leave(&subject.target, kills).await?;
        let beside = neglected.stored(kills);
        town.work(restless / most_kills, &mut |town: &Town| {
            look(&mut watch, &subject, town.stored() + beside, progress)
        })
        .await?;
        kills += 1;
        programs.kill_and_start(&mut subject, kills * DAYS)?;
    }
    progress.say("steady");
    watch.steady();
    let beside = neglected.stored(kills);
    town.work(time - restless, &mut |town: &Town| look(&mut watch, &subject, town.stored() + beside, progress)).await?;
    progress.say("killed once more, and drained");
    town.end().await?;
    kills += 1;
    programs.kill_and_start(&mut subject, kills * DAYS)?;
    let seconds = begun.elapsed().as_secs_f64();
    let done = town.close().await?;
    sleep(LOOK_EVERY).await;
    let expired = neglected.count(&subject.target, kills).await?;
    let judgement = watch.judge();
    Ok(Soak {
        machine: Machine::this(),
        seconds,
        capacity: most,
        offered: most * SHARE,
        accepted: done.accepted,
        put_off: done.put_off,
        repeats: done.repeats,
        mailboxes_replaced: done.replaced,
        connections: done.connections,
        kills: u64::from(kills),
        expired,
        holds: judgement.holds(),
        judgement,
        verified: true,
        samples: watch.samples,
    })
}

/// Room for what lies there while its owners are away, and a time to live that ends within the run.
fn tuning() -> Tuning {
    let kept = format!("{KEPT_DAYS}d");
    let values = vec![
        ("limits", "mailbox_envelopes", 1_000_000.into()),
        ("limits", "mailbox_bytes", "16 GiB".into()),
        ("retention", "envelopes", kept.into()),
    ];
    Tuning { values }
}

fn look(watch: &mut Watch, subject: &Subject, stored: u64, progress: &Progress) -> Result<(), Failure> {
    progress.step();
    if let (Some(usage), Some(disk)) = (subject.usage()?, subject.disk()) {
        watch.see(&usage, disk, stored * SizeClass::Small.stored_length() as u64);
    }
    Ok(())
}
