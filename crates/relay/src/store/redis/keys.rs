//! What lies under which key. This is all that a store holds in Redis.
//!
//! ```text
//! T = {NAMESPACE:GGG}         GGG: 000 to 3ff, by the object's id. Only what has one tag is changed at one moment
//!
//! T ‖ mailbox[32] ‖ m         hash         h: collect hash[32] · k: kind · l: last day of the lease
//!                                          s: the last sequence that was given · c, n: envelopes and bytes that lie there
//!                                          envelope id[16] → its sequence, hour of expiry and length
//! T ‖ mailbox[32] ‖ b         hash         envelope id[16] → envelope at rest, laid down before it is kept
//! T ‖ shelf[32] ‖ s           hash         h: stock hash[32] · l: last day of the lease · z: the last item
//! T ‖ shelf[32] ‖ t           list         one-time items, in order
//! T ‖ l                       sorted set   m ‖ mailbox[32], s ‖ shelf[32] → last day of the lease
//! T ‖ p ‖ DAY                 hash         hash of a ticket or voucher[16] → hash of the request that spent it[16]
//! T ‖ r                       hash         h: this hour · m ‖ mailbox[32], s ‖ shelf[32] → deposits of strangers, takes in it
//! T ‖ q                       sorted set   DAY → the same: the last days of what was spent
//!
//! E = {NAMESPACE:eN}          N: the epoch
//!
//! E ‖ e                       string       bucket bits[1] ‖ descriptor; nothing, once it is retired
//! E ‖ h                       hash         prefix[4] ‖ tag[16] → slot[256] ‖ entry hash[32] ‖ day of the proof[4]
//! E ‖ z                       sorted set   prefix[4] ‖ tag[16], in their order
//! E ‖ c                       hash         prefix[4] ‖ tag[16] → entry hash[32] ‖ day of the claim[4]
//! {NAMESPACE:e} ‖ n           set          all epochs that were ever opened or retired
//! {NAMESPACE:k} ‖ k           hash         name → a key of days that all relays share, sealed: shared_keys.rs
//! {NAMESPACE:k} ‖ v           string       the form of all this: 1
//! {NAMESPACE:k} ‖ f           string       what the store is being filled from, as long as it is: a hash[32] ‖ records[8]
//! {NAMESPACE:wK}              channel      K: 0 to f. Which mailboxes are to be read
//! ```
//!
//! A mailbox's sequences begin at a random number, so that the last one does not tell how many there were. No key has a
//! time to live: Redis keeps those in milliseconds.

use redis::cluster_routing::{Route, Slot, SlotAddr};
use sealpost_wire::directory::Epoch;

/// So many tags are all mailboxes and shelves under: enough for the masters of a large cluster to have as many each.
pub(super) const GROUPS: u16 = 1 << 10;
/// So many channels wake relays up.
pub(super) const CHANNELS: u8 = 16;

/// Where keys begin that are changed at one moment.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Tag(String);

/// The keys of one store: its namespace sets them apart from those of others in the same Redis.
#[derive(Clone)]
pub(super) struct Keys {
    namespace: String,
}

impl Keys {
    pub(super) const fn new(namespace: String) -> Self {
        Self { namespace }
    }

    /// The tag of a mailbox, a shelf, or something that is spent.
    pub(super) fn of(&self, [first, second, ..]: &[u8; 16]) -> Tag {
        self.group(u16::from_be_bytes([*first, *second]) % GROUPS)
    }

    /// The tag of that number.
    pub(super) fn group(&self, number: u16) -> Tag {
        Tag(format!("{{{}:{number:03x}}}", self.namespace))
    }

    pub(super) fn epoch(&self, Epoch(number): Epoch) -> Tag {
        Tag(format!("{{{}:e{number}}}", self.namespace))
    }

    pub(super) fn epochs(&self) -> Tag {
        Tag(format!("{{{}:e}}", self.namespace))
    }

    /// Of what all relays have to have alike.
    pub(super) fn shared(&self) -> Tag {
        Tag(format!("{{{}:k}}", self.namespace))
    }

    /// What all keys begin with.
    pub(super) fn everything(&self) -> String {
        format!("{{{}:", self.namespace)
    }

    /// The channel of that number.
    pub(super) fn channel(&self, number: u8) -> Tag {
        Tag(format!("{{{}:w{number:x}}}", self.namespace))
    }
}

impl Tag {
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// One of its keys.
    pub(super) fn key(&self, end: &str) -> String {
        format!("{}{end}", self.0)
    }

    /// A key of one of the objects under it.
    pub(super) fn object(&self, id: &[u8; 32], end: &str) -> Vec<u8> {
        [self.as_bytes(), id, end.as_bytes()].concat()
    }

    /// Which server of a cluster has it.
    pub(super) fn route(&self) -> Route {
        Route::with_slot(Slot::for_key(&self.0), SlotAddr::Master)
    }
}

/// The beginning of an id, which decides on its tag.
pub(super) fn beginning(id: &[u8; 32]) -> &[u8; 16] {
    let [beginning, ..] = id.as_chunks::<16>().0 else { return &[0; 16] };
    beginning
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_apart_by_namespace_and_together_by_id() {
        let (keys, others) = (Keys::new("a".to_owned()), Keys::new("b".to_owned()));
        assert_eq!(keys.of(&[7; 16]).as_bytes(), b"{a:307}");
        assert!(keys.of(&[7; 16]) != others.of(&[7; 16]));
        assert!(keys.epoch(Epoch(1)) != keys.group(1));
        assert_eq!(keys.epoch(Epoch(222)).key("h"), "{a:e222}h");
    }
}
