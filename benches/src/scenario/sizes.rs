//! Does a message become dearer as a relay fills? The same load by how many mailboxes there are, and by how many envelopes lie
//! there.

use std::time::Duration;

use serde::Serialize;

use super::away::{self, Away};
use super::online::{self, Load, Online, Plan, Times};
use super::quick::WINDOW;
use super::shape::Shape;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::subject::{Kind, Programs, Subject, Tuning};

const MAILBOXES: [u32; 4] = [1_000, 10_000, 100_000, 1_000_000];
const STORED: [u64; 3] = [10_000, 100_000, 1_000_000];
/// How many steps of a progress there are.
pub const STEPS: u64 = (MAILBOXES.len() + STORED.len()) as u64;
/// The same people at all sizes, so that nothing else differs.
const COLLECTORS: u32 = 16;
const TIMES: Times = Times { warm_up: Duration::from_secs(2), measured: Duration::from_secs(8) };

/// What a message costs at several sizes, in µs of the relay's processors, without TLS and as fast as it goes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sizes {
    /// By how many mailboxes there are; senders write to each in turn.
    pub mailboxes: Vec<ByMailboxes>,
    /// By how many envelopes are stored, and drained then, in 200 mailboxes.
    pub stored: Vec<Away>,
    /// Whether every accepted envelope was delivered; there are no figures when one was not.
    pub verified: bool,
}

/// With so many mailboxes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ByMailboxes {
    /// How many.
    pub mailboxes: u32,
    /// Of each message.
    pub online: Online,
}

/// Measures at each size, each with a relay of its own. A million prepared deposits take several GiB of this program's memory.
///
/// # Errors
/// [`Failure`]: no figures.
pub async fn run(programs: &Programs, progress: &Progress) -> Result<Sizes, Failure> {
    let mut mailboxes = Vec::new();
    for count in MAILBOXES {
        progress.say("online: by mailboxes");
        let shape = Shape { mailboxes: count, collectors: COLLECTORS, ..Shape::default() };
        let plan = Plan::new(shape, Load::Full { window: WINDOW }, TIMES);
        mailboxes.push(ByMailboxes { mailboxes: count, online: online::run(&start(programs)?, &plan).await? });
        progress.step();
    }
    let mut stored = Vec::new();
    for count in STORED {
        progress.say("away: store, then drain");
        stored.push(away::run(&start(programs)?, Shape::default(), count, WINDOW).await?);
        progress.step();
    }
    Ok(Sizes { mailboxes, stored, verified: true })
}

/// A relay that lets a connection collect as many mailboxes as it takes here, and a mailbox hold as much.
fn start(programs: &Programs) -> Result<Subject, Failure> {
    let values = vec![
        ("limits", "subscriptions", 65_536.into()),
        ("limits", "mailbox_envelopes", 1_000_000.into()),
        ("limits", "mailbox_bytes", "16 GiB".into()),
    ];
    let tuning = Tuning { values };
    programs.start_tuned(Kind::Relay, false, &tuning)
}
