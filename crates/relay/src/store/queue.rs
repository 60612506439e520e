//! A mailbox's queue without its bytes: order, repeats, quotas, expiry.

/// How much one object may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Envelopes in one mailbox.
    pub envelopes: usize,
    /// Bytes in one mailbox, as stored.
    pub bytes: u64,
    /// One-time items on one shelf.
    pub items: usize,
}
