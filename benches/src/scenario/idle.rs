//! Collectors for which nothing comes: what each takes of the relay's memory.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::{self, TryStreamExt};
use sealpost_wire::SizeClass;
use sealpost_wire::frame::COLLECT_SOCKET;
use serde::Serialize;
use tokio::time::sleep;

use super::crew::open;
use super::phase::Phase;
use crate::failure::Failure;
use crate::load::collector::{Collector, Owned};
use crate::load::mailboxes::Mailbox;
use crate::load::verify::Received;
use crate::subject::Subject;

/// Connections that are made at once.
const AT_ONCE: usize = 32;
/// What a client that waits reads at once.
const BUFFER: usize = 1024;
/// How long the server is left alone before its memory is read.
const SETTLE: Duration = Duration::from_secs(2);

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Idle {
    /// Collectors, each with a mailbox of its own.
    pub connections: u32,
    /// Resident memory of the server before anything was asked of it, in bytes.
    pub before_bytes: u64,
    /// And with all of them there.
    pub after_bytes: u64,
    /// The difference, for each.
    pub bytes_per_connection: f64,
}

/// Connects so many collectors to a server that was started for it.
///
/// # Errors
/// [`Failure`]: no figures.
pub async fn run(subject: &Subject, connections: u32) -> Result<Idle, Failure> {
    series(subject, &[connections]).await?.pop().ok_or(Failure::Ended)
}

/// The same, read whenever there are so many: ascending numbers.
///
/// # Errors
/// [`Failure`]: no figures.
pub async fn series(subject: &Subject, counts: &[u32]) -> Result<Vec<Idle>, Failure> {
    sleep(SETTLE).await;
    let before_bytes = resident(subject)?;
    let (mut there, mut all) = (Vec::new(), Vec::new());
    for connections in counts.iter().copied() {
        let begun = u32::try_from(there.len()).unwrap_or(u32::MAX);
        there.extend(connect(subject, begun..connections).await?);
        sleep(SETTLE).await;
        let after_bytes = resident(subject)?;
        let bytes_per_connection = (after_bytes as f64 - before_bytes as f64) / f64::from(connections.max(1));
        all.push(Idle { connections, before_bytes, after_bytes, bytes_per_connection });
    }
    Ok(all)
}

async fn connect(subject: &Subject, numbers: Range<u32>) -> Result<Vec<Collector>, Failure> {
    let mailboxes: Vec<_> = numbers.clone().map(|_| Arc::new(Mailbox::random(SizeClass::Small))).collect();
    open(subject, &mailboxes).await?;
    stream::iter(mailboxes.into_iter().zip(numbers))
        .map(|(of, number)| collector(subject, of, number))
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

fn resident(subject: &Subject) -> Result<u64, Failure> {
    let usage =
        subject.usage()?.ok_or_else(|| Failure::Argument("memory is known of a relay on this machine".into()))?;
    Ok(usage.resident)
}

async fn collector(subject: &Subject, of: Arc<Mailbox>, mailbox: u32) -> Result<Collector, Failure> {
    let socket = subject.target.socket(COLLECT_SOCKET, BUFFER).await?;
    let owned = vec![Owned { mailbox, of, window: Arc::default(), received: Received::default() }];
    let mut collector = Collector::subscribe(socket, owned, Arc::<Phase>::default(), subject.opening).await?;
    collector.catch_up().await?;
    Ok(collector)
}
