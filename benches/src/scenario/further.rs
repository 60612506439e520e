//! The part of everything that is not about deposits by WebSocket to an embedded store: other people, other ways, other stores.

use std::time::Duration;

use serde::Serialize;

use super::discover::{self, Discover, Search};
use super::mixed::{self, Mixed};
use super::oblivious::{self, Oblivious};
use super::online::{self, Load, Online, Plan, Times};
use super::rotate::{self, Rates, Rotate};
use super::shape::{Content, Over, Shape};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::redis::{Backing, is_installed};
use crate::subject::{Kind, Programs};

const TIMES: Times = Times { warm_up: Duration::from_secs(2), measured: Duration::from_secs(8) };
/// Messages a second, where they are not as many as are taken.
const RATE: f64 = 1_000.0;
const MAILBOXES: f64 = 30.0;
const SEARCH: Search = Search { rate: 10.0, buckets: 8, entries: 2_048, over: Over::Http2, times: TIMES };
/// Requests a second; sealing them is the generator's work.
const REQUESTS: f64 = 500.0;
const BACKINGS: [Backing; 4] = [Backing::Disk, Backing::Second, Backing::Cluster, Backing::Replicas];
/// Deposits under way for each sender: a relay on Redis puts others off.
const REDIS_WINDOW: u64 = 64;
/// Deposits a second on a cluster, whose servers are four to seven processes on one machine.
const CLUSTER_RATE: f64 = 2_000.0;

/// How many steps it takes.
pub const STEPS: u64 = 5 + oblivious::WAYS + BACKINGS.len() as u64;

/// All of it.
#[derive(Debug, Clone, Serialize)]
pub struct Further {
    /// Owners who are there, late, or come and go; by TLS.
    pub mixed: Mixed,
    /// Mailboxes that come and go; by TLS.
    pub rotate: Rotate,
    /// A key service and a directory.
    pub discover: Discover,
    /// Deposits that are requests; by TLS.
    pub oblivious: Oblivious,
    /// What the SDK's crypto has sealed, by TLS; none where this program was built without it.
    pub sealed: Option<Online>,
    /// Stores in Redis, without TLS: one server as fast as it goes, a cluster at a rate; none where Redis is not installed.
    pub redis: Vec<OnRedis>,
}

/// A store in Redis.
#[derive(Debug, Clone, Serialize)]
pub struct OnRedis {
    /// Which.
    pub backing: Backing,
    /// Deposits that are delivered at once.
    pub online: Online,
}

/// Measures all of it.
///
/// # Errors
/// [`Failure`]: no results.
pub async fn run(programs: &Programs, progress: &Progress) -> Result<Further, Failure> {
    progress.say("mixed");
    let mixed = mixed::run(&programs.start(Kind::Relay, true)?, RATE, TIMES).await?;
    progress.step();
    let rates = Rates { messages: RATE, mailboxes: MAILBOXES };
    // It counts its own steps, two of them.
    let rotate = rotate::run(programs, true, rates, TIMES, progress).await?;
    let discover = discover::run(&programs.start_directory()?, SEARCH, progress).await?;
    progress.step();
    let oblivious = oblivious::run(programs, REQUESTS, TIMES, progress).await?;
    let sealed = sealed(programs, progress).await?;
    Ok(Further { mixed, rotate, discover, oblivious, sealed, redis: redis(programs, progress).await? })
}

async fn sealed(programs: &Programs, progress: &Progress) -> Result<Option<Online>, Failure> {
    progress.say("what the SDK has sealed");
    progress.step();
    if !cfg!(feature = "sealing") {
        return Ok(None);
    }
    let plan = Plan { content: Content::Sealed, ..Plan::new(Shape::default(), Load::Rate(RATE), TIMES) };
    online::run(&programs.start(Kind::Relay, true)?, &plan).await.map(Some)
}

async fn redis(programs: &Programs, progress: &Progress) -> Result<Vec<OnRedis>, Failure> {
    progress.say("stores in Redis");
    let mut all = Vec::new();
    for backing in BACKINGS.into_iter().filter(|_| is_installed()) {
        let programs = Programs { redis: Some(backing), ..programs.clone() };
        let load = match backing {
            Backing::Disk | Backing::Second => Load::Full { window: REDIS_WINDOW },
            Backing::Cluster | Backing::Replicas => Load::Rate(CLUSTER_RATE),
        };
        let plan = Plan::new(Shape::default(), load, TIMES);
        let online = online::run(&programs.start(Kind::Relay, false)?, &plan).await?;
        all.push(OnRedis { backing, online });
        progress.step();
    }
    Ok(all)
}
