//! Finding people by their numbers, with every server that it takes.

use std::time::Duration;

use sealpost_client::{AddressBook, ContactState, DiscoveryReport, ErrorKind, Listing, PhoneNumber, Reason, Route};
use sealpost_wire::statement::Closed;
use tokio::time::{sleep, timeout};

use crate::neighbourhood::Neighbourhood;
use crate::people::Person;
use crate::relay::PATIENCE;

const ALICE: &str = "+4915123456780";
const BOB: &str = "+4915123456789";

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text, None).unwrap()
}

fn book(entries: &[(&str, &str)]) -> AddressBook {
    let mut book = AddressBook::new();
    entries.iter().for_each(|(name, text)| assert!(book.add(name, number(text))));
    book
}

impl Person {
    async fn look_up(&self, book: AddressBook) -> DiscoveryReport {
        let job = self.client.discovery().unwrap().unwrap().discover(book).unwrap();
        timeout(PATIENCE, job.finish()).await.expect("it looks up for ever").unwrap()
    }

    /// Publishes a number, proved before where that is wanted, and waits until it is listed.
    async fn publish(&self, number: &PhoneNumber) {
        let discovery = self.client.discovery().unwrap().unwrap();
        discovery.publish_number(number).unwrap();
        let listed = async {
            while !matches!(discovery.listing().unwrap(), Listing::Listed { .. }) {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, listed).await.expect("it was never listed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_is_found_by_number_and_written_to() {
    let all = Neighbourhood::start().await;
    let (mut alice, mut bob) = (Person::online(&all.relay.reference).await, Person::online(&all.relay.reference).await);
    all.prove(&bob.discovery(), &number(BOB)).await;
    bob.publish(&number(BOB)).await;
    let discovery = alice.discovery();
    let report = alice.look_up(book(&[("Bob", BOB)])).await;
    assert_eq!(report.still_unknown, [("Bob".to_owned(), Reason::ProofNeeded)]);
    all.prove(&discovery, &number(ALICE)).await;
    let report = alice.look_up(book(&[("Bob", BOB), ("Carol", "+12025550123")])).await;
    assert_eq!((report.hashed, report.not_found.as_slice()), (1, ["Carol".to_owned()].as_slice()));
    let to_bob = report.found[0].1;
    assert_eq!(alice.client.route(&number(BOB)).unwrap(), Route::Sealed(to_bob));
    assert_eq!(alice.client.contact(to_bob).unwrap().state, ContactState::Accepted);
    alice.say(to_bob, "found you").await;
    let to_alice = bob.hears("found you").await;
    bob.say(to_alice, "so you did").await;
    alice.hears("so you did").await;
    let (hers, his) = (alice.client.safety_number(to_bob).unwrap(), bob.client.safety_number(to_alice).unwrap());
    assert_eq!(hers.digits(), his.digits());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_withdrawn_is_not_found_and_still_hears_old_friends() {
    let all = Neighbourhood::bare().await;
    let (alice, mut bob) = (Person::online(&all.relay.reference).await, Person::online(&all.relay.reference).await);
    let discovery = bob.discovery();
    bob.publish(&number(BOB)).await;
    alice.discovery();
    let to_bob = alice.look_up(book(&[("Bob", BOB)])).await.found[0].1;
    alice.say(to_bob, "hello").await;
    let to_alice = bob.hears("hello").await;
    bob.say(to_alice, "hello yourself").await;
    discovery.withdraw().unwrap();
    let closed = async {
        while bob.client.closings().unwrap().pending > 0 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, closed).await.expect("something was never closed");
    assert_eq!(discovery.listing().unwrap(), Listing::NotPublished);
    let report = bob.client.closings().unwrap();
    assert!(report.confirmed.iter().any(|(closed, _)| matches!(closed, Closed::Entry(..))));
    assert!(report.confirmed.iter().all(|(_, word)| word.verify(&all.relay.reference.operator).is_some()));
    assert_eq!(report.already_gone, 0);
    let dave = Person::new(&all.relay.reference);
    dave.discovery();
    assert_eq!(dave.look_up(book(&[("Bob", BOB)])).await.not_found, ["Bob"]);
    alice.say(to_bob, "still there?").await;
    bob.hears("still there?").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn opting_out_withdraws_what_was_published() {
    let all = Neighbourhood::start().await;
    let bob = Person::online(&all.relay.reference).await;
    all.prove(&bob.discovery(), &number(BOB)).await;
    bob.publish(&number(BOB)).await;
    let report = bob.client.opt_out().unwrap().finish().await.unwrap();
    let entries = report.confirmed.iter().filter(|(closed, _)| matches!(closed, Closed::Entry(..))).count();
    // Three cards, each with a shelf and a front door; an entry in each epoch that is open.
    assert!(entries > 0 && report.confirmed.len() == 6 + entries, "{}", report.confirmed.len());
    assert_eq!((report.already_gone, report.pending, report.wiped), (0, 0, true));
    let alice = Person::new(&all.relay.reference);
    all.prove(&alice.discovery(), &number(ALICE)).await;
    assert_eq!(alice.look_up(book(&[("Bob", BOB)])).await.not_found, ["Bob"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_service_that_is_down_is_waited_for_and_the_other_not_asked_again() {
    let mut all = Neighbourhood::start().await;
    let alice = Person::new(&all.relay.reference);
    all.prove(&alice.discovery(), &number(ALICE)).await;
    let down = all.services.pop().unwrap().stop().await;
    let contacts = || book(&[("Bob", BOB), ("Carol", "+12025550123")]);
    let report = alice.look_up(contacts()).await;
    let unreachable = |(_, reason): &(String, Reason)| *reason == Reason::KeyServiceUnreachable;
    assert!(report.still_unknown.len() == 2 && report.still_unknown.iter().all(unreachable), "{report:?}");
    assert_eq!((report.hashed, report.evaluated), (2, 2));
    let _up = down.start().await;
    let report = alice.reopen().await.look_up(contacts()).await;
    assert_eq!((report.hashed, report.evaluated, report.not_found.len()), (0, 2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_code_and_a_relay_without_a_directory_are_told_apart() {
    let all = Neighbourhood::start().await;
    let bob = Person::new(&all.relay.reference);
    let discovery = bob.discovery();
    discovery.ask_code(&number(BOB)).await.unwrap();
    let wrong = if all.code(&number(BOB)) == "000000" { "000001" } else { "000000" };
    assert_eq!(discovery.prove_number(&number(BOB), wrong).await.unwrap_err().kind(), ErrorKind::WrongCode);
    discovery.prove_number(&number(BOB), &all.code(&number(BOB))).await.unwrap();
    let plain = crate::relay::TestRelay::start().await;
    let carol = Person::new(&plain.reference);
    assert_eq!(carol.discovery().terms().await.unwrap_err().kind(), ErrorKind::NoDirectory);
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_run_out_with_the_time_to_wait() {
    let all = Neighbourhood::start().await;
    let bob = Person::new(&all.relay.reference);
    let discovery = bob.discovery();
    let refused = loop {
        if let Err(refused) = discovery.ask_code(&number(BOB)).await {
            break refused;
        }
    };
    assert_eq!(refused.kind(), ErrorKind::TooManyTries);
    assert!(refused.retry_after().is_some_and(|wait| wait > Duration::ZERO));
}
