//! What two relays on one cluster of Redis lose when things break: real processes, a steady load, faults by a seeded schedule.
//!
//! What fails a run: an envelope that was accepted and does not come; one that comes altered, or that nobody sent there; an
//! answer that a mailbox is gone, which is there; a part of the stage that does not come back by itself. What does not: to be
//! told to try later, an envelope that comes again (whoever collects drops repeats by id), and how long anything takes.
//!
//! ```text
//! senders ══ deposits ═▶ relay 0 ─┐                 ┌─▶ 3 masters, 3 replicas
//!                        relay 1 ─┴─▶ line (cut?) ──┘
//! collectors ◀═ deliveries ══ relay 1                        both go to the other relay when theirs does not answer
//! ```

mod client;
mod collector;
mod fault;
mod ledger;
mod letter;
mod line;
mod load;
mod outage;
mod report;
mod run;
mod sender;
mod stage;
mod up;

pub use fault::Fault;
pub use report::{Report, table};
pub use run::{Plan, Progress, run};
pub use stage::{Durability, Setting, Stage};
pub use up::Cluster;
