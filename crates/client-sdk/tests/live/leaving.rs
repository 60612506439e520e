//! Opting out.

use sealpost_client::{ErrorKind, FailureReason, MessageState, Profile, Unlock};

use crate::people::{KEY, Person, options};
use crate::relay::TestRelay;

#[tokio::test(flavor = "multi_thread")]
async fn leaving_closes_everything_with_statements_and_wipes_the_profile() {
    let relay = TestRelay::start().await;
    let (alice, mut bob) = (Person::online(&relay.reference).await, Person::online(&relay.reference).await);
    let to_bob = alice.add(&bob, "Bob");
    alice.say(to_bob, "hello").await;
    let to_alice = bob.hears("hello").await;
    bob.say(to_alice, "hello yourself").await;
    let other = alice.client.clone();
    let report = alice.client.opt_out().unwrap().finish().await.unwrap();
    // Two front doors, two shelves, one mailbox for Bob's answers.
    assert_eq!((report.confirmed.len(), report.already_gone, report.pending), (5, 0, 0));
    assert!(report.wiped);
    assert!(report.confirmed.iter().all(|(_, statement)| statement.verify(&relay.reference.operator).is_some()));
    assert_eq!(std::fs::read_dir(alice.directory.path()).unwrap().count(), 0);
    assert_eq!(other.send(to_bob, "after").unwrap_err().kind(), ErrorKind::OptedOut);
    let id = bob.client.send(to_alice, "are you there?").unwrap();
    let message = bob.client.settled(id).await.unwrap();
    assert_eq!(message.state, MessageState::Failed(FailureReason::ContactGone));
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_offline_is_finished_later() {
    let relay = TestRelay::start().await;
    let mut alice = Person::online(&relay.reference).await;
    alice.stop().await;
    let setup = relay.stop().await;
    let Person { client, directory, .. } = alice;
    let report = client.opt_out().unwrap().finish().await.unwrap();
    assert_eq!((report.confirmed.len(), report.pending, report.wiped), (0, 4, false));
    let _relay = setup.start().await;
    let profile = Profile::open(directory.path(), &Unlock::raw_key(KEY), options()).unwrap();
    let Profile::Leaving(leaving) = profile else { panic!("not leaving") };
    let report = leaving.finish().await.unwrap();
    assert_eq!((report.confirmed.len(), report.pending, report.wiped), (4, 0, true));
    let profile = Profile::open(directory.path(), &Unlock::raw_key([8; 32]), options()).unwrap();
    assert!(matches!(profile, Profile::Fresh(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_before_the_relay_was_ever_reached_leaves_nothing_behind() {
    let relay = TestRelay::start().await;
    let alice = Person::new(&relay.reference);
    let report = alice.client.opt_out().unwrap().finish().await.unwrap();
    assert_eq!((report.already_gone, report.pending, report.wiped), (4, 0, true));
}
