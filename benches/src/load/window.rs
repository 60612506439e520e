//! How many deposits of one sender may be under way: neither answered nor delivered.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

/// What a sender and the collectors of its mailboxes share.
#[derive(Debug, Default)]
pub struct Window {
    delivered: AtomicU64,
    moved: Notify,
}

impl Window {
    /// So many envelopes of the sender were delivered, for the first time.
    pub fn deliver(&self, count: u64) {
        self.delivered.fetch_add(count, Ordering::Relaxed);
        self.moved.notify_one();
    }

    /// How many were.
    #[must_use]
    pub fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }

    /// Waits until more were.
    pub async fn moved(&self) {
        self.moved.notified().await;
    }
}

/// How many more may be sent, when `sent` were, of which `answered` were answered and `delivered` delivered.
#[must_use]
pub fn room(most: u64, sent: u64, answered: u64, delivered: u64) -> u64 {
    most.saturating_sub(sent - answered.min(delivered).min(sent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_answered_and_delivered_takes_room() {
        assert_eq!(room(128, 0, 0, 0), 128);
        assert_eq!(room(128, 128, 100, 90), 90);
        assert_eq!(room(128, 128, 90, 100), 90);
        assert_eq!(room(128, 128, 128, 128), 128);
        assert_eq!(room(128, 128, 0, 128), 0);
    }
}
