//! One side: a profile whose engine's work is done by hand, step by step.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sealpost_crypto::Local;
use sealpost_crypto::stocking::Restock;
use sealpost_identity::CardRef;
use sealpost_identity::Consent;
use sealpost_identity::consent::{Messaging, Prompt};
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::request::Stored;
use sealpost_wire::time::Day;
use sealpost_wire::{Address, RelayRef, SealedItem};
use tempfile::TempDir;

use crate::engine::opening::{Arrival, Opener};
use crate::engine::sealing::{Introduced, Plan, Sealer};
use crate::engine::stocking::Maker;
use crate::store::outbox::{SealedRow, Waiting};
use crate::store::shelves::CardKind;
use crate::store::{StoreError, mailboxes, outbox, profile, relays, shelves};
use crate::{Client, ContactId, Event, MessageState, Options, Position, Profile, Unlock};

/// Within which time receipts go.
pub(super) const RECEIPT_WITHIN: Duration = Duration::from_secs(600);

pub(super) const DAY: Duration = Duration::from_secs(86_400);

/// The first moment of the tests.
pub(super) fn start() -> SystemTime {
    UNIX_EPOCH + 20_000 * DAY
}

pub(super) struct Side {
    pub(super) client: Client,
    pub(super) local: Local,
    pub(super) now: SystemTime,
    shelf: RefCell<VecDeque<SealedItem>>,
    _directory: TempDir,
}

pub(super) fn relay() -> RelayRef {
    let operator = OperatorSecret::from_seed(&[1; 32]).public();
    RelayRef { host: "localhost:8443".parse().unwrap(), operator }
}

/// Two who have written to each other.
pub(super) fn acquainted() -> (Side, ContactId, Side, ContactId) {
    let (alice, bob) = (Side::new(), Side::new());
    let to_bob = alice.client.add(&bob.card(), "Bob").unwrap();
    bob.receive(&alice.send(to_bob, &bob, &["hello"]));
    let to_alice = bob.client.contacts().unwrap()[0].id;
    alice.receive(&bob.send(to_alice, &alice, &["hello yourself"]));
    (alice, to_bob, bob, to_alice)
}

impl Side {
    /// Opted in, with front doors open and a stocked shelf behind the published card.
    pub(super) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let profile = Profile::open(directory.path(), &Unlock::raw_key([1; 32]), Options::default()).unwrap();
        let Profile::Fresh(device) = profile else { panic!("not fresh") };
        let consent = Consent::given(Prompt::<Messaging>::standard(), Day(20_000));
        let client = device.opt_in(consent, relay()).unwrap();
        let local = Local::new(client.0.store.read(profile::own).unwrap().identity, &mut rand::rng());
        let side = Self { client, local, now: start(), shelf: RefCell::default(), _directory: directory };
        side.open_mailboxes();
        side.stock();
        side
    }

    pub(super) fn write<T>(&self, work: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<T, StoreError>) -> T {
        self.client.0.store.write(work).unwrap()
    }

    /// What upkeep does when the relay is there.
    pub(super) fn open_mailboxes(&self) {
        self.write(|tx| {
            let unopened = mailboxes::all(tx)?.into_iter().filter(|mailbox| mailbox.opened.is_none());
            unopened.into_iter().try_for_each(|mailbox| mailboxes::set_opened(tx, mailbox.row, Day::of(self.now)))
        });
    }

    /// What upkeep does by now when the relay is there.
    pub(super) fn upkeep(&self) {
        self.write(|tx| {
            let mailboxes = relays::in_use(tx)?.into_iter().map(|relay| mailboxes::to_keep_up(tx, relay, self.now));
            for mailbox in mailboxes.collect::<Result<Vec<_>, _>>()?.into_iter().flatten() {
                match mailbox.closing {
                    true => mailboxes::remove(tx, mailbox.row)?,
                    false => mailboxes::set_opened(tx, mailbox.row, Day::of(self.now))?,
                }
            }
            Ok(())
        });
    }

    /// What collectors note when nothing is left to collect.
    pub(super) fn drain(&self) {
        self.write(|tx| {
            let mut collected = mailboxes::collected(tx)?.into_iter();
            collected.try_for_each(|mailbox| mailboxes::set_drained(tx, mailbox.row, Day::of(self.now)))
        });
    }

    pub(super) fn stock(&self) {
        let card = self.client.0.store.read(|tx| shelves::one(tx, CardKind::Shown)).unwrap();
        let maker = Maker { local: &self.local, now: self.now, time_to_live: Duration::from_secs(14 * 86_400) };
        let load = maker.make(&self.client.0.store, &card, Restock::Renew(3)).unwrap();
        *self.shelf.borrow_mut() = load.items.into_iter().chain(load.last).collect();
    }

    pub(super) fn card(&self) -> CardRef {
        self.client.card().unwrap()
    }

    /// Takes an item as a relay gives them out: the last one again and again.
    pub(super) fn take(&self) -> SealedItem {
        let mut shelf = self.shelf.borrow_mut();
        if shelf.len() > 1 { shelf.pop_front().unwrap() } else { shelf[0].clone() }
    }

    pub(super) fn seal<T>(
        &self,
        work: impl FnOnce(&Sealer<'_>, &rusqlite::Transaction<'_>) -> Result<T, StoreError>,
    ) -> T {
        let sealer = Sealer { local: &self.local, now: self.now };
        self.write(|tx| work(&sealer, tx))
    }

    /// Does what is next for a contact until something is sealed; `peer` is whose shelf is asked.
    pub(super) fn seal_for(&self, contact: ContactId, peer: &Self) -> Vec<(Waiting, SealedRow)> {
        loop {
            match self.seal(|sealer, tx| sealer.plan(tx, contact)) {
                Plan::Nothing => return Vec::new(),
                Plan::Deposit(batch) => return batch,
                Plan::AwaitReturnAddress => self.open_mailboxes(),
                Plan::Introduce(cards) => {
                    let item = peer.take();
                    let introduced = self.seal(|sealer, tx| sealer.introduce(tx, contact, &cards[0], &item));
                    assert_eq!(introduced, Introduced::Done);
                }
                Plan::GivenUp(_, reason) => panic!("given up: {reason:?}"),
            }
        }
    }

    /// What the relay has said of all of these.
    pub(super) fn accepted(&self, batch: &[(Waiting, SealedRow)]) {
        self.write(|tx| {
            batch.iter().try_for_each(|(row, _)| outbox::finish(tx, row, MessageState::Accepted).map(|_was_there| ()))
        });
    }

    /// Sends texts as far as sealing and accepting goes; what lies on the relay then.
    pub(super) fn send(&self, contact: ContactId, peer: &Self, texts: &[&str]) -> Vec<SealedRow> {
        for text in texts {
            self.client.send(contact, text).unwrap();
        }
        let batch = self.seal_for(contact, peer);
        self.accepted(&batch);
        batch.into_iter().map(|(_, sealed)| sealed).collect()
    }

    /// As a relay delivers them: under the seal at rest, from the mailbox they were put into.
    pub(super) fn arrivals<'a>(&self, sealed: impl IntoIterator<Item = &'a SealedRow>) -> Vec<Arrival> {
        let mailboxes = self.client.0.store.read(mailboxes::all).unwrap();
        let arrival = |row: &SealedRow| {
            let Address { deposit, .. } = &row.target;
            let id = row.target.mailbox();
            let mailbox = mailboxes.iter().find(|mailbox| mailbox.id() == id).expect("not a mailbox of this side").row;
            let sealed = sealpost_relay::at_rest::seal(deposit, &id, &row.id, row.envelope.clone()).unwrap();
            Arrival { mailbox, stored: Stored { sequence: 1, id: row.id, sealed } }
        };
        sealed.into_iter().map(arrival).collect()
    }

    /// Opens a batch in one transaction, and fails it at its end if `crash` says so.
    pub(super) fn open(&self, arrivals: &[Arrival], crash: bool) -> Result<Vec<Event>, StoreError> {
        let opener = Opener::new(&self.local, self.now, RECEIPT_WITHIN);
        self.client.0.store.write(|tx| {
            let events = opener.open_all(tx, arrivals)?;
            if crash { Err(StoreError::Full) } else { Ok(events) }
        })
    }

    pub(super) fn receive<'a>(&self, sealed: impl IntoIterator<Item = &'a SealedRow>) -> Vec<Event> {
        self.open(&self.arrivals(sealed), false).unwrap()
    }

    /// All that was shown, in order.
    pub(super) fn shown(&self) -> Vec<String> {
        let messages = self.client.messages_after(Position::START, 10_000).unwrap();
        messages.into_iter().map(|message| message.text.expose().to_owned()).collect()
    }
}
