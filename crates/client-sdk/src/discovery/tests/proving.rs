//! Proving a number, and what it gives the right to.

use sealpost_identity::consent::SmsFallback;
use sealpost_identity::tripwire::{OwnNumber, Tripwire};
use sealpost_wire::operator::OperatorSecret;

use super::super::fake::{CODE, World};
use super::super::{Listing, Reason};
use super::*;
use crate::ErrorKind;
use crate::store::{closings, entries, shelves, tickets};

const MINE: &str = "+49 1512 3456789";

fn guarded() -> Options {
    Options { tripwire: Tripwire::new([OwnNumber::Phone(number(MINE))]), ..options() }
}

async fn proved(world: &World) -> Seeker {
    let seeker = Seeker::with(&world.relay(), guarded());
    seeker.discovery.ask_code(&number(MINE)).await.unwrap();
    seeker.discovery.prove_number(&number(MINE), CODE).await.unwrap();
    seeker
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_proof_nobody_is_evaluated_and_with_one_everyone() {
    let world = World::attested().await;
    let seeker = Seeker::with(&world.relay(), guarded());
    let report = seeker.look_up(row(2)).await;
    assert_eq!(report.still_unknown[0].1, Reason::ProofNeeded);
    assert_eq!((report.hashed, world.state().evaluated), (2, [0, 0]));
    seeker.discovery.prove_number(&number(MINE), CODE).await.unwrap();
    let report = seeker.look_up(row(2)).await;
    assert_eq!((report.hashed, report.not_found.len()), (0, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voucher_that_is_used_up_leaves_the_rest_for_another_proof() {
    let world = World::attested().await;
    let seeker = proved(&world).await;
    world.state().spent_after = Some(1);
    let report = seeker.look_up(row(100)).await;
    assert_eq!((report.not_found.len(), report.still_unknown.len()), (64, 36));
    assert!(report.still_unknown.iter().all(|(_, reason)| *reason == Reason::ProofNeeded));
    world.state().spent_after = None;
    assert_eq!(seeker.look_up(row(100)).await.evaluated, 72);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_goes_to_the_attester_and_to_nobody_else() {
    let world = World::attested().await;
    let seeker = proved(&world).await;
    assert_eq!(world.state().disclosed, [number(MINE).expose_e164()]);
    seeker.look_up(book(&[("Alice", "+1 202 555 0123")])).await;
    for bytes in world.connections_of_services().concat() {
        assert!(!bytes.windows(11).any(|window| window == b"15123456789" || window == b"12025550123"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_attesters_word_to_the_relay_is_kept_for_its_tickets_and_one_to_anybody_else_is_not() {
    let world = World::attested().await;
    let [relay, other] = [world.relay().operator, OperatorSecret::from_seed(&[8; 32]).public()];
    for (vouches_to_others, expected) in [(true, [false, false]), (false, [true, false])] {
        world.state().vouches_to_others = vouches_to_others;
        let seeker = proved(&world).await;
        let kept = [relay, other].map(|operator| {
            let word = seeker.client.0.store.read(|tx| tickets::fresh_word(tx, &operator, clock::today())).unwrap();
            word.is_some_and(|word| word.verify(&OperatorSecret::from_seed(&[9; 32]).public()).is_some())
        });
        assert_eq!(kept, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_code_proves_nothing() {
    let world = World::attested().await;
    let seeker = Seeker::with(&world.relay(), guarded());
    for code in ["000000", "12345", "a code"] {
        let refused = seeker.discovery.prove_number(&number(MINE), code).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::WrongCode, "{code}");
    }
    let refused = seeker.discovery.publish_number(&number(MINE)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotProved);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attester_that_has_not_heard_of_the_next_epoch_attests_the_one_of_the_day() {
    let world = World::attested().await;
    world.state().attests_one_epoch = true;
    // Two weeks before the end of an epoch the next one is open too; at other times there is one anyway.
    let seeker = proved(&world).await;
    seeker.discovery.publish_number(&number(MINE)).unwrap();
    let proved = seeker.client.0.store.read(entries::all).unwrap();
    let proved: Vec<_> = proved.into_iter().filter(|entry| entry.proof.is_some()).map(|entry| entry.epoch).collect();
    assert_eq!(proved, [super::super::fake::epoch()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_wants_no_proof_says_so() {
    let world = World::open().await;
    let seeker = Seeker::with(&world.relay(), guarded());
    assert!(seeker.discovery.terms().await.unwrap().attester.is_none());
    let refused = seeker.discovery.ask_code(&number(MINE)).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NoAttester);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_directory_wants_is_shown_before_anything_is_proved() {
    let world = World::attested().await;
    let seeker = Seeker::new(&world.relay());
    let terms = seeker.discovery.terms().await.unwrap();
    assert!(terms.attester.is_some());
    let epoch = &terms.epochs[0];
    assert_eq!((epoch.epoch, epoch.key_services.len()), (super::super::fake::epoch(), 2));
    assert_eq!((epoch.memory_mib, epoch.passes, epoch.buckets), (19, 2, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_published_number_has_a_card_of_its_own_until_it_is_withdrawn() {
    let world = World::attested().await;
    let seeker = proved(&world).await;
    assert_eq!(seeker.discovery.listing().unwrap(), Listing::NotPublished);
    seeker.discovery.publish_number(&number(MINE)).unwrap();
    seeker.discovery.publish_number(&number(MINE)).unwrap();
    let cards = || seeker.client.0.store.read(shelves::all).unwrap().len();
    assert_eq!((cards(), seeker.discovery.listing().unwrap()), (3, Listing::Preparing));
    seeker.discovery.withdraw().unwrap();
    seeker.discovery.withdraw().unwrap();
    assert_eq!((cards(), seeker.discovery.listing().unwrap()), (2, Listing::NotPublished));
    // It never stood in the directory: what is left to close is the shelf and the front door.
    assert_eq!(seeker.client.closings().unwrap().pending, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_relay_was_reached_it_is_not_known_what_its_directory_wants() {
    let world = World::open().await;
    let seeker = Seeker::new(&world.relay());
    let refused = seeker.discovery.publish_number(&number(MINE)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::DirectoryUnknown);
    seeker.discovery.terms().await.unwrap();
    seeker.discovery.publish_number(&number(MINE)).unwrap();
    assert_eq!(seeker.discovery.listing().unwrap(), Listing::Preparing);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_number_takes_the_place_of_the_first() {
    let world = World::open().await;
    let seeker = Seeker::new(&world.relay());
    seeker.discovery.terms().await.unwrap();
    seeker.discovery.publish_number(&number(MINE)).unwrap();
    let first = seeker.client.0.store.read(entries::publication).unwrap().unwrap();
    seeker.discovery.publish_number(&number("+1 202 555 0123")).unwrap();
    let second = seeker.client.0.store.read(entries::publication).unwrap().unwrap();
    assert!(first.number != second.number && first.card != second.card);
    assert_eq!(seeker.client.0.store.read(closings::pending).unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_consent_leaves_contacts_and_nothing_else() {
    let world = World::attested().await;
    let seeker = proved(&world).await;
    let _sms = seeker.client.consent_to_sms(Consent::given(Prompt::<SmsFallback>::standard(), clock::today())).unwrap();
    world.list("+12025550123", &card(&world, 5));
    seeker.look_up(book(&[("Alice", "+1 202 555 0123")])).await;
    seeker.discovery.publish_number(&number(MINE)).unwrap();
    seeker.discovery.clone().revoke(clock::today()).unwrap();
    assert!(seeker.client.discovery().unwrap().is_none());
    assert_eq!(seeker.discovery.found().unwrap_err().kind(), ErrorKind::NoConsent);
    assert_eq!(seeker.discovery.discover(row(1)).unwrap_err().kind(), ErrorKind::NoConsent);
    let asked = world.requests_of_the_directory();
    assert_eq!(seeker.discovery.terms().await.unwrap_err().kind(), ErrorKind::NoConsent);
    assert_eq!(seeker.discovery.ask_code(&number(MINE)).await.unwrap_err().kind(), ErrorKind::NoConsent);
    assert_eq!(seeker.discovery.prove_number(&number(MINE), CODE).await.unwrap_err().kind(), ErrorKind::NoConsent);
    assert_eq!(world.requests_of_the_directory(), asked);
    assert_eq!(seeker.client.contacts().unwrap().len(), 1);
    let left = |table: &str| {
        let count = |tx: &rusqlite::Transaction<'_>| {
            Ok(tx.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0))?)
        };
        seeker.client.0.store.read(count).unwrap()
    };
    for table in ["number_key", "epochs", "lookups", "found", "publication", "entries", "vouchers"] {
        assert_eq!(left(table), 0, "{table}");
    }
    assert!(seeker.client.sms().unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn revoking_ends_a_look_up_that_is_under_way() {
    let world = World::open().await;
    let seeker = Seeker::new(&world.relay());
    let mut job = seeker.discovery.discover(row(5_000)).unwrap();
    while job.progress().hashed.done == 0 {
        assert!(job.next().await.is_some());
    }
    seeker.discovery.clone().revoke(clock::today()).unwrap();
    assert_eq!(job.finish().await.unwrap_err().kind(), ErrorKind::NoConsent);
    assert_eq!(world.state().evaluated, [0, 0]);
}
