//! Texts, receipts, notices of typing and control messages, sealed by one who writes to another: their envelopes are alike.

use std::time::{Duration, SystemTime};

use rand::SeedableRng;
use rand::rngs::StdRng;
use sealpost_crypto::content::Receipt;
use sealpost_crypto::{
    Body, Content, DoorSecret, FrontDoor, Local, MessageId, OuterKey, PrekeyId, ReturnAddress, Route, Session, Stocker,
    Text, begin, open_item, seal,
};
use sealpost_identity::{CardRef, CardSeed, IdentityKeyPair};
use sealpost_tests::statistics::{entropy, histogram, homogeneity, uniformity};
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::time::Day;
use sealpost_wire::{Address, CollectKey, DepositKey, RelayRef, Secret, SizeClass, StockKey};

use super::{SAME_BYTE, SAMPLES, most_alike};

const DAY: Day = Day(20_000);

/// What is said: a body, and perhaps a receipt that is carried with it.
type Said = (&'static str, Body, Option<Receipt>);

/// Every kind of message has a place here: one more does not compile until it is compared too.
fn said() -> Vec<Said> {
    let text = |text: String| Body::Text(Text::new(text).unwrap());
    let receipt = Some(Receipt { received: 41, read: 40, ..Receipt::default() });
    let said = vec![
        ("a word", text("ok".to_owned()), None),
        ("a long text", text("and so on ".repeat(16)), None),
        ("a word with a receipt", text("ok".to_owned()), receipt.clone()),
        ("a receipt", Body::Control, receipt),
        ("a notice of typing", Body::Typing(1_700_000_000), None),
        ("a control message", Body::Control, None),
    ];
    said.iter().for_each(|(_, body, _)| match body {
        Body::Text(_) | Body::Control | Body::Typing(_) => {}
    });
    said
}

struct Pair {
    rng: StdRng,
    sender: Local,
    session: Session,
    door: FrontDoor,
    mailbox: ReturnAddress,
}

impl Pair {
    fn meet(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let (owner, sender) = (local(&mut rng), local(&mut rng));
        let operator = OperatorSecret::random(&mut rng).public();
        let relay = RelayRef { host: "relay.example.org:443".parse().unwrap(), operator };
        let stock = StockKey::random(&mut rng).hash();
        let seed = CardSeed::new(Secret::random(&mut rng));
        let card = CardRef { relay: relay.clone(), seed, stock, identity: owner.key().hash() };
        let address = |rng: &mut StdRng| {
            let (deposit, collect) = (DepositKey::random(rng), CollectKey::random(rng).hash());
            Address { relay: relay.clone(), deposit, collect }
        };
        let door = FrontDoor { address: address(&mut rng), key: DoorSecret::generate(&mut rng).public() };
        let stocker = Stocker::new(&owner, &card, &door, DAY).unwrap();
        let (item, _) = stocker.one_time(PrekeyId::from_u32(1), vec![], &mut rng).unwrap();
        let session = begin(&sender, &open_item(&card, &item, DAY).unwrap(), None, now(), &mut rng).unwrap();
        let (address, outer) = (address(&mut rng), OuterKey::random(&mut rng));
        let mailbox = ReturnAddress { address, outer, generation: 1 };
        Self { rng, sender, session, door, mailbox }
    }

    /// The envelopes of as many messages.
    fn write(&mut self, said: &Said, to_the_door: bool) -> Vec<Vec<u8>> {
        (1..=SAMPLES as u64).map(|counter| self.write_one(said, counter, to_the_door)).collect()
    }

    fn write_one(&mut self, (_, body, receipt): &Said, counter: u64, to_the_door: bool) -> Vec<u8> {
        let (message, body, receipt) = (MessageId::random(&mut self.rng), body.clone(), receipt.clone());
        let content = Content { message, counter, return_address: None, card: None, receipt, body };
        let route = if to_the_door { Route::FrontDoor(&self.door) } else { Route::Pairwise(&self.mailbox) };
        let sealed = seal(&self.sender, &self.session, &content, route, now(), &mut self.rng).unwrap();
        self.session = sealed.session;
        sealed.envelope.as_bytes().to_vec()
    }
}

fn local(rng: &mut StdRng) -> Local {
    Local::new(IdentityKeyPair::generate(rng), rng)
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::from(DAY.0) * 86_400)
}

#[test]
fn nothing_of_an_envelope_tells_a_text_from_a_receipt_or_a_control_message() {
    let usual = Pair::meet(1).write(&said()[0], false);
    for (seed, said) in (2..).zip(said()) {
        let (what, envelopes) = (said.0, Pair::meet(seed).write(&said, false));
        let lengths: Vec<_> = envelopes.iter().map(Vec::len).collect();
        assert_eq!(lengths, vec![SizeClass::Small.envelope_length(); SAMPLES], "{what}");
        let (one, other) = (usual.concat(), envelopes.concat());
        let outcome = homogeneity(&histogram(&one), &histogram(&other));
        assert!(outcome.is_alike() && uniformity(&other).is_alike() && entropy(&other) > 7.99, "{what}: {outcome:?}");
        assert!(most_alike(&envelopes) < SAME_BYTE, "{what} has a mark");
        let all = [usual.clone(), envelopes].concat();
        assert!(most_alike(&all) < SAME_BYTE, "{what} has a mark in common with a word");
    }
}

/// A first message has the public half of a key in it, whose last bit is never set; so all of them, whatever they say.
#[test]
fn nothing_of_a_first_message_tells_what_kind_it_is() {
    let usual = Pair::meet(11).write(&said()[0], true);
    for (seed, said) in (12..).zip(said()) {
        let (what, envelopes) = (said.0, Pair::meet(seed).write(&said, true));
        assert!(envelopes.iter().all(|envelope| envelope.len() == usual[0].len()), "{what}");
        let outcome = homogeneity(&histogram(&usual.concat()), &histogram(&envelopes.concat()));
        assert!(outcome.is_alike(), "{what}: {outcome:?}");
        assert!(most_alike(&envelopes) < SAME_BYTE, "{what} has a mark");
    }
}
