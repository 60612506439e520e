//! Whether Redis takes writes, and how much it holds.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use redis::cmd;

use super::answer::{Fault, text};
use super::call::Call;
use super::keys::{GROUPS, Keys, Tag};
use super::link::Link;
use super::scripts::SCRIPTS;
use crate::log::Event;

/// How often a server that failed is tried again.
const TRY_EVERY: Duration = Duration::from_secs(1);
/// After so many tries in vain, in a row, the connection is made anew: the client of a cluster may go on asking where nothing is.
const RENEW_AFTER: u32 = 2;
/// How often it is asked how much it holds, in tries.
const WEIGH_EVERY: u32 = 30;

/// Of the groups of objects, so many apart are looked at: each master of a cluster has some of them.
const GROUPS_APART: u16 = GROUPS / 32;

/// How Redis is.
#[derive(Default)]
pub(super) struct Health {
    /// Whether something failed, and does still.
    is_out: AtomicBool,
    /// Whether all of it does.
    is_all_out: AtomicBool,
    /// What failed last, and so is tried.
    failed: Mutex<Option<Tag>>,
    bytes: AtomicU64,
}

impl Health {
    /// Whether any part of it takes writes. While some servers of a cluster are out, relays serve what the others have: were none
    /// ready then, whoever shares connections out among relays would take all of it away.
    pub(super) fn is_ready(&self) -> bool {
        !self.is_all_out.load(Ordering::Relaxed)
    }

    /// How many bytes Redis holds; of what other programs keep there too.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Takes note of a failure; told to the log once for each outage.
    pub(super) fn failed(&self, tag: &Tag, link: &Link) {
        if let Link::Single(_) = link {
            self.is_all_out.store(true, Ordering::Relaxed);
        }
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(tag.clone());
        if !self.is_out.swap(true, Ordering::Relaxed) {
            Event::RedisOut {}.log();
        }
    }

    /// Looks after it, for ever.
    pub(super) async fn run(&self, link: &Link, keys: &Keys) {
        let mut in_vain = 0;
        for round in (0..WEIGH_EVERY).cycle() {
            if round == 0
                && let Ok(bytes) = weigh(link).await
            {
                self.bytes.store(bytes, Ordering::Relaxed);
            }
            in_vain = if self.try_again(link, keys).await { 0 } else { in_vain + 1 };
            if in_vain == RENEW_AFTER {
                // Where that fails, it is tried again as late.
                let _renewed = link.renew().await;
                in_vain = 0;
            }
            tokio::time::sleep(TRY_EVERY).await;
        }
    }

    /// Tries what failed last; whether nothing fails.
    async fn try_again(&self, link: &Link, keys: &Keys) -> bool {
        let Some(tag) = self.failed.lock().unwrap_or_else(PoisonError::into_inner).take() else { return true };
        if link.call(&Call::new(&SCRIPTS.probe, &tag)).await.is_err() {
            self.failed(&tag, link);
            self.is_all_out.store(!takes_any(link, keys).await, Ordering::Relaxed);
            return false;
        }
        self.is_all_out.store(false, Ordering::Relaxed);
        if self.is_out.swap(false, Ordering::Relaxed) {
            Event::RedisBack {}.log();
        }
        true
    }
}

/// Whether anything is written anywhere.
async fn takes_any(link: &Link, keys: &Keys) -> bool {
    let tags = (0..GROUPS).step_by(GROUPS_APART.into()).map(|number| keys.group(number));
    let probed = tags.map(|tag| async move { link.call(&Call::new(&SCRIPTS.probe, &tag)).await });
    let mut probed = probed.collect::<FuturesUnordered<_>>();
    while let Some(answer) = probed.next().await {
        if answer.is_ok() {
            return true;
        }
    }
    false
}

async fn weigh(link: &Link) -> Result<u64, Fault> {
    let mut bytes = 0;
    for node in link.masters().await? {
        let info = text(link.ask_node(&node, cmd("INFO").arg("memory")).await?)?;
        bytes += field(&info, "used_memory").and_then(|bytes| bytes.parse().ok()).unwrap_or(0_u64);
    }
    Ok(bytes)
}

/// What `INFO` says of something.
pub(super) fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}
