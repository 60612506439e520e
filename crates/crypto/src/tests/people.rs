//! People with their stores in memory, and a relay that is a variable.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand::SeedableRng;
use rand::rngs::StdRng;
use sealpost_identity::{CardRef, CardSeed, IdentityKey, IdentityKeyPair, PersonId};
use sealpost_wire::time::Day;
use sealpost_wire::{Address, CollectKey, DepositKey, Envelope, RelayRef, SealedItem, Secret, StockKey};

use crate::{
    Body, Content, Door, DoorSecret, FrontDoor, Keys, Local, MessageId, OpenError, Opened, OuterKey, PrekeyId,
    PrivatePrekey, ReturnAddress, Route, SealError, Sealed, Session, Stocker, Text, Unavailable, UsedPrekey,
    VerifiedItem, begin, open, open_item, seal,
};

/// The day of all that is made here.
pub(crate) const TODAY: Day = Day(20_000);

/// A time of that day.
pub(crate) fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::from(TODAY.0) * 86_400 + 3_600)
}

pub(crate) struct Person {
    pub(crate) local: Local,
    pub(crate) card: CardRef,
    pub(crate) door: DoorSecret,
    pub(crate) front_door: FrontDoor,
    pub(crate) prekeys: HashMap<PrekeyId, PrivatePrekey>,
    pub(crate) used: HashSet<UsedPrekey>,
    pub(crate) sessions: HashMap<PersonId, Session>,
    pub(crate) pinned: HashMap<PersonId, IdentityKey>,
    pub(crate) locked: bool,
    pub(crate) rng: StdRng,
    counter: u64,
}

impl Keys for Person {
    fn session(&self, peer: PersonId) -> Result<Option<Session>, Unavailable> {
        self.unlocked().map(|()| self.sessions.get(&peer).cloned())
    }

    fn pinned(&self, peer: PersonId) -> Result<Option<IdentityKey>, Unavailable> {
        self.unlocked().map(|()| self.pinned.get(&peer).copied())
    }

    fn prekey(&self, id: PrekeyId) -> Result<Option<PrivatePrekey>, Unavailable> {
        self.unlocked().map(|()| self.prekeys.get(&id).cloned())
    }

    fn was_used(&self, used: &UsedPrekey) -> Result<bool, Unavailable> {
        self.unlocked().map(|()| self.used.contains(used))
    }
}

impl Person {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let local = Local::new(IdentityKeyPair::generate(&mut rng), &mut rng);
        let door = DoorSecret::generate(&mut rng);
        let front_door = FrontDoor { address: address(&mut rng), key: door.public() };
        let card = card(&local, &mut rng);
        Self {
            local,
            card,
            door,
            front_door,
            prekeys: HashMap::new(),
            used: HashSet::new(),
            sessions: HashMap::new(),
            pinned: HashMap::new(),
            locked: false,
            rng,
            counter: 0,
        }
    }

    fn unlocked(&self) -> Result<(), Unavailable> {
        if self.locked { Err(Unavailable) } else { Ok(()) }
    }

    pub(crate) fn id(&self) -> PersonId {
        self.local.person()
    }

    pub(crate) fn key(&self) -> IdentityKey {
        *self.local.key()
    }

    /// A one-time item from the shelf.
    pub(crate) fn item(&mut self) -> SealedItem {
        let id = PrekeyId::fresh(&self.prekeys.keys().copied().collect(), &mut self.rng);
        let stocker = Stocker::new(&self.local, &self.card, &self.front_door, TODAY).unwrap();
        let (item, row) = stocker.one_time(id, Vec::new(), &mut self.rng).unwrap();
        self.prekeys.insert(id, row);
        item
    }

    /// The last item of the shelf.
    pub(crate) fn last_item(&mut self) -> SealedItem {
        let id = PrekeyId::fresh(&self.prekeys.keys().copied().collect(), &mut self.rng);
        let stocker = Stocker::new(&self.local, &self.card, &self.front_door, TODAY).unwrap();
        let (item, row) = stocker.last(id, &mut self.rng);
        self.prekeys.insert(id, row);
        item
    }

    /// Begins, or begins anew, with someone from an item of theirs.
    pub(crate) fn begin(&mut self, peer: &Person, item: &SealedItem) -> VerifiedItem {
        let item = open_item(&peer.card, item, TODAY).unwrap();
        let session = begin(&self.local, &item, self.sessions.get(&peer.id()), now(), &mut self.rng).unwrap();
        self.sessions.insert(peer.id(), session);
        item
    }

    pub(crate) fn content(&mut self, text: &str) -> Content {
        self.counter += 1;
        Content {
            message: MessageId::random(&mut self.rng),
            counter: self.counter,
            return_address: None,
            card: None,
            receipt: None,
            body: Body::Text(Text::new(text.into()).unwrap()),
        }
    }

    /// Seals and stores the session.
    pub(crate) fn seal(&mut self, peer: PersonId, content: &Content, route: Route<'_>) -> Result<Envelope, SealError> {
        let session = self.sessions.get(&peer).unwrap();
        let Sealed { envelope, session } = seal(&self.local, session, content, route, now(), &mut self.rng)?;
        self.sessions.insert(peer, stored(&session));
        Ok(envelope)
    }

    /// Writes to someone's front door.
    pub(crate) fn write(&mut self, peer: &Person, text: &str) -> Envelope {
        let content = self.content(text);
        self.seal(peer.id(), &content, Route::FrontDoor(&peer.front_door)).unwrap()
    }

    /// Opens what lies at the front door, and commits.
    pub(crate) fn read(&mut self, envelope: &Envelope) -> Result<Opened, OpenError> {
        let mailbox = self.front_door.address.mailbox();
        let keys = [self.door.clone()];
        let door = Door::FrontDoor { mailbox: &mailbox, keys: &keys };
        let mut rng = StdRng::from_rng(&mut self.rng);
        let opened = open(&self.local, &*self, envelope, door, &mut rng)?;
        self.commit(&opened);
        Ok(opened)
    }

    /// Opens what lies in a pairwise mailbox, and commits.
    pub(crate) fn read_pairwise(
        &mut self,
        envelope: &Envelope,
        mailbox: &ReturnAddress,
        peer: IdentityKey,
    ) -> Result<Opened, OpenError> {
        let door = Door::Pairwise { mailbox: &mailbox.address.mailbox(), outer: &mailbox.outer, peer: &peer };
        let mut rng = StdRng::from_rng(&mut self.rng);
        let opened = open(&self.local, &*self, envelope, door, &mut rng)?;
        self.commit(&opened);
        Ok(opened)
    }

    fn commit(&mut self, opened: &Opened) {
        self.sessions.insert(opened.sender.person(), stored(&opened.session));
        self.pinned.insert(opened.sender.person(), opened.sender);
        match opened.used {
            Some(UsedPrekey::OneTime(id)) => drop(self.prekeys.remove(&id)),
            Some(last @ UsedPrekey::Last { .. }) => drop(self.used.insert(last)),
            None => {}
        }
    }
}

/// Every session goes through its stored form at every step.
fn stored(session: &Session) -> Session {
    Session::from_bytes(session.as_bytes()).unwrap()
}

pub(crate) fn text(opened: &Opened) -> &str {
    match &opened.content.body {
        Body::Text(text) => text.expose(),
        Body::Control | Body::Typing(_) => "",
    }
}

pub(crate) fn relay() -> RelayRef {
    // The base point of Ed25519's curve: some valid operator key.
    let key = "LBTGMZTGMZTGMZTGMZTGMZTGMZTGMZTGMZTGMZTGMZTGMZTGMZTA";
    format!("sealpost-relay:{}.example.org:8443/{key}", "r".repeat(47)).parse().unwrap()
}

pub(crate) fn address(rng: &mut StdRng) -> Address {
    Address { relay: relay(), deposit: DepositKey::random(rng), collect: CollectKey::random(rng).hash() }
}

pub(crate) fn card(local: &Local, rng: &mut StdRng) -> CardRef {
    CardRef {
        relay: relay(),
        seed: CardSeed::new(Secret::random(rng)),
        stock: StockKey::random(rng).hash(),
        identity: local.key().hash(),
    }
}

pub(crate) fn return_address(rng: &mut StdRng) -> ReturnAddress {
    ReturnAddress { address: address(rng), generation: u32::MAX, outer: OuterKey::random(rng) }
}
