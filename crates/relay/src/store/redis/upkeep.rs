//! What time brings, and what an operator asks for.

use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::time::Duration;

use futures_util::future::try_join_all;
use redis::cmd;
use sealpost_wire::MailboxId;
use sealpost_wire::time::{Day, Hour};

use super::answer::{Fault, bytes, integer, list, text};
use super::call::Call;
use super::check::makes_snapshots;
use super::context::Context;
use super::health::field;
use super::keys::{GROUPS, Tag};
use super::link::Node;
use super::mailboxes::at;
use super::scripts::{SCRIPTS, Script};
use super::wake::News;

/// Objects that are erased at once, under one tag.
const MOST: usize = 64;
/// So many make a sweep stop.
const ENOUGH: u64 = 512;
/// Tags that are gone through at once.
const TAGS_AT_ONCE: u16 = 256;
/// How often it is looked whether a file has been rewritten.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How far sweeps have come.
#[derive(Default)]
pub(super) struct Swept {
    /// At which tag the next part of lapsing goes on.
    lapsed: AtomicU16,
    /// The day whose envelopes were swept last.
    expired: AtomicU32,
}

impl Context {
    /// Goes through all mailboxes, once a day: by day is how often anything more is to be found. What was counted in an hour
    /// goes every hour.
    pub(super) async fn expire(&self, now: Hour) -> Result<bool, Fault> {
        for tags in self.all_tags() {
            self.sweep(&SCRIPTS.forget_rates, &tags, now.0, None).await?;
        }
        if self.swept.expired.load(Ordering::Relaxed) == now.day().0 {
            return Ok(false);
        }
        for tags in self.all_tags() {
            self.sweep(&SCRIPTS.expire, &tags, now.day().0, None).await?;
        }
        self.erase_orphans().await?;
        self.swept.expired.store(now.day().0, Ordering::Relaxed);
        Ok(false)
    }

    /// Goes on where it stopped, until much was erased or all was gone through.
    pub(super) async fn lapse(&self, today: Day) -> Result<u64, Fault> {
        let mut count = 0;
        for _ in (0..GROUPS).step_by(TAGS_AT_ONCE.into()) {
            let first = self.swept.lapsed.load(Ordering::Relaxed);
            count += self.lapse_of(first, today).await?;
            self.swept.lapsed.store((first + TAGS_AT_ONCE) % GROUPS, Ordering::Relaxed);
            if count >= ENOUGH {
                break;
            }
        }
        Ok(count)
    }

    async fn lapse_of(&self, first: u16, today: Day) -> Result<u64, Fault> {
        let answers = self.sweep(&SCRIPTS.lapse, &self.tags(first), today.0, Some(MOST)).await?;
        let mut count = 0;
        for answer in answers {
            for object in list(answer)? {
                mailbox(&bytes(object)?).into_iter().for_each(|id| self.wake.tell(News::Closed(id)));
                count += 1;
            }
        }
        Ok(count)
    }

    pub(super) async fn forget_spent(&self, today: Day) -> Result<u64, Fault> {
        let mut erased = 0;
        for tags in self.all_tags() {
            for answer in self.sweep(&SCRIPTS.forget_spent, &tags, today.0, None).await? {
                erased += u64::try_from(integer(&answer)?).unwrap_or_default();
            }
        }
        Ok(erased)
    }

    fn all_tags(&self) -> impl Iterator<Item = Vec<Tag>> {
        (0..GROUPS).step_by(TAGS_AT_ONCE.into()).map(|first| self.tags(first))
    }

    fn tags(&self, first: u16) -> Vec<Tag> {
        (first..first + TAGS_AT_ONCE).map(|number| self.keys.group(number)).collect()
    }

    async fn sweep(
        &self,
        script: &'static Script,
        tags: &[Tag],
        now: u32,
        most: Option<usize>,
    ) -> Result<Vec<redis::Value>, Fault> {
        let divided = self.link.divide(tags);
        let calls = divided.iter().filter_map(|places| Call::about(script, &at(tags, places)));
        let calls = calls.map(|call| self.change(call.with(now).with_all(most)));
        try_join_all(calls).await
    }

    /// Has every server rewrite its append-only file, and its snapshot where it makes any: then the files hold nothing of what
    /// was erased.
    pub(super) async fn purge(&self) -> Result<(), Fault> {
        for node in self.link.everyone().await? {
            let info = self.persistence(&node).await?;
            if field(&info, "aof_enabled") == Some("1") {
                self.rewrite(&node, "BGREWRITEAOF", "aof_rewrite_in_progress", "aof_last_bgrewrite_status").await?;
            }
            if makes_snapshots(&self.link, &node).await {
                self.rewrite(&node, "BGSAVE", "rdb_bgsave_in_progress", "rdb_last_bgsave_status").await?;
            }
        }
        Ok(())
    }

    async fn rewrite(&self, node: &Node, command: &str, under_way: &str, status: &str) -> Result<(), Fault> {
        // One that is under way began before what was erased last.
        self.wait_until_idle(node, under_way).await?;
        self.link.ask_node(node, &cmd(command)).await?;
        let info = self.wait_until_idle(node, under_way).await?;
        if field(&info, status) == Some("ok") { Ok(()) } else { Err(Fault::Odd) }
    }

    async fn wait_until_idle(&self, node: &Node, under_way: &str) -> Result<String, Fault> {
        loop {
            let info = self.persistence(node).await?;
            let is_scheduled = field(&info, "aof_rewrite_scheduled") == Some("1");
            if field(&info, under_way) != Some("1") && !is_scheduled {
                return Ok(info);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn persistence(&self, node: &Node) -> Result<String, Fault> {
        text(self.link.ask_node(node, cmd("INFO").arg("persistence")).await?)
    }
}

/// The mailbox that lapsed, if it is one.
fn mailbox(object: &[u8]) -> Option<MailboxId> {
    Some(MailboxId::from_bytes(object.strip_prefix(b"m")?.try_into().ok()?))
}
