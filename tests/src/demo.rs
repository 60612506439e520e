//! The demo: a talk between two people through a relay that is killed meanwhile, a third one who is found by number, and what
//! the servers saw of it.
//!
//! 1. A relay with a directory, two key services and an attester start as processes of their own, with TLS; before each a tap
//!    with the server's own key records what it sees. The relay gives tickets for invite codes, the key services on the
//!    attester's word. Two people opt in, with a code each, each with an IMEI, an IMSI and a number that must
//!    not leave the device, and add each other by card.
//! 2. They talk, each through processes of `sealpost`. For a part of the talk the second one's `listen` is killed; while
//!    it is away, the relay is killed (-9) too, and started again.
//! 3. What the two received is compared with what was sent.
//! 4. A third person, and a few more, prove their numbers to the attester and are listed. The first person looks up an
//!    address book of 300 people, or one's own; who was found is compared with who is listed, and the third is written to.
//! 5. The second one opts out; the relay confirms what it erased.
//! 6. All servers' files, their traffic as it was on the wire and as they saw it decrypted, their logs at trace level, and
//!    everyone's logs and stores are searched for every text, name and number, in every encoding: while messages lie there,
//!    and again at the end. What the attester is told is looked at by itself: it is told the numbers of those who prove
//!    them, and nothing else.
//!
//! With a policy, a proxy of Oblivious HTTP starts besides, and everyone's requests go through it: all of them if mailboxes are
//! collected apart, those of senders and to the directory if together. Its traffic, files and log are searched too.
//!
//! It fails when a request reaches the relay by another way than the policy says, when a message is lost, shown twice or out of order, when somebody listed is not found or somebody else is, when a
//! canary is found, or when the search cannot find one that was planted.

mod account;
mod book;
mod cast;
mod finding;
mod play;
mod report;
mod searching;
mod seen;
mod show;
mod stored;
mod summary;

use std::time::{Duration, Instant};

use clap::ValueEnum;
use serde::Serialize;

pub use account::Account;
pub use book::Book;
pub use finding::Finding;
pub use play::Stage;
pub use report::{OptOut, Report, Trial};
pub use seen::Relayed;
pub use show::table;
pub use stored::{Kept, Stored};
pub use summary::summary;

use crate::Result;
use crate::talk::Talk;
use cast::Cast;

/// How the demo tells how far it is.
pub type Progress<'a> = &'a dyn Fn(Stage);

/// What is played.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// What two people say to each other.
    pub talk: &'a Talk,
    /// Whom one of them looks up.
    pub book: &'a Book,
    /// How everyone collects, through a proxy; without it there is none.
    pub policy: Option<Policy>,
}

/// How mailboxes are collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// On one connection.
    Together,
    /// Each on a random clock of its own.
    Apart,
}

/// Plays it.
///
/// # Errors
/// When something around the demo fails; what the demo finds out is in the report.
pub fn run(setting: &Setting<'_>, progress: Progress<'_>) -> Result<Report> {
    let (start, talk) = (Instant::now(), setting.talk);
    let directory = tempfile::Builder::new().prefix("sealpost-demo-").tempdir()?;
    let mut cast = Cast::assemble(directory.path(), setting, progress)?;
    let mut search = cast.search(setting)?;
    let shown = play::play(talk, &mut cast, &mut search, progress)?;
    let finding = finding::find(setting, &cast, progress)?;
    progress(Stage::Leaving);
    let opt_out = cast.opt_out()?;
    progress(Stage::Searching);
    cast.search_all(&mut search)?;
    let (told, finds) = cast.search_attester(&mut search, setting);
    Ok(Report {
        sent: talk.lines.len(),
        account: Account::of(talk, &shown),
        finding,
        canaries_planted: search.planted(),
        canaries_too_short: search.too_short(),
        canaries_found: finds.len(),
        numbers_told_to_the_attester: told,
        patterns: search.patterns(),
        bytes_searched: search.bytes_searched(),
        search_tried: cast.try_search(&search, setting)?,
        relay_kills: play::RELAY_KILLS,
        client_kills: play::CLIENT_KILLS,
        envelopes: cast.relayed().deposits.len(),
        policy: setting.policy,
        sealed_requests: cast.relayed().sealed.len(),
        requests_around_the_proxy: setting.policy.map_or(0, |policy| cast.relayed().around(policy)),
        opt_out,
        seconds: start.elapsed().as_secs(),
        kept: cast.kept()?,
        finds,
        relayed: cast.relayed(),
        stored: cast.stored,
        shown,
    })
}

/// How long the demo waits for what should happen at once.
const PATIENCE: Duration = Duration::from_secs(45);
