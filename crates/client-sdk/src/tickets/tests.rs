use sealpost_blind::{BlindedBatch, Purpose, ServerKey};
use sealpost_wire::Secret;
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::to_bytes;

use super::asking::{finish, payment, request};
use sealpost_wire::codec::V1;
use sealpost_wire::directory::{Epoch, SignedVoucher, Voucher, VoucherId};
use sealpost_wire::time::Day;

use super::*;
use crate::store::entries;
use crate::store::tickets::{Ask, Payment, ToldKey};
use crate::unlock::Unlock;

const DAY: Day = Day(20_700);

fn key(seed: u8, kind: TicketKind) -> ServerKey {
    ServerKey::derive(&Secret::new([seed; 32]), Purpose::Ticket(kind, kind.first_day(DAY)))
}

/// Keys of a server with that seed, three tickets each.
fn told(seed: u8) -> Vec<ToldKey> {
    let told = |kind: TicketKind| ToldKey {
        kind,
        first_day: kind.first_day(DAY),
        count: 3,
        key: key(seed, kind).public().to_bytes(),
    };
    [TicketKind::Mailbox, TicketKind::FrontDoor, TicketKind::Renewal].map(told).to_vec()
}

fn ask(seed: u8) -> Ask {
    Ask { seed: [9; 32], payment: Payment::Nothing, keys: told(seed) }
}

/// What a server answers that uses the keys of `seed`.
fn issued(seed: u8, ask: &Ask) -> sealpost_wire::request::IssuedTickets {
    let wanted = request(ask).unwrap().0.wanted;
    let evaluate = |wanted: &sealpost_wire::request::WantedTickets| {
        let batch = BlindedBatch::from_bytes(wanted.elements.as_bytes()).unwrap();
        let answer = key(seed, wanted.kind).evaluate(&batch, &mut rand::rng()).to_bytes();
        sealpost_wire::ticket::EvaluatedTickets::from_bytes(&answer).unwrap()
    };
    let issued = sealpost_wire::codec::List::new(wanted.iter().map(evaluate).collect()).unwrap();
    sealpost_wire::request::IssuedTickets { version: V1, issued }
}

fn store() -> (tempfile::TempDir, Store) {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), &Unlock::raw_key([7; 32])).unwrap();
    (directory, store)
}

fn issuer(seed: u8) -> sealpost_wire::operator::OperatorKey {
    OperatorSecret::from_seed(&[seed; 32]).public()
}

fn tickets() -> Vec<Ticket> {
    let ask = ask(1);
    finish(request(&ask).unwrap().1, &ask.keys, &issued(1, &ask)).unwrap()
}

#[test]
fn a_request_that_is_made_again_is_the_very_same() {
    assert_eq!(to_bytes(&request(&ask(1)).unwrap().0), to_bytes(&request(&ask(1)).unwrap().0));
    let (_directory, store) = store();
    store.write(|tx| rows::begin(tx, &issuer(1), &ask(1))).unwrap();
    let kept = store.read(|tx| rows::pending(tx, &issuer(1))).unwrap().unwrap();
    assert_eq!(to_bytes(&request(&kept).unwrap().0), to_bytes(&request(&ask(1)).unwrap().0));
    assert!(store.read(|tx| rows::pending(tx, &issuer(2))).unwrap().is_none());
}

#[test]
fn tickets_of_a_key_that_was_not_told_are_not_taken() {
    let ask = ask(1);
    assert_eq!(tickets().len(), 9);
    assert!(finish(request(&ask).unwrap().1, &ask.keys, &issued(2, &ask)).is_none());
}

#[test]
fn a_second_key_for_one_kind_and_day_is_noticed() {
    let (_directory, store) = store();
    let note = |seed| store.write(|tx| rows::note_keys(tx, &issuer(1), &told(seed))).unwrap();
    assert!(note(1) && note(1));
    assert!(!note(2), "another key for the same day");
    assert!(store.write(|tx| rows::note_keys(tx, &issuer(2), &told(2))).unwrap(), "another issuer has its own");
}

#[test]
fn the_same_request_gets_the_same_ticket_and_another_one_another() {
    let (_directory, store) = store();
    store.write(|tx| rows::keep(tx, &issuer(1), &tickets())).unwrap();
    let reserve = |purpose: u8, today| {
        store.write(|tx| rows::reserve(tx, &issuer(1), TicketKind::Mailbox, today, &[purpose; 16])).unwrap()
    };
    let first = reserve(1, DAY).unwrap();
    assert!(reserve(1, DAY) == Some(first.clone()) && reserve(2, DAY).is_some_and(|other| other != first));
    store.write(|tx| rows::forget(tx, &first)).unwrap();
    assert!(reserve(1, DAY).is_some_and(|third| third != first));
    assert_eq!(reserve(3, DAY), None, "there were three");
    assert_eq!(reserve(1, DAY.plus(2)), None, "and they are good for two days");
}

#[test]
fn a_renewal_pays_before_a_code_and_each_once() {
    let (_directory, store) = store();
    let code = sealpost_wire::ticket::InviteCode::random(&mut rand::rng());
    store.write(|tx| rows::keep(tx, &issuer(1), &tickets())).unwrap();
    store.write(|tx| rows::add_invite(tx, &issuer(1), &code)).unwrap();
    let payment = |today| store.write(|tx| rows::take_payment(tx, &issuer(1), today)).unwrap();
    assert!(payment(DAY) == Some(Payment::Invite(code.clone())), "renewals are good from next week");
    for _ in 0..3 {
        assert!(matches!(payment(DAY.plus(7)), Some(Payment::Renewal(_))));
    }
    assert!(payment(DAY.plus(7)).is_none());
    store.write(|tx| rows::put_back(tx, &issuer(1), &Payment::Invite(code))).unwrap();
    assert!(payment(DAY).is_some());
}

#[test]
fn an_attesters_word_pays_where_it_counts_after_all_else_and_once_unless_it_was_not_taken() {
    let (_directory, store) = store();
    let epoch = Epoch::of(DAY);
    let attester = OperatorSecret::from_seed(&[3; 32]);
    let word = |epoch| {
        let id = VoucherId::random(&mut rand::rng());
        SignedVoucher::of(&Voucher { version: V1, id, service: issuer(1), epoch }, &attester)
    };
    for epoch in [epoch, epoch.next()] {
        store.write(|tx| entries::set_voucher(tx, epoch, &issuer(1), &word(epoch))).unwrap();
    }
    let code = sealpost_wire::ticket::InviteCode::random(&mut rand::rng());
    store.write(|tx| rows::add_invite(tx, &issuer(1), &code)).unwrap();
    let payment = |seed, policy| store.write(|tx| payment(tx, &issuer(seed), policy, DAY)).unwrap();
    assert!(payment(1, Tickets::Attestation) == Some(Payment::Invite(code)));
    assert!(payment(1, Tickets::Invite).is_none(), "its word is nothing there");
    assert!(payment(2, Tickets::Attestation).is_none(), "it is for another server");
    let Some(paid @ Payment::Attested(_)) = payment(1, Tickets::Attestation) else { panic!("the word pays") };
    let ask = Ask { payment: paid.clone(), ..ask(1) };
    store.write(|tx| rows::begin(tx, &issuer(1), &ask).and_then(|()| rows::end(tx, &issuer(1)))).unwrap();
    assert!(payment(1, Tickets::Attestation).is_none(), "it was shown, and the next epoch is not open");
    store.write(|tx| rows::put_back(tx, &issuer(1), &paid)).unwrap();
    assert!(payment(1, Tickets::Attestation) == Some(paid));
}

#[test]
fn tickets_for_items_outlive_the_items() {
    let (_directory, store) = store();
    store.write(|tx| rows::keep(tx, &issuer(1), &tickets())).unwrap();
    let take = |last| store.write(|tx| rows::take_for_items(tx, &issuer(1), last, 2)).unwrap();
    assert_eq!(take(DAY.plus(60)).len(), 0);
    assert_eq!((take(DAY.plus(30)).len(), take(DAY.plus(30)).len(), take(DAY.plus(30)).len()), (2, 1, 0));
}
