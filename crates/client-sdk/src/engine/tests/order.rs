//! Whatever order messages come in, and wherever a crash falls, they are shown in the order they were written, once.

use proptest::prelude::*;

use super::side::Side;
use crate::engine::opening::give_up_on_gap;
use crate::store::inbox;
use crate::store::outbox::SealedRow;
use crate::{ContactId, MessageState, Position};

/// Bob has heard the first message; the others of Alice's lie on the relay.
fn with_mail(count: usize) -> (Side, ContactId, Vec<SealedRow>, Vec<String>) {
    let (alice, bob) = (Side::new(), Side::new());
    let to_bob = alice.client.add(&bob.card(), "Bob").unwrap();
    let texts: Vec<String> = (0..count).map(|number| format!("message {number}")).collect();
    let texts_in: Vec<&str> = texts.iter().map(String::as_str).collect();
    let sealed = alice.send(to_bob, &bob, &texts_in);
    bob.receive(&sealed[..1]);
    let contact = bob.client.contacts().unwrap()[0].id;
    (bob, contact, sealed, texts)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_order_with_repeats_and_crashes_is_shown_as_written(
        order in Just((1..10_usize).collect::<Vec<_>>()).prop_shuffle(),
        batches in proptest::collection::vec((1..4_usize, any::<bool>(), any::<bool>()), 10),
    ) {
        let (bob, contact, sealed, texts) = with_mail(10);
        let mut rest = order.as_slice();
        for (size, crash, repeat) in batches {
            let (batch, behind) = rest.split_at(size.min(rest.len()));
            let arrivals = bob.arrivals(batch.iter().map(|at| &sealed[*at]));
            if crash {
                prop_assert!(bob.open(&arrivals, true).is_err());
            }
            bob.open(&arrivals, false).unwrap();
            if repeat {
                bob.open(&arrivals, false).unwrap();
            }
            prop_assert_eq!(&bob.shown()[..], &texts[..bob.shown().len()]);
            rest = behind;
        }
        bob.open(&bob.arrivals(rest.iter().map(|at| &sealed[*at])), false).unwrap();
        prop_assert_eq!(bob.shown(), texts);
        prop_assert!(bob.client.0.store.read(inbox::gaps).unwrap().is_empty());
        let in_time = MessageState::Received { late: false };
        let messages = bob.client.history(contact, None, 100).unwrap();
        prop_assert!(messages.iter().all(|message| message.state == in_time));
    }

    #[test]
    fn what_is_missing_for_too_long_is_counted_and_shown_as_late_when_it_comes(
        missing in proptest::sample::subsequence((1..9_usize).collect::<Vec<_>>(), 1..8),
    ) {
        let (bob, contact, sealed, texts) = with_mail(10);
        let here = |at: &usize| !missing.contains(at);
        bob.receive((1..10).filter(here).map(|at| &sealed[at]));
        let mut counted = 0;
        for (whose, lowest) in std::iter::from_fn(|| bob.client.0.store.read(inbox::gaps).unwrap().pop()) {
            prop_assert_eq!(whose, contact);
            counted += bob.write(|tx| give_up_on_gap(tx, whose, lowest));
        }
        prop_assert_eq!(counted, missing.len() as u64);
        let expected: Vec<_> = (0..10).filter(here).map(|at| texts[at].clone()).collect();
        prop_assert_eq!(bob.shown(), expected);
        bob.receive(missing.iter().map(|at| &sealed[*at]));
        let late = bob.client.messages_after(Position::START, 100).unwrap().into_iter();
        let late: Vec<_> = late.filter(|message| message.state == MessageState::Received { late: true }).collect();
        prop_assert_eq!(late.len(), missing.len());
    }
}
