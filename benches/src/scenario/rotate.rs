//! Mailboxes are opened, used and closed at a pace, while messages flow between others.
//!
//! The same messages flow twice: alone, then with mailboxes that come and go. What a relay takes more then is theirs.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::time::sleep;

use super::online::{self, Load, Online, Plan, Times};
use super::phase::Phase;
use super::shape::Shape;
use crate::failure::Failure;
use crate::load::carrier::{Carrier, Route};
use crate::load::latency::Spread;
use crate::load::pace::Schedule;
use crate::load::turnover::{self, EACH, Ends, Turned};
use crate::progress::Progress;
use crate::subject::{Kind, Programs, Subject};

/// Connections of owners, and as many of senders.
const CONNECTIONS: usize = 4;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rotate {
    /// The messages, without any mailbox that comes or goes.
    pub alone: Online,
    /// The same with them.
    pub meanwhile: Online,
    /// Mailboxes that were to come and go a second.
    pub offered: f64,
    /// How many did; envelopes in each.
    pub mailboxes: u64,
    /// Envelopes in each of them.
    pub envelopes_each: u32,
    /// From when a mailbox was due to when it was open.
    pub open: Spread,
    /// From when it was due to when it was closed: eight requests, one after the other.
    pub life: Spread,
    /// Time of processors that the relay took for one's life, its envelopes included, in µs; none where it is not known.
    pub cpu_us_per_mailbox: Option<f64>,
    /// Whether every accepted envelope was delivered; there are no figures when one was not.
    pub verified: bool,
}

/// How much of what is due a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// Messages.
    pub messages: f64,
    /// Mailboxes.
    pub mailboxes: f64,
}

/// Does it.
///
/// # Errors
/// [`Failure`]: no figures.
pub async fn run(
    programs: &Programs,
    tls: bool,
    rates: Rates,
    times: Times,
    progress: &Progress,
) -> Result<Rotate, Failure> {
    let subject = programs.start(Kind::Relay, tls)?;
    let plan = Plan::new(Shape::default(), Load::Rate(rates.messages), times);
    progress.say("messages alone");
    let alone = online::run(&subject, &plan).await?;
    progress.step();
    progress.say("and mailboxes that come and go");
    let (meanwhile, turned) = tokio::try_join!(online::run(&subject, &plan), turn(&subject, rates.mailboxes, times))?;
    progress.step();
    let life = turned.life.spread();
    Ok(Rotate {
        cpu_us_per_mailbox: more(&alone, &meanwhile, life.count),
        alone,
        meanwhile,
        offered: rates.mailboxes,
        mailboxes: turned.count,
        envelopes_each: EACH,
        open: turned.open.spread(),
        life,
        verified: true,
    })
}

async fn turn(subject: &Subject, rate: f64, times: Times) -> Result<Turned, Failure> {
    let mut ends = Vec::new();
    for _ in 0..CONNECTIONS {
        let route = Route::Direct(subject.target.clone());
        let (owners, senders) = (Carrier::open(&route).await?, Carrier::open(&route).await?);
        ends.push(Ends { owners, senders, opening: subject.opening });
    }
    let phase = Arc::<Phase>::default();
    let lasts = async {
        sleep(times.warm_up).await;
        phase.measure();
        sleep(times.measured).await;
        phase.measured();
        phase.end();
        Ok(())
    };
    let schedule = Schedule::new(rate, Duration::ZERO, 0);
    let (turned, ()) = tokio::try_join!(turnover::run(&ends, schedule, &phase), lasts)?;
    Ok(turned)
}

/// What each mailbox took, by how much more was taken in the same time.
fn more(alone: &Online, meanwhile: &Online, mailboxes: u64) -> Option<f64> {
    let per_second = |online: &Online| Some(online.cpu_us_per_message? * online.rate);
    let more = (per_second(meanwhile)? - per_second(alone)?) * meanwhile.seconds;
    Some(more / mailboxes.max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::super::oblivious::tests::relay;
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn mailboxes_live_their_lives_on_a_relay() {
        let relay = relay().await;
        let times = Times { warm_up: Duration::from_millis(100), measured: Duration::from_millis(400) };
        let turned = turn(&relay.subject, 50.0, times).await.unwrap();
        assert!(turned.count > 0 && turned.life.spread().count > 0);
    }
}
