//! `first-contact.json`: one shelf item and the first message that was made from it, with all keys that open them.

use std::time::{Duration, SystemTime};

use rand::SeedableRng;
use rand::rngs::StdRng;
use sealpost_crypto::{
    Body, Content, Door, DoorSecret, FrontDoor, Keys, Local, MessageId, OpenError, PrekeyId, PrivatePrekey, Route,
    Session, Stocker, Text, Unavailable, UsedPrekey, begin, open, open_item, seal,
};
use sealpost_identity::{CardRef, CardSeed, IdentityKey, IdentityKeyPair, PersonId};
use sealpost_wire::time::Day;
use sealpost_wire::{Address, Envelope, RelayRef, SealedItem, Secret};
use serde::{Deserialize, Serialize};

use crate::file::{assert_golden, load};
use crate::groups::{of_bytes, to_array, to_bytes};
use crate::samples::parts::{collect_hash, deposit_key, operator, stock_hash};

const DAY: Day = Day(20_000);
const TEXT: &str = "Grüße! שלום 👋";

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct FirstContact {
    owner: Owner,
    sender: Sender,
    /// Under the card's item key.
    item: String,
    /// To the front door that the item names.
    envelope: String,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Owner {
    identity_secret: String,
    card: String,
    front_door_secret: String,
    front_door_mailbox: String,
    /// The private half of the item, as a row of a client's store.
    prekey: String,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Sender {
    identity: String,
    message: String,
    counter: u64,
    text: String,
}

/// The owner's store: one prekey and nothing else.
struct OnePrekey(PrivatePrekey);

impl Keys for OnePrekey {
    fn session(&self, _: PersonId) -> Result<Option<Session>, Unavailable> {
        Ok(None)
    }

    fn pinned(&self, _: PersonId) -> Result<Option<IdentityKey>, Unavailable> {
        Ok(None)
    }

    fn prekey(&self, id: PrekeyId) -> Result<Option<PrivatePrekey>, Unavailable> {
        Ok((id == self.0.id()).then(|| self.0.clone()))
    }

    fn was_used(&self, _: &UsedPrekey) -> Result<bool, Unavailable> {
        Ok(false)
    }
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::from(DAY.0) * 86_400)
}

fn relay() -> RelayRef {
    RelayRef { host: "relay.example.org:443".parse().unwrap(), operator: operator().public() }
}

fn made() -> FirstContact {
    let mut rng = StdRng::seed_from_u64(1);
    let owner = Local::new(IdentityKeyPair::from_secret(Secret::new([0x0a; 32])), &mut rng);
    let sender = Local::new(IdentityKeyPair::from_secret(Secret::new([0x0b; 32])), &mut rng);
    let seed = CardSeed::new(Secret::new([0x5e; 32]));
    let card = CardRef { relay: relay(), seed, stock: stock_hash(), identity: owner.key().hash() };
    let door = DoorSecret::new([0xd0; 32]);
    let address = Address { relay: relay(), deposit: deposit_key(), collect: collect_hash() };
    let front_door = FrontDoor { address, key: door.public() };

    let stocker = Stocker::new(&owner, &card, &front_door, DAY).unwrap();
    let (item, prekey) = stocker.one_time(PrekeyId::from_u32(7), vec![], &mut rng).unwrap();
    let verified = open_item(&card, &item, DAY).unwrap();
    let session = begin(&sender, &verified, None, now(), &mut rng).unwrap();
    let (message, text) = (MessageId::from_bytes([0x3d; 16]), Text::new(TEXT.to_owned()).unwrap());
    let content =
        Content { message, counter: 1, return_address: None, card: None, receipt: None, body: Body::Text(text) };
    let sealed = seal(&sender, &session, &content, Route::FrontDoor(&verified.front_door), now(), &mut rng).unwrap();

    FirstContact {
        owner: Owner {
            identity_secret: of_bytes(owner.identity().secret().expose()),
            card: card.to_link(),
            front_door_secret: of_bytes(door.expose()),
            front_door_mailbox: of_bytes(front_door.address.mailbox().as_bytes()),
            prekey: of_bytes(&prekey.to_bytes()),
        },
        sender: Sender {
            identity: of_bytes(sender.key().as_bytes()),
            message: of_bytes(message.as_bytes()),
            counter: 1,
            text: TEXT.into(),
        },
        item: of_bytes(item.as_bytes()),
        envelope: of_bytes(sealed.envelope.as_bytes()),
    }
}

#[test]
fn the_file_of_first_contact_is_what_this_code_makes() {
    assert_golden("first-contact.json", &made());
}

#[test]
fn the_item_opens_with_the_card_and_names_the_front_door() {
    let FirstContact { owner, item, .. } = load("first-contact.json");
    let card: CardRef = owner.card.parse().unwrap();
    let item = SealedItem::new(to_bytes(&item).into()).unwrap();
    let verified = open_item(&card, &item, DAY).unwrap();
    assert_eq!(of_bytes(verified.front_door.address.mailbox().as_bytes()), owner.front_door_mailbox);
    assert_eq!(verified.expires, Day(DAY.0 + 30));
    assert_eq!(verified.contact.identity().hash().as_bytes(), card.identity.as_bytes());
}

#[test]
fn the_first_message_opens_with_the_owners_keys_and_with_no_others() {
    let FirstContact { owner, sender, envelope, .. } = load("first-contact.json");
    let mut rng = StdRng::seed_from_u64(2);
    let local = Local::new(IdentityKeyPair::from_secret(Secret::new(to_array(&owner.identity_secret))), &mut rng);
    let keys = OnePrekey(PrivatePrekey::from_bytes(&to_bytes(&owner.prekey)).unwrap());
    let mailbox = sealpost_wire::MailboxId::from_bytes(to_array(&owner.front_door_mailbox));
    let envelope = Envelope::new(to_bytes(&envelope).into()).unwrap();
    let mut opened = |secret| {
        let door = Door::FrontDoor { mailbox: &mailbox, keys: &[DoorSecret::new(secret)] };
        open(&local, &keys, &envelope, door, &mut rng)
    };

    let message = opened(to_array(&owner.front_door_secret)).unwrap();
    assert_eq!(of_bytes(message.sender.as_bytes()), sender.identity);
    assert_eq!(of_bytes(message.content.message.as_bytes()), sender.message);
    assert_eq!(message.content.counter, sender.counter);
    let Body::Text(text) = message.content.body else { panic!("a text was sealed") };
    assert_eq!(text.expose(), sender.text);
    assert_eq!(opened([0; 32]).err(), Some(OpenError::Outer));
}
