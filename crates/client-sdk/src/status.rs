//! A snapshot for people.

use sealpost_wire::RelayRef;
use sealpost_wire::time::Day;

use crate::event::Connection;
use crate::policy::CollectPolicy;

/// How a profile stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The relay that keeps one's mailboxes.
    pub relay: RelayRef,
    /// Where it keeps its data, as its signed manifest says; `None` before it was reached for the first time.
    pub region: Option<String>,
    /// The proxy that requests go through.
    pub proxy: Option<RelayRef>,
    /// How mailboxes are collected.
    pub policy: CollectPolicy,
    /// The day of the consent.
    pub since: Day,
    /// The connection to it, as far as this process knows.
    pub connection: Connection,
    /// Whether an engine runs, in this process or another.
    pub engine_runs: bool,
    /// Contacts, accepted or not.
    pub contacts: u64,
    /// Messages that wait in the outbox.
    pub outbox: u64,
    /// Messages received so far.
    pub received: u64,
    /// What arrived and could not be opened, in the last weeks.
    pub unopened: u64,
    /// Mailboxes that the relay has opened.
    pub mailboxes: u64,
    /// One-time items on the published card's shelf when that was last asked; `None` before it was first stocked.
    pub shelf_items: Option<u16>,
}
