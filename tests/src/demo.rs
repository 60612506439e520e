//! The demo: a talk between two people through a relay that is killed meanwhile, and what the relay saw of it.
//!
//! 1. A relay process starts, with TLS; a tap with the relay's own key records what the relay sees. Two people opt in,
//!    each with an IMEI, an IMSI and a number that must not leave the device, and add each other by card.
//! 2. They talk, each through processes of `sealpost`. For a part of the talk the second one's `listen` is killed; while
//!    it is away, the relay is killed (-9) too, and started again.
//! 3. What the two received is compared with what was sent.
//! 4. The relay's files, its traffic as it was on the wire and as it saw it decrypted, its log at trace level, and the
//!    logs of both clients are searched for every text, name and number, in every encoding: while the messages lie there,
//!    and again at the end.
//! 5. The second one opts out; the relay confirms what it erased.
//!
//! It fails when a message is lost, shown twice or out of order, when a canary is found, or when the search cannot find
//! one that was planted.

mod account;
mod cast;
mod play;
mod seen;
mod show;
mod stored;

use std::time::{Duration, Instant};

use serde::Serialize;

pub use account::Account;
pub use play::Stage;
pub use seen::Relayed;
pub use show::{summary, table};
pub use stored::Stored;

use crate::Result;
use crate::person::Received;
use crate::search::Find;
use crate::talk::Talk;
use cast::Cast;

/// How the demo tells how far it is.
pub type Progress<'a> = &'a dyn Fn(Stage);

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Messages that were written, by both.
    pub sent: usize,
    /// Messages that were shown, by both.
    #[serde(flatten)]
    pub account: Account,
    /// Values that were looked for: texts, names, numbers.
    pub canaries_planted: usize,
    /// Values under 56 bits, of which not finding them would say nothing.
    pub canaries_too_short: usize,
    /// How often one was found.
    pub canaries_found: usize,
    /// Ways of writing that were looked for.
    pub patterns: usize,
    /// Bytes that were searched.
    pub bytes_searched: u64,
    /// How the search itself was tried.
    pub search_tried: Trial,
    /// How often the relay was killed with -9.
    pub relay_kills: usize,
    /// How often a client was killed with -9.
    pub client_kills: usize,
    /// Envelopes that the relay accepted from the wire.
    pub envelopes: usize,
    /// What the opt-out at the end brought.
    pub opt_out: OptOut,
    /// How long it took.
    pub seconds: u64,
    /// What was found, if anything.
    #[serde(skip)]
    pub finds: Vec<Find>,
    /// What the relay saw.
    #[serde(skip)]
    pub relayed: Relayed,
    /// What lay in its store when it was killed.
    #[serde(skip)]
    pub stored: Stored,
    /// What each of the two was shown.
    #[serde(skip)]
    pub shown: [Vec<Received>; 2],
}

/// A search that finds nothing says something only if it would find what is there: leaks planted in a scratch directory.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Trial {
    /// Texts and numbers that were planted there.
    pub planted: usize,
    /// Those that were found.
    pub found: usize,
}

impl Trial {
    const fn holds(self) -> bool {
        self.planted > 0 && self.found == self.planted
    }
}

/// What the relay said to an opt-out.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct OptOut {
    /// Objects of which it has stated the deletion, signed.
    pub confirmed: u64,
    /// Objects that it did not close.
    pub pending: u64,
}

impl Report {
    /// Whether all that the demo is to show was shown.
    #[must_use]
    pub fn holds(&self) -> bool {
        let Account { received, lost, duplicates, out_of_order } = self.account;
        let talk = received == self.sent && lost == 0 && duplicates == 0 && out_of_order == 0;
        talk && self.canaries_found == 0
            && self.search_tried.holds()
            && self.opt_out.pending == 0
            && self.opt_out.confirmed > 0
    }
}

/// Plays `talk`.
///
/// # Errors
/// When something around the demo fails; what the demo finds out is in the report.
pub fn run(talk: &Talk, progress: Progress<'_>) -> Result<Report> {
    let start = Instant::now();
    let directory = tempfile::Builder::new().prefix("sealpost-demo-").tempdir()?;
    let mut cast = Cast::assemble(directory.path(), talk, progress)?;
    let mut search = cast.search(talk)?;
    let shown = play::play(talk, &mut cast, &mut search, progress)?;
    progress(Stage::Leaving);
    let opt_out = cast.opt_out()?;
    progress(Stage::Searching);
    cast.search_all(&mut search)?;
    Ok(Report {
        sent: talk.lines.len(),
        account: Account::of(talk, &shown),
        canaries_planted: search.planted(),
        canaries_too_short: search.too_short(),
        canaries_found: search.found().len(),
        patterns: search.patterns(),
        bytes_searched: search.bytes_searched(),
        search_tried: cast.try_search(&search, talk)?,
        relay_kills: play::RELAY_KILLS,
        client_kills: play::CLIENT_KILLS,
        envelopes: cast.relayed().deposits.len(),
        opt_out,
        seconds: start.elapsed().as_secs(),
        finds: search.found().to_vec(),
        relayed: cast.relayed(),
        stored: cast.stored,
        shown,
    })
}

/// How long the demo waits for what should happen at once.
const PATIENCE: Duration = Duration::from_secs(45);
