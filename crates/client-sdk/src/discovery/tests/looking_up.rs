//! Servers that do as they should.

use std::sync::Arc;

use sealpost_wire::time::Day;

use super::super::fake::{World, times_read};
use super::super::{Progress, Reason};
use super::*;
use crate::store::lookups;
use crate::{ContactState, ErrorKind, Event};

#[tokio::test(flavor = "multi_thread")]
async fn who_is_listed_becomes_a_contact_under_the_books_name() {
    let world = World::open().await;
    let seeker = Seeker::new(&world.relay());
    world.list("+4915123456789", &card(&world, 5));
    let book = book(&[("Alice", "+49 1512 3456789"), ("Bob", "+1 202 555 0123")]);
    let report = seeker.look_up(book.clone()).await;
    let [(name, alice)] = report.found.as_slice() else { panic!("{report:?}") };
    assert_eq!((name.as_str(), report.not_found.as_slice()), ("Alice", ["Bob".to_owned()].as_slice()));
    assert!(report.still_unknown.is_empty() && report.changed.is_empty());
    let contact = seeker.client.contact(*alice).unwrap();
    assert_eq!((contact.name.as_str(), contact.state), ("Alice", ContactState::Accepted));
    // Two numbers at two key services, in one batch of 64 each.
    assert_eq!((report.hashed, report.evaluated), (2, 4));
    assert_eq!(world.state().evaluated, [64, 64]);
    let found = seeker.discovery.found().unwrap();
    assert_eq!((found.len(), found[0].contact, found[0].changed), (1, *alice, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_computed_is_not_computed_again_nor_read_twice_on_a_day() {
    let world = World::open().await;
    let seeker = Seeker::new(&world.relay());
    seeker.look_up(row(70)).await;
    assert_eq!(world.state().evaluated, [128, 128]);
    assert!(times_read(&world.state()).values().all(|times| *times == 1));
    let seeker = seeker.reopened();
    let again = seeker.look_up(row(70)).await;
    assert_eq!((again.hashed, again.evaluated, again.read, again.not_found.len()), (0, 0, 0, 70));
    let more = seeker.look_up(row(71)).await;
    assert_eq!((more.hashed, more.evaluated, more.read), (1, 2, 1));
    assert_eq!(world.state().evaluated, [192, 192]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_day_everything_is_read_again_and_nothing_computed() {
    let world = World::open().await;
    let seeker = Seeker::new(&world.relay());
    seeker.look_up(row(3)).await;
    let yesterday = Day(clock::today().0 - 1);
    let epoch = super::super::fake::epoch();
    seeker
        .client
        .0
        .store
        .write(|tx| {
            let all = lookups::all(tx, epoch)?;
            all.keys().try_for_each(|number| lookups::set_read(tx, epoch, *number, yesterday))
        })
        .unwrap();
    world.list(&nth(1), &card(&world, 5));
    let report = seeker.look_up(row(3)).await;
    assert_eq!((report.hashed, report.evaluated), (0, 0));
    assert!(report.read > 0);
    assert_eq!(names(&report.found), ["person 1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_book_asks_nobody() {
    let world = World::open().await;
    let seeker = Seeker::new(&world.relay());
    assert_eq!(seeker.look_up(AddressBook::new()).await, DiscoveryReport::default());
    assert!(world.state().reads.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_taken_gets_a_number_behind() {
    let world = World::open().await;
    let seeker = Seeker::new(&world.relay());
    world.list("+4915123456789", &card(&world, 5));
    world.list("+12025550123", &card(&world, 6));
    world.list("+12025550124", &card(&world, 7));
    let report = seeker
        .look_up(book(&[("Alex", "+49 1512 3456789"), ("Alex", "+1 202 555 0123"), ("\u{1}\n", "+1 202 555 0124")]))
        .await;
    let mut shown: Vec<_> = seeker.client.contacts().unwrap().into_iter().map(|contact| contact.name).collect();
    shown.sort();
    assert_eq!(shown, ["Alex", "Alex 2", "contact 2"]);
    assert_eq!(report.found.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_known_already_is_not_made_anew() {
    let world = World::open().await;
    let seeker = Seeker::new(&world.relay());
    let by_hand = seeker.client.add(&card(&world, 5), "Ali").unwrap();
    world.list("+4915123456789", &card(&world, 5));
    world.list("+4915123456780", &card(&world, 5));
    let report = seeker.look_up(book(&[("Alice", "+49 1512 3456789"), ("Alice at work", "+49 1512 3456780")])).await;
    assert!(report.found.iter().all(|(_, contact)| *contact == by_hand));
    assert_eq!(seeker.client.contact(by_hand).unwrap().name, "Ali");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_wrote_first_gets_the_books_name_and_is_accepted() {
    let world = World::open().await;
    let seeker = Seeker::new(&world.relay());
    let identity = card(&world, 5).identity;
    let wrote = |tx: &rusqlite::Transaction<'_>| {
        crate::store::contacts::add(tx, "request-1", ContactState::Unaccepted, &identity, None)
    };
    let stranger = seeker.client.change(wrote).unwrap();
    world.list("+4915123456789", &card(&world, 5));
    let report = seeker.look_up(book(&[("Alice", "+49 1512 3456789")])).await;
    assert_eq!(report.found, [("Alice".to_owned(), stranger)]);
    let contact = seeker.client.contact(stranger).unwrap();
    assert_eq!((contact.name.as_str(), contact.state), ("Alice", ContactState::Accepted));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_contact_stays_blocked() {
    let world = World::open().await;
    let seeker = Seeker::new(&world.relay());
    let blocked = seeker.client.add(&card(&world, 5), "Eve").unwrap();
    seeker.client.block(blocked).unwrap();
    world.list("+4915123456789", &card(&world, 5));
    seeker.look_up(book(&[("Eve", "+49 1512 3456789")])).await;
    assert_eq!(seeker.client.contact(blocked).unwrap().state, ContactState::Blocked);
}

#[tokio::test(flavor = "multi_thread")]
async fn ones_own_card_is_no_contact() {
    let world = World::open().await;
    let seeker = Seeker::new(&world.relay());
    world.list("+4915123456789", &seeker.client.card().unwrap());
    let report = seeker.look_up(book(&[("Me", "+49 1512 3456789")])).await;
    assert_eq!((report.found.len(), report.not_found.len()), (0, 1));
    assert!(seeker.client.contacts().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_identity_is_told_and_replaces_nobody_until_it_is_accepted() {
    let world = World::open().await;
    let seeker = Seeker::new(&world.relay());
    let mut events = seeker.client.events();
    world.list("+4915123456789", &card(&world, 5));
    let alice = || book(&[("Alice", "+49 1512 3456789")]);
    let before = seeker.look_up(alice()).await.found[0].1;
    world.list("+4915123456789", &card(&world, 6));
    forget_reads(&seeker);
    let report = seeker.look_up(alice()).await;
    assert_eq!((report.found[0].1, report.changed.as_slice()), (before, [before].as_slice()));
    let changed = async { while next(&mut events).await != (Event::IdentityChanged { contact: before }) {} };
    tokio::time::timeout(std::time::Duration::from_secs(20), changed).await.expect("it was not told");
    assert_eq!(seeker.client.contacts().unwrap().len(), 1);
    assert!(seeker.discovery.found().unwrap()[0].changed);
    let after = seeker.client.accept_new_identity(before).unwrap();
    assert_ne!(after, before);
    assert_eq!(seeker.client.contact(after).unwrap().name, "Alice");
    assert_eq!(seeker.client.contact(before).unwrap().name, "Alice 2");
    assert_eq!(seeker.client.accept_new_identity(before).unwrap_err().kind(), ErrorKind::NotFound);
    forget_reads(&seeker);
    let report = seeker.look_up(alice()).await;
    assert_eq!((report.found[0].1, report.changed.len()), (after, 0));
}

async fn next(events: &mut crate::Events) -> Event {
    futures_util::StreamExt::next(events).await.unwrap()
}

/// As if a day had passed.
pub(super) fn forget_reads(seeker: &Seeker) {
    let forget = |tx: &rusqlite::Transaction<'_>| Ok(tx.execute("UPDATE lookups SET read = NULL", [])?);
    seeker.client.0.store.write(forget).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn buckets_that_have_split_meanwhile_are_read_after_a_look_at_the_manifest() {
    let world = Arc::new(World::open().await);
    let seeker = Seeker::new(&world.relay());
    world.list(&nth(1), &card(&world, 5));
    // The manifest says two bits for as long as nobody was refused.
    let publisher = world.clone();
    world.state().bits = 3;
    world.state().then = Some(Box::new(move || publisher.publish(|_| {})));
    let report = seeker.look_up(row(4)).await;
    assert_eq!((names(&report.found), report.not_found.len()), (vec!["person 1"], 3));
    assert!(world.state().reads.iter().all(|read| read.bits.bits() == 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_contradicts_its_manifest_is_not_asked_for_ever() {
    let world = World::open().await;
    let seeker = Seeker::new(&world.relay());
    world.state().bits = 3;
    let report = seeker.look_up(row(1)).await;
    assert_eq!(report.still_unknown[0].1, Reason::DirectoryRefused);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_thousand_contacts_are_cancelled_at_once_and_what_was_hashed_stays() {
    let world = World::open().await;
    let seeker = Seeker::new(&world.relay());
    let mut job = seeker.discovery.discover(row(50_000)).unwrap();
    while job.progress().hashed.done < 3 {
        assert!(job.next().await.is_some());
    }
    job.cancel();
    let report = job.finish().await.unwrap();
    assert_eq!(report.still_unknown.len(), 50_000);
    assert!(report.still_unknown.iter().all(|(_, reason)| *reason == Reason::Cancelled));
    // All that was hashed by then is in the store.
    let epoch = super::super::fake::epoch();
    let stored = seeker.client.0.store.read(|tx| Ok(lookups::all(tx, epoch)?.len())).unwrap();
    assert!(report.hashed >= 3 && stored == report.hashed, "{} {stored}", report.hashed);
    assert_eq!(world.state().evaluated, [0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_ends_with_everything_done() {
    let world = World::open().await;
    let seeker = Seeker::new(&world.relay());
    world.list(&nth(1), &card(&world, 5));
    let mut job = seeker.discovery.discover(row(3)).unwrap();
    let mut last = Progress::default();
    while let Some(progress) = job.next().await {
        last = progress;
    }
    assert_eq!((last.hashed.done, last.hashed.of, last.found), (3, 3, 1));
    assert_eq!((last.evaluated.done, last.evaluated.of), (6, 6));
    assert!(last.read.done == last.read.of && last.read.of > 0);
    job.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_number_is_in_the_store_or_in_what_is_printed() {
    let world = World::open().await;
    let seeker = Seeker::new(&world.relay());
    world.list(&nth(1), &card(&world, 5));
    let report = seeker.look_up(row(3)).await;
    let shown = format!("{report:?} {:?}", seeker.discovery.found().unwrap());
    assert!(!shown.contains("person"), "{shown}");
    let digits = nth(1).replace('+', "");
    let everything = dump(&seeker);
    assert!(!everything.is_empty());
    assert!(!everything.windows(digits.len()).any(|window| window == digits.as_bytes()));
}

/// All bytes of all rows of all tables.
fn dump(seeker: &Seeker) -> Vec<u8> {
    seeker
        .client
        .0
        .store
        .read(|tx| {
            let mut tables = tx.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
            let tables: Vec<String> = tables.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            let mut bytes = Vec::new();
            for table in tables {
                let mut rows = tx.prepare(&format!("SELECT * FROM {table}"))?;
                let columns = rows.column_count();
                let mut rows = rows.query([])?;
                while let Some(row) = rows.next()? {
                    for column in 0..columns {
                        bytes.extend(format!("{:?} ", row.get_ref(column)?).into_bytes());
                        if let Ok(blob) = row.get_ref(column)?.as_bytes() {
                            bytes.extend_from_slice(blob);
                        }
                    }
                }
            }
            Ok(bytes)
        })
        .unwrap()
}
