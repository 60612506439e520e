//! Two relays on a cluster of Redis, of which something breaks under load.
//!
//! What fails these: an envelope that was accepted and does not come, or comes altered; an answer that a mailbox is gone, which
//! is there; a part that does not come back by itself. How long anything takes does not.

use std::time::Duration;

use sealpost_tests::chaos::{Durability, Fault, Plan, Report, run};

/// Each of these faults once.
fn broken_by(faults: &[Fault], durability: Durability) -> Report {
    let plan = Plan { time: Duration::ZERO, seed: 7, durability, faults: faults.to_vec(), mailboxes: 32 };
    let report = run(&plan, &|_| {}).unwrap();
    assert!(report.accepted > 0 && report.delivered >= report.accepted, "{report:?}");
    assert_eq!((report.lost, report.denied, report.altered), (0, 0, 0), "{report:?}");
    assert_eq!(report.faults.values().sum::<u64>(), faults.len() as u64);
    report
}

#[test]
fn servers_of_redis_that_go_take_nothing_with_them() {
    broken_by(&[Fault::MasterKilled, Fault::RedisKilled, Fault::NodePaused], Durability::Replicas);
}

#[test]
fn slots_may_move_and_servers_be_full_and_relays_be_restarted_while_all_are_used() {
    let report = broken_by(&[Fault::SlotsMoved, Fault::RedisFull, Fault::RollingRestart], Durability::Replicas);
    assert!(report.refused > 0, "a full server takes nothing new: {report:?}");
}

#[test]
fn a_relay_that_is_killed_or_cut_off_loses_nothing_also_where_no_replica_takes_over() {
    broken_by(&[Fault::RelayKilled, Fault::RelayCut, Fault::MasterKilled], Durability::Disk);
}
