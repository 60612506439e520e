//! The load: what clients do, as cheaply as they can, and what must come of it.
//!
//! ```text
//! senders ══ deposits ═▶ relay or floor ═ deliveries ══▶ collectors ══ acknowledgements ═▶
//!    └─ accepted: Sent ─────────────┐                        └─ delivered: Received ─┐
//!                                   └──────────▶ verify ◀────────────────────────────┘
//! ```
//!
//! An envelope's id says which one it is and when it was to be sent ([`mark`]), so that both ends keep a few bytes for each
//! and share nothing while they run.

pub mod asker;
pub mod carrier;
pub mod client;
pub mod collector;
pub mod errand;
pub mod finder;
pub mod frames;
pub mod http2;
pub mod latency;
pub mod mailboxes;
pub mod mark;
pub mod pace;
pub mod porter;
pub mod postman;
pub mod sender;
pub mod tally;
pub mod turnover;
pub mod verify;
pub mod window;
