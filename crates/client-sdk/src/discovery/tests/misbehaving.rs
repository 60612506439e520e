//! Servers that do not do as they should.

use sealpost_wire::manifest::Manifest;

use super::super::Reason;
use super::super::fake::{World, times_read};
use super::looking_up::forget_reads;
use super::*;
use crate::ErrorKind;

fn reasons(report: &DiscoveryReport) -> Vec<Reason> {
    report.still_unknown.iter().map(|(_, reason)| *reason).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_service_that_dies_half_way_loses_nothing_that_it_has_answered() {
    let world = World::open().await;
    let seeker = Seeker::new(&world.relay());
    world.state().dies_after[1] = Some(1);
    let report = seeker.look_up(row(150)).await;
    // One batch of three was answered by both: those can be read.
    assert_eq!((report.not_found.len(), report.still_unknown.len()), (64, 86));
    assert!(reasons(&report).iter().all(|reason| *reason == Reason::KeyServiceUnreachable));
    assert_eq!(world.state().evaluated, [192, 64]);
    world.state().dies_after[1] = None;
    let seeker = seeker.reopened();
    let report = seeker.look_up(row(150)).await;
    assert_eq!((report.hashed, report.evaluated, report.not_found.len()), (0, 86, 150));
    assert_eq!(world.state().evaluated, [192, 192]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_under_another_key_is_not_used() {
    let world = World::open().await;
    let seeker = Seeker::new(&world.relay());
    world.list(&nth(1), &card(&world, 5));
    world.state().lies[0] = true;
    let report = seeker.look_up(row(2)).await;
    assert_eq!(reasons(&report), [Reason::KeyServiceRefused; 2]);
    assert!(world.state().reads.is_empty());
    world.state().lies[0] = false;
    assert_eq!(names(&seeker.look_up(row(2)).await.found), ["person 1"]);
    assert_eq!(world.state().evaluated, [128, 64]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_the_directory_puts_in_a_key_services_place_is_not_asked_for() {
    let world = World::open().await;
    let seeker = Seeker::new(&world.relay());
    world.publish(|manifest: &mut Manifest| {
        let epochs = &mut manifest.directory.as_mut().unwrap().epochs;
        for epoch in epochs {
            let other = epoch.key_services[1].public_key.clone();
            epoch.key_services[1].public_key = std::mem::replace(&mut epoch.key_services[0].public_key, other);
        }
    });
    let report = seeker.look_up(row(2)).await;
    assert_eq!(reasons(&report), [Reason::KeyServiceRefused; 2]);
    assert_eq!(world.state().evaluated, [0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_salt_that_a_key_service_does_not_know_is_refused() {
    let world = World::open().await;
    let seeker = Seeker::new(&world.relay());
    world.publish(|manifest| {
        manifest.directory.as_mut().unwrap().epochs[0].contributions[0] = "07".repeat(32);
    });
    assert_eq!(reasons(&seeker.look_up(row(1)).await), [Reason::KeyServiceRefused]);
    assert_eq!(world.state().evaluated[0], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_asks_for_all_memory_or_all_time_is_refused_before_anything_is_done() {
    let world = World::open().await;
    let seeker = Seeker::new(&world.relay());
    let hostile: [fn(&mut sealpost_wire::manifest::Argon2); 2] =
        [|cost| cost.memory_mib = 4_096, |cost| cost.passes = 1_000_000];
    for change in hostile {
        world.publish(|manifest| change(&mut manifest.directory.as_mut().unwrap().epochs[0].argon2));
        let refused = seeker.discovery.discover(row(1)).unwrap().finish().await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::DirectoryRefused);
        assert_eq!(seeker.discovery.terms().await.unwrap_err().kind(), ErrorKind::DirectoryRefused);
    }
    world.publish(|manifest| manifest.directory = None);
    let absent = seeker.discovery.discover(row(1)).unwrap().finish().await.unwrap_err();
    assert_eq!(absent.kind(), ErrorKind::NoDirectory);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_is_silent_costs_no_second_evaluation() {
    let world = World::open().await;
    let seeker = Seeker::new(&world.relay());
    world.list(&nth(1), &card(&world, 5));
    world.state().is_silent = true;
    assert_eq!(reasons(&seeker.look_up(row(2)).await), [Reason::DirectoryUnreachable; 2]);
    world.state().is_silent = false;
    assert_eq!(names(&seeker.look_up(row(2)).await.found), ["person 1"]);
    assert_eq!(world.state().evaluated, [64, 64]);
    assert!(times_read(&world.state()).values().all(|times| *times == 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_does_not_open_or_is_out_of_date_is_nobody() {
    let world = World::open().await;
    let seeker = Seeker::new(&world.relay());
    world.list(&nth(0), &card(&world, 5));
    // Moved under another tag, it is sealed for the first.
    let slot = world.state().slots[0].1.clone();
    let lookup = world.lookup(&nth(1));
    let mut moved = *slot.as_bytes();
    moved[..16].copy_from_slice(lookup.tag.as_bytes());
    world.state().slots.push((lookup.prefix, sealpost_wire::directory::Slot::new(moved)));
    world.list_until(&nth(2), &card(&world, 6), sealpost_wire::time::Day(clock::today().0 - 1));
    let report = seeker.look_up(row(3)).await;
    assert_eq!(names(&report.found), ["person 0"]);
    assert_eq!(names(&report.still_unknown), ["person 1", "person 2"]);
    assert_eq!(reasons(&report), [Reason::BadRecord; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_epoch_that_was_keyed_anew_is_computed_anew() {
    let world = World::open().await;
    let seeker = Seeker::new(&world.relay());
    seeker.look_up(row(2)).await;
    world.publish(|manifest| manifest.directory.as_mut().unwrap().epochs[0].argon2.memory_mib = 20);
    forget_reads(&seeker);
    assert_eq!(seeker.look_up(row(2)).await.hashed, 2);
}
