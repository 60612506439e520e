//! A conversation as the SDK's crypto seals and opens it: content, session, sender's seal, padding and outer seal.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use sealpost_crypto::{
    Body, Content, Door, DoorSecret, FrontDoor, Keys, Local, MessageId, OuterKey, PrekeyId, PrivatePrekey,
    ReturnAddress, Route, Session, Stocker, Text, Unavailable, UsedPrekey, begin, open, open_item, seal,
};
use sealpost_identity::{CardRef, CardSeed, IdentityKey, IdentityKeyPair, PersonId};
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::time::Day;
use sealpost_wire::{Address, CollectKey, DepositKey, Envelope, RelayRef, SizeClass, StockKey};

use crate::failure::Failure;
use crate::load::mailboxes::{Mailbox, Reads};

/// Messages that are sealed for each mailbox.
const MESSAGES: u32 = 16;

/// Somebody's store.
#[derive(Default)]
pub struct Kept {
    /// Their session with the other.
    pub session: Option<Session>,
    /// The other's key, once it is known.
    pub peer: Option<IdentityKey>,
    /// The prekey that a first message uses up.
    pub prekey: Option<PrivatePrekey>,
}

/// One of two.
pub struct End {
    /// Who it is.
    pub local: Local,
    /// What they keep.
    pub kept: Kept,
}

/// Two people, one of whom may write to the other: both have written before.
pub struct Conversation {
    /// Who writes.
    pub from: End,
    /// Who reads.
    pub to: End,
    /// Where to.
    pub address: ReturnAddress,
}

/// The reader of one mailbox, and which numbers they have read.
pub(crate) struct Reader {
    reading: Mutex<(Conversation, BTreeSet<u32>)>,
    class: SizeClass,
}

impl Keys for Kept {
    fn session(&self, _: PersonId) -> Result<Option<Session>, Unavailable> {
        Ok(self.session.clone())
    }

    fn pinned(&self, _: PersonId) -> Result<Option<IdentityKey>, Unavailable> {
        Ok(self.peer)
    }

    fn prekey(&self, id: PrekeyId) -> Result<Option<PrivatePrekey>, Unavailable> {
        Ok(self.prekey.clone().filter(|prekey| prekey.id() == id))
    }

    fn was_used(&self, _: &UsedPrekey) -> Result<bool, Unavailable> {
        Ok(false)
    }
}

/// The time of day in all conversations.
#[must_use]
pub fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

/// A relay that there is not.
#[must_use]
pub fn relay() -> Option<RelayRef> {
    let operator = OperatorSecret::random(&mut rand::rng()).public();
    Some(RelayRef { host: "relay.example.org:443".parse().ok()?, operator })
}

/// An address there that nobody has.
#[must_use]
pub fn anywhere() -> Option<Address> {
    let rng = &mut rand::rng();
    Some(Address { relay: relay()?, deposit: DepositKey::random(rng), collect: CollectKey::random(rng).hash() })
}

/// A text as content.
#[must_use]
pub fn content(text: &str) -> Option<Content> {
    let (body, message) = (Body::Text(Text::new(text.into()).ok()?), MessageId::random(&mut rand::rng()));
    Some(Content { message, counter: 0, return_address: None, card: None, receipt: None, body })
}

impl Conversation {
    /// One that goes on: there was a first message, and an answer to it.
    ///
    /// # Errors
    /// [`Failure::Sealing`].
    pub fn at(address: Address) -> Result<Self, Failure> {
        Self::begun(address).ok_or(Failure::Sealing)
    }

    fn begun(address: Address) -> Option<Self> {
        let rng = &mut rand::rng();
        let person = || Local::new(IdentityKeyPair::generate(&mut rand::rng()), &mut rand::rng());
        let (alice, bob, secret) = (person(), person(), DoorSecret::generate(rng));
        let front_door = FrontDoor { address: anywhere()?, key: secret.public() };
        let stock = StockKey::random(rng).hash();
        let card = CardRef { relay: relay()?, seed: CardSeed::random(rng), stock, identity: bob.key().hash() };
        let stocker = Stocker::new(&bob, &card, &front_door, Day::of(now())).ok()?;
        let (item, row) = stocker.one_time(PrekeyId::from_u32(7), Vec::new(), rng).ok()?;
        let item = open_item(&card, &item, Day::of(now())).ok()?;
        let session = begin(&alice, &item, None, now(), rng).ok()?;
        let first = seal(&alice, &session, &content("Hello")?, Route::FrontDoor(&item.front_door), now(), rng).ok()?;
        let mailbox = front_door.address.mailbox();
        let door = Door::FrontDoor { mailbox: &mailbox, keys: std::slice::from_ref(&secret) };
        let kept = Kept { prekey: Some(row), ..Kept::default() };
        let his = open(&bob, &kept, &first.envelope, door, rng).ok()?.session;
        let to_alice = return_address(anywhere()?);
        let answer = seal(&bob, &his, &content("Hello!")?, Route::Pairwise(&to_alice), now(), rng).ok()?;
        let (mailbox, outer) = (to_alice.address.mailbox(), &to_alice.outer);
        let door = Door::Pairwise { mailbox: &mailbox, outer, peer: bob.key() };
        let kept = Kept { session: Some(first.session), peer: Some(*bob.key()), prekey: None };
        let hers = open(&alice, &kept, &answer.envelope, door, rng).ok()?.session;
        let his = Kept { session: Some(answer.session), peer: Some(*alice.key()), prekey: None };
        let hers = Kept { session: Some(hers), peer: Some(*bob.key()), prekey: None };
        let (from, to) = (End { local: alice, kept: hers }, End { local: bob, kept: his });
        Some(Self { from, to, address: return_address(address) })
    }

    /// Seals the next message.
    #[must_use]
    pub fn seal(&mut self, text: &str) -> Option<Envelope> {
        let End { local, kept } = &mut self.from;
        let (session, route) = (kept.session.as_ref()?, Route::Pairwise(&self.address));
        let sealed = seal(local, session, &content(text)?, route, now(), &mut rand::rng()).ok()?;
        kept.session = Some(sealed.session);
        Some(sealed.envelope)
    }

    /// Opens one, and gives its text.
    #[must_use]
    pub fn open(&mut self, envelope: &Envelope) -> Option<Text> {
        let End { local, kept } = &mut self.to;
        let (mailbox, outer) = (self.address.address.mailbox(), &self.address.outer);
        let door = Door::Pairwise { mailbox: &mailbox, outer, peer: self.from.local.key() };
        let opened = open(local, kept, envelope, door, &mut rand::rng()).ok()?;
        kept.session = Some(opened.session);
        if let Body::Text(text) = opened.content.body { Some(text) } else { None }
    }
}

fn return_address(address: Address) -> ReturnAddress {
    ReturnAddress { address, generation: 0, outer: OuterKey::random(&mut rand::rng()) }
}

/// Messages for a mailbox, in the order of their numbers, and who reads them.
pub(crate) fn sealed(mailbox: &Mailbox, class: SizeClass) -> Result<(Vec<Vec<u8>>, Reader), Failure> {
    let (relay, deposit, collect) = (relay().ok_or(Failure::Sealing)?, mailbox.deposit.clone(), mailbox.collect.hash());
    let mut conversation = Conversation::at(Address { relay, deposit, collect })?;
    let seal = |number| conversation.seal(&text(number, class)).filter(|envelope| envelope.class() == class);
    let sealed: Option<Vec<_>> = (0..MESSAGES).map(seal).collect();
    let envelopes = sealed.ok_or(Failure::Sealing)?.iter().map(|envelope| envelope.as_bytes().to_vec()).collect();
    Ok((envelopes, Reader { reading: Mutex::new((conversation, BTreeSet::new())), class }))
}

/// A message that no smaller class has room for.
fn text(number: u32, class: SizeClass) -> String {
    let length = match class {
        SizeClass::Small => 40,
        SizeClass::Medium => SizeClass::Small.envelope_length(),
        SizeClass::Large => SizeClass::Medium.envelope_length(),
    };
    format!("{number:.<length$}")
}

impl Reads for Reader {
    fn reads(&self, number: u32, envelope: &[u8]) -> bool {
        let (conversation, read) = &mut *self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        // What comes again was compared, and does not open twice.
        if !read.insert(number) {
            return true;
        }
        let opened = Envelope::new(envelope.into()).and_then(|envelope| conversation.open(&envelope));
        opened.is_some_and(|opened| opened.expose() == text(number, self.class))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_each_class_open_once_to_what_was_sealed() {
        for class in SizeClass::ALL {
            let mailbox = Mailbox::sealed(class).unwrap();
            let lengths = (0..MESSAGES).map(|number| mailbox.envelope(number).len());
            assert!(lengths.into_iter().all(|length| length == class.envelope_length()));
            assert!(mailbox.is_read(MESSAGES - 1) && !mailbox.is_read(MESSAGES));
            assert!((0..MESSAGES).all(|number| mailbox.is_from_here(number, mailbox.envelope(number))));
            assert!(mailbox.is_from_here(3, mailbox.envelope(3)), "it comes again");
        }
    }

    #[test]
    fn what_was_sealed_for_another_number_or_mailbox_or_altered_is_noticed() {
        let (mailbox, other) = (Mailbox::sealed(SizeClass::Small).unwrap(), Mailbox::sealed(SizeClass::Small).unwrap());
        let (_, reader) = sealed(&mailbox, SizeClass::Small).unwrap();
        assert!(!reader.reads(0, other.envelope(0)));
        let mut altered = mailbox.envelope(1).to_vec();
        altered[1_000] ^= 1;
        assert!(!mailbox.is_from_here(1, &altered) && !mailbox.is_from_here(2, mailbox.envelope(3)));
    }
}
