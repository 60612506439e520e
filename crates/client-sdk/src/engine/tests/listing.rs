//! Being listed: against a directory that answers as a test wants. What time does, is done to the rows.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use sealpost_blind::directory::Record;
use sealpost_identity::consent::{Consent, Messaging, Prompt};
use sealpost_identity::{CardRef, PhoneNumber};
use sealpost_wire::request::{Listing as Answer, Refusal};
use sealpost_wire::statement::Closed;
use sealpost_wire::time::Day;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::clock;
use crate::discovery::fake::{CODE, Verdict, World, near};
use crate::engine::context::Context;
use crate::engine::pulse::Pulse;
use crate::engine::{closer, listing};
use crate::event::Events;
use crate::store::{entries, mailboxes, shelves};
use crate::{Client, DiscoveryAccess, Event, Listing, Options, Profile, Unlock};

const MINE: &str = "+4915123456789";
const PATIENCE: Duration = Duration::from_secs(30);

/// Someone whose engine does nothing but list and close.
struct Owner {
    client: Client,
    discovery: DiscoveryAccess,
    events: Events,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
    _directory: TempDir,
}

fn number() -> PhoneNumber {
    PhoneNumber::parse(MINE, None).unwrap()
}

impl Owner {
    async fn new(world: &World) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let options = Options { leaving_spread: Duration::from_millis(50), ..Options::default() };
        let profile = Profile::open(directory.path(), &Unlock::raw_key([1; 32]), options).unwrap();
        let Profile::Fresh(device) = profile else { panic!("not fresh") };
        let consent = Consent::given(Prompt::<Messaging>::standard(), clock::today());
        let client = device.opt_in(consent, world.relay()).unwrap();
        let discovery = client.consent_to_discovery(Consent::given(Prompt::standard(), clock::today())).unwrap();
        let events = client.events();
        let mut owner =
            Self { client, discovery, events, stop: CancellationToken::new(), tasks: vec![], _directory: directory };
        if owner.discovery.terms().await.unwrap().attester.is_some() {
            owner.discovery.prove_number(&number(), CODE).await.unwrap();
        }
        owner.start();
        owner
    }

    fn start(&mut self) {
        let inner = &self.client.0;
        self.stop = CancellationToken::new();
        let (pulse, beats) = Pulse::new(Arc::clone(inner), self.stop.clone()).unwrap();
        let context = Context::new(inner, beats, self.stop.clone()).unwrap();
        let pulse = tokio::spawn(pulse.run());
        let tasks = [tokio::spawn(listing::run(context.clone())), tokio::spawn(closer::run(context))];
        self.tasks = [pulse].into_iter().chain(tasks).collect();
    }

    async fn restart(&mut self) {
        self.stop.cancel();
        for task in self.tasks.drain(..) {
            task.await.unwrap();
        }
        self.start();
    }

    /// What upkeep does when the relay is there.
    fn stock(&self) {
        let furnish = |tx: &rusqlite::Transaction<'_>| {
            for card in shelves::all(tx)? {
                shelves::set_opened(tx, card.row)?;
                shelves::set_renewed(tx, card.row, clock::today(), 10)?;
            }
            let doors = mailboxes::all(tx)?;
            doors.iter().try_for_each(|door| mailboxes::set_opened(tx, door.row, clock::today()))
        };
        self.client.change(furnish).unwrap();
    }

    fn publish(&self) {
        self.discovery.publish_number(&number()).unwrap();
        self.stock();
    }

    async fn hears(&mut self, event: Event) {
        let heard = async { while self.events.next().await != Some(event.clone()) {} };
        timeout(PATIENCE, heard).await.unwrap_or_else(|_| panic!("never heard of {event:?}"));
    }

    async fn becomes(&self, listing: Listing) {
        let stands = async {
            while self.discovery.listing().unwrap() != listing {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, stands).await.unwrap_or_else(|_| panic!("never became {listing:?}"));
    }

    /// Waits until the directory has answered for so many epochs, and that is stored.
    async fn stands_in(&self, epochs: usize) {
        let standing = |tx: &rusqlite::Transaction<'_>| {
            Ok(entries::all(tx)?.into_iter().filter(|entry| entry.standing.is_some()).count())
        };
        let stands = async {
            while self.client.0.store.read(standing).unwrap() < epochs {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, stands).await.expect("the directory was not asked in every epoch");
    }

    /// As if so many days had passed since the directory was asked.
    fn wait(&self, days: u32) {
        let sql = format!("UPDATE entries SET published = published - {days}");
        self.client.change(|tx| Ok(tx.execute(&sql, [])?)).unwrap();
    }
}

/// Waits until so many requests to publish have come.
async fn published(world: &World, count: usize) {
    let enough = async {
        while world.state().published.len() < count {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, enough).await.expect("it was not published");
}

/// The card that whoever looks for the number finds.
fn listed_card(world: &World) -> Option<(CardRef, Day)> {
    let lookup = world.lookup(MINE);
    let slots = world.state().slots.clone();
    let slot = slots.iter().find(|(_, slot)| slot.tag() == lookup.tag)?;
    let record = Record::open(&slot.1, &lookup.key).unwrap();
    Some((CardRef::from_record(&record.card).unwrap(), record.last_day))
}

const LISTED: Listing = Listing::Listed { proof_due: None };

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_listed_once_its_cards_shelf_is_stocked() {
    let world = World::attested().await;
    let mut owner = Owner::new(&world).await;
    owner.discovery.publish_number(&number()).unwrap();
    sleep(Duration::from_millis(400)).await;
    assert!(world.state().published.is_empty());
    owner.stock();
    owner.hears(Event::Listed).await;
    owner.becomes(LISTED).await;
    let (card, last_day) = listed_card(&world).unwrap();
    assert!(card != owner.client.card().unwrap());
    assert_eq!(card.identity, owner.client.identity().hash());
    assert!(last_day > clock::today() && last_day <= clock::today().plus(30));
    let published = world.state().published.clone();
    assert!(published.iter().all(|put| put.attestation.is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_is_renewed_after_days_and_not_before() {
    let world = World::open().await;
    let mut owner = Owner::new(&world).await;
    let epochs = near().count();
    owner.publish();
    owner.hears(Event::Listed).await;
    owner.stands_in(epochs).await;
    owner.wait(2);
    sleep(Duration::from_millis(400)).await;
    assert_eq!(world.state().published.len(), epochs);
    owner.wait(1);
    published(&world, 2 * epochs).await;
    let all = world.state().published.clone();
    // The same entry under the same key, sealed anew.
    assert!(all[0].entry == all[epochs].entry && all[0].slot != all[epochs].slot);
    // One's own number was evaluated once, whatever was published.
    assert_eq!(world.state().evaluated, [64 * epochs, 64 * epochs]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_is_told_with_its_day_and_ended_by_a_proof() {
    let world = World::attested().await;
    let mut owner = Owner::new(&world).await;
    let until = clock::today().plus(5);
    world.state().verdict = Some(Verdict::Answered(Answer::Listed, Some(until)));
    owner.publish();
    owner.hears(Event::NumberClaimed { until }).await;
    owner.becomes(Listing::Contested { until }).await;
    world.state().verdict = None;
    let before = world.state().published.len();
    owner.discovery.prove_number(&number(), CODE).await.unwrap();
    assert_ne!(owner.discovery.listing().unwrap(), Listing::Contested { until }, "the proof is on its way");
    published(&world, before + 1).await;
    owner.becomes(LISTED).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_another_entry_publishes_again_on_the_day() {
    let world = World::attested().await;
    let mut owner = Owner::new(&world).await;
    let from = clock::today();
    world.state().verdict = Some(Verdict::Answered(Answer::Waiting, Some(from)));
    owner.publish();
    owner.hears(Event::NumberWaiting { from }).await;
    owner.becomes(Listing::Waiting { from }).await;
    world.state().verdict = None;
    owner.wait(7);
    owner.hears(Event::Listed).await;
    owner.becomes(LISTED).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_that_counts_no_more_is_asked_for_anew() {
    let world = World::attested().await;
    let mut owner = Owner::new(&world).await;
    world.state().verdict = Some(Verdict::Refused(Refusal::NotAttested));
    owner.publish();
    owner.hears(Event::NumberProofDue { by: clock::today() }).await;
    owner.becomes(Listing::ProofNeeded).await;
    world.state().verdict = None;
    owner.discovery.prove_number(&number(), CODE).await.unwrap();
    owner.becomes(LISTED).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_bucket_is_tried_again_the_next_day() {
    let world = World::open().await;
    let owner = Owner::new(&world).await;
    world.state().verdict = Some(Verdict::Refused(Refusal::Limit));
    owner.publish();
    owner.becomes(Listing::Full).await;
    world.state().verdict = None;
    owner.wait(1);
    owner.becomes(LISTED).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_service_that_lies_is_told_and_nothing_is_published() {
    let world = World::open().await;
    let mut owner = Owner::new(&world).await;
    world.state().lies = [true, true];
    owner.publish();
    owner.hears(Event::DirectoryTrouble(crate::ErrorKind::KeyServiceRefused)).await;
    assert!(world.state().published.is_empty());
    assert_eq!(owner.discovery.listing().unwrap(), Listing::Preparing);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_withdrawn_is_gone_at_once_and_its_shelf_and_door_are_closed() {
    let world = World::attested().await;
    let mut owner = Owner::new(&world).await;
    owner.publish();
    owner.hears(Event::Listed).await;
    owner.becomes(LISTED).await;
    owner.discovery.withdraw().unwrap();
    owner.becomes(Listing::NotPublished).await;
    assert!(listed_card(&world).is_none());
    let all_closed = async {
        while owner.client.closings().unwrap().pending > 0 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, all_closed).await.expect("something was not closed");
    let report = owner.client.closings().unwrap();
    let operator = world.relay().operator;
    assert!(report.confirmed.iter().all(|(closed, word)| word.verify(&operator).unwrap().closed == *closed));
    let kinds = |is: fn(&Closed) -> bool| world.state().closed.iter().filter(|closed| is(closed)).count();
    assert_eq!(kinds(|closed| matches!(closed, Closed::Shelf(_))), 1);
    assert_eq!(kinds(|closed| matches!(closed, Closed::Mailbox(_))), 1);
    assert_eq!(kinds(|closed| matches!(closed, Closed::Entry(..))), world.state().published.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_is_withdrawn_while_it_is_published_does_not_stay() {
    let world = World::open().await;
    for delay in 0..8 {
        let owner = Owner::new(&world).await;
        owner.publish();
        sleep(Duration::from_millis(40 * delay)).await;
        owner.discovery.withdraw().unwrap();
        owner.becomes(Listing::NotPublished).await;
        owner.stop.cancel();
        for task in owner.tasks {
            task.await.unwrap();
        }
        assert!(world.state().slots.is_empty(), "after {delay}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn withdrawing_offline_is_done_when_the_directory_is_there_again() {
    let world = World::open().await;
    let mut owner = Owner::new(&world).await;
    owner.publish();
    owner.hears(Event::Listed).await;
    owner.becomes(LISTED).await;
    world.state().is_silent = true;
    owner.discovery.withdraw().unwrap();
    owner.becomes(Listing::Withdrawing).await;
    owner.restart().await;
    assert!(listed_card(&world).is_some());
    world.state().is_silent = false;
    owner.becomes(Listing::NotPublished).await;
    assert!(listed_card(&world).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_consent_withdraws_too() {
    let world = World::open().await;
    let mut owner = Owner::new(&world).await;
    owner.publish();
    owner.hears(Event::Listed).await;
    owner.discovery.clone().revoke(clock::today()).unwrap();
    let gone = async {
        while listed_card(&world).is_some() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, gone).await.expect("it is still listed");
}

#[tokio::test(flavor = "multi_thread")]
async fn opting_out_withdraws_the_entry_with_a_statement() {
    let world = World::open().await;
    let mut owner = Owner::new(&world).await;
    owner.publish();
    owner.hears(Event::Listed).await;
    owner.becomes(LISTED).await;
    let Owner { client, stop, tasks, .. } = owner;
    stop.cancel();
    for task in tasks {
        task.await.unwrap();
    }
    let entries = world.state().published.len();
    let report = client.opt_out().unwrap().finish().await.unwrap();
    let withdrawn = report.confirmed.iter().filter(|(closed, _)| matches!(closed, Closed::Entry(..)));
    assert_eq!(withdrawn.count(), entries);
    // Besides, three shelves and three front doors.
    assert_eq!((report.confirmed.len(), report.pending, report.wiped), (entries + 6, 0, true));
    assert!(listed_card(&world).is_none());
}
