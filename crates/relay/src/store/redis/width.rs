//! How much a server reads at a time.
//!
//! Redis reads sixteen kilobytes at a time from a connection: four of the smallest envelopes, whose commands it answers, in a packet
//! of their own, before it reads on. It makes more room, and reads as much as there is, once a single argument has not fitted; and
//! gives the room back when the connection was idle for two seconds. So as long as there are deposits, it is given something long
//! every second.

use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::cmd;

use super::link::{Link, Node};

const EVERY: Duration = Duration::from_secs(1);
/// Of 32 KiB and more it makes room for that argument alone.
const LONG: usize = 31 * 1024;

/// Keeps a server reading much at a time.
#[derive(Default)]
pub(super) struct Width {
    is_of_use: AtomicBool,
}

impl Width {
    /// To be called when there is much to read.
    pub(super) fn is_of_use(&self) {
        self.is_of_use.store(true, Ordering::Relaxed);
    }

    /// Keeps it so, for ever. In a cluster what comes together is about one tag alone, and is little.
    pub(super) async fn keep(&self, link: &Link) {
        let Link::Single(_) = link else { return pending().await };
        loop {
            if self.is_of_use.swap(false, Ordering::Relaxed) {
                // Where that fails, it reads as little as before.
                let _echoed = link.ask_node(&Node::Single, cmd("PING").arg([0_u8; LONG].as_slice())).await;
            }
            tokio::time::sleep(EVERY).await;
        }
    }
}
