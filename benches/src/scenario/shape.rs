//! Who takes part in a run, and how.

use std::time::Duration;

use sealpost_wire::SizeClass;
use serde::{Serialize, Serializer};

use crate::load::porter::Habit;

/// Who takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Shape {
    /// Mailboxes.
    pub mailboxes: u32,
    /// Sockets that deposit; each mailbox is written to by one.
    pub senders: u32,
    /// Sockets that collect; each mailbox is collected by one.
    pub collectors: u32,
    /// The length of envelopes.
    pub class: Sizes,
}

/// How long envelopes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sizes {
    /// All of one class.
    Of(SizeClass),
    /// Of 20 mailboxes, 17 get small ones, two medium ones, and one large ones.
    Mixed,
}

/// How deposits go. Deliveries go by WebSocket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Over {
    /// By WebSocket, as many to a frame as are due.
    #[default]
    Websocket,
    /// By HTTP/2, each a request.
    Http2,
    /// By Oblivious HTTP, each a sealed request, to the relay itself as the gateway.
    Oblivious,
    /// By Oblivious HTTP through a proxy.
    Proxy,
}

/// What is in envelopes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// Random bytes, which look as sealed ones do: one envelope for each mailbox, again and again.
    #[default]
    Random,
    /// Messages of a conversation, sealed by the SDK's crypto before it is measured: 16 for each mailbox. Each is opened by its
    /// recipient's session as it arrives for the first time; what comes again is compared with what was sent.
    Sealed,
}

/// How an owner collects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Manner {
    /// There all the time, and acknowledges at once.
    AtOnce,
    /// There all the time, and acknowledges what has come since, so often.
    Late(Duration),
    /// Comes and goes.
    Coming(Habit),
}

impl Default for Shape {
    fn default() -> Self {
        Self { mailboxes: 200, senders: 8, collectors: 8, class: Sizes::Of(SizeClass::Small) }
    }
}

impl Sizes {
    /// The class of a mailbox's envelopes.
    #[must_use]
    pub const fn of(self, mailbox: u32) -> SizeClass {
        match self {
            Self::Of(class) => class,
            // Scattered, so that each sender and each collector has some of all.
            Self::Mixed => match (mailbox.wrapping_mul(0x9E37_79B9) >> 16) % 20 {
                0 => SizeClass::Large,
                1 | 2 => SizeClass::Medium,
                _ => SizeClass::Small,
            },
        }
    }
}

impl Serialize for Sizes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Of(class) => serializer.serialize_u64(class.envelope_length() as u64),
            Self::Mixed => serializer.serialize_str("mixed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_mixed_sizes_most_are_small_and_some_are_of_each() {
        let count = |class| (0..10_000).filter(|mailbox| Sizes::Mixed.of(*mailbox) == class).count();
        let [small, medium, large] = [SizeClass::Small, SizeClass::Medium, SizeClass::Large].map(count);
        assert!((8_300..8_700).contains(&small), "{small}");
        assert!((850..1_150).contains(&medium) && (400..600).contains(&large), "{medium} {large}");
    }

    #[test]
    fn a_shape_tells_the_length_of_its_envelopes() {
        let told = |class| serde_json::to_value(Shape { class, ..Shape::default() }).unwrap()["class"].clone();
        assert_eq!((told(Sizes::Of(SizeClass::Small)), told(Sizes::Mixed)), (4_052.into(), "mixed".into()));
    }
}
