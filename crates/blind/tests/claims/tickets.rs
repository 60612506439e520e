//! Tickets: an issuer that chooses its keys as it likes still cannot tell which of its tickets it sees again, and one that
//! uses another key than it told is noticed.

use std::collections::HashSet;

use rand::SeedableRng;
use rand::rngs::StdRng;
use sealpost_blind::client::FinalizeError;
use sealpost_blind::{BlindedBatch, EvaluatedBatch, Purpose, ServerKey, TicketKind, TicketRequest};
use sealpost_wire::Secret;
use sealpost_wire::ticket::Ticket;
use sealpost_wire::time::Day;

const DAY: Day = Day(20_700);

/// Keys that an issuer could choose in the hope of a pattern.
fn chosen() -> [ServerKey; 4] {
    [[0; 32], [1; 32], [0xff; 32], [0x5a; 32]].map(|seed| key(&Secret::new(seed), TicketKind::Mailbox, DAY))
}

fn key(seed: &Secret<32>, kind: TicketKind, day: Day) -> ServerKey {
    ServerKey::derive(seed, Purpose::Ticket(kind, day))
}

/// The issuer: it keeps all that it sees.
struct Issuer<'k> {
    key: &'k ServerKey,
    seen: Vec<u8>,
}

impl Issuer<'_> {
    fn issue(&mut self, batch: &BlindedBatch) -> EvaluatedBatch {
        let answer = self.key.evaluate(batch, &mut rand::rng());
        self.seen.extend(batch.to_bytes().into_iter().chain(answer.to_bytes()));
        answer
    }
}

/// A client's eight tickets, with nonces that are the same for the same seed, and blinds that are not.
fn tickets(issuer: &mut Issuer<'_>, nonces: u64) -> (BlindedBatch, Vec<Ticket>) {
    let rng = &mut Halves { nonces: StdRng::seed_from_u64(nonces), drawn: 0 };
    let (request, batch) = TicketRequest::new(TicketKind::Mailbox, DAY, 8, rng).unwrap();
    let answer = issuer.issue(&batch);
    (batch, request.finish(&issuer.key.public(), &answer).unwrap())
}

/// Draws eight nonces from a seed, and all that comes later from the system.
struct Halves {
    nonces: StdRng,
    drawn: usize,
}

impl rand::RngCore for Halves {
    fn next_u32(&mut self) -> u32 {
        rand::rng().next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        rand::rng().next_u64()
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.drawn += 1;
        if self.drawn <= 8 { self.nonces.fill_bytes(bytes) } else { rand::rng().fill_bytes(bytes) }
    }
}

impl rand::CryptoRng for Halves {}

#[test]
fn nothing_of_an_issue_is_in_its_tickets() {
    for key in chosen() {
        let issuer = &mut Issuer { key: &key, seen: Vec::new() };
        let (one, first) = tickets(issuer, 1);
        let (other, again) = tickets(issuer, 1);
        assert!(first == again, "the nonces alone make the tickets");
        let elements: HashSet<_> = [one, other]
            .iter()
            .flat_map(|batch| batch.to_bytes().chunks(32).map(<[u8]>::to_vec).collect::<Vec<_>>())
            .collect();
        assert_eq!(elements.len(), 16, "no two blinded elements are the same, though each nonce was blinded twice");
        for shown in
            first.iter().flat_map(|ticket| ticket.to_bytes()[5..].chunks(8).map(<[u8]>::to_vec).collect::<Vec<_>>())
        {
            assert!(!issuer.seen.windows(8).any(|seen| seen == shown), "what is spent was not seen when it was issued");
        }
    }
}

/// The issuer's game: it issued to two clients, sees one ticket of each in an order that it does not know, and guesses by
/// whatever relation between bytes it thinks of. None does better than a coin.
#[test]
fn an_issuer_guesses_no_better_than_a_coin() {
    type Guess = fn(&[u8], &[u8]) -> u32;
    let distance: Guess = |a, b| a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).sum();
    let guesses: [Guess; 3] = [distance, |a, b| u32::from(a[0] ^ b[0]), |a, b| u32::from(a[31].abs_diff(b[31]))];
    let rounds = 200;
    for guess in guesses {
        let mut right = 0;
        for round in 0..rounds {
            let key = &chosen()[round % 4];
            let issuer = &mut Issuer { key, seen: Vec::new() };
            let ((one, mine), (other, _)) = (tickets(issuer, round as u64), tickets(issuer, 1_000 + round as u64));
            let evaluated = |batch: &BlindedBatch| key.evaluate(batch, &mut rand::rng()).to_bytes()[..32].to_vec();
            let spent = mine[0].output().expose();
            right += u32::from(guess(&evaluated(&one), spent) < guess(&evaluated(&other), spent));
        }
        // Six standard deviations of a fair coin, and ties count as wrong.
        assert!(right < 143, "{right} of {rounds}");
    }
}

#[test]
fn a_key_for_one_client_alone_is_noticed() {
    let [told, own, ..] = chosen();
    let (request, batch) = TicketRequest::new(TicketKind::Mailbox, DAY, 8, &mut rand::rng()).unwrap();
    let answer = own.evaluate(&batch, &mut rand::rng());
    assert_eq!(request.finish(&told.public(), &answer).err(), Some(FinalizeError::Proof));
}

#[test]
fn one_ticket_under_another_key_spoils_the_batch() {
    let [told, own, ..] = chosen();
    let (request, batch) = TicketRequest::new(TicketKind::Mailbox, DAY, 2, &mut rand::rng()).unwrap();
    let rng = &mut rand::rng();
    let (honest, marked) = (told.evaluate(&batch, rng), own.evaluate(&batch, rng));
    let elements = vec![honest.elements()[0].clone(), marked.elements()[1].clone()];
    let mixed = EvaluatedBatch::new(elements, honest.proof().clone()).unwrap();
    assert_eq!(request.finish(&told.public(), &mixed).err(), Some(FinalizeError::Proof));
}

#[test]
fn the_same_seed_asks_for_the_same_tickets() {
    let ask = || TicketRequest::new(TicketKind::Shelf, DAY, 3, &mut StdRng::seed_from_u64(7)).unwrap().1.to_bytes();
    assert_eq!(ask(), ask());
}

#[test]
fn a_key_knows_its_own_tickets_and_no_others() {
    let seed = Secret::new([7; 32]);
    let issued = key(&seed, TicketKind::Shelf, DAY);
    let (request, batch) = TicketRequest::new(TicketKind::Shelf, DAY, 1, &mut rand::rng()).unwrap();
    let answer = issued.evaluate(&batch, &mut rand::rng());
    let ticket = request.finish(&issued.public(), &answer).unwrap().remove(0);
    assert!(issued.made(&ticket));
    for (kind, day, seed) in [
        (TicketKind::Mailbox, DAY, [7; 32]),
        (TicketKind::Shelf, DAY.plus(1), [7; 32]),
        (TicketKind::Shelf, DAY, [8; 32]),
    ] {
        assert!(!key(&Secret::new(seed), kind, day).made(&ticket));
    }
    for at in 0..Ticket::LENGTH {
        let mut bytes = ticket.to_bytes();
        bytes[at] ^= 1;
        assert!(Ticket::from_bytes(&bytes).is_none_or(|forged| !issued.made(&forged)), "byte {at}");
    }
}

#[test]
fn batches_have_one_to_sixty_four_tickets() {
    let ask = |count| TicketRequest::new(TicketKind::Shelf, DAY, count, &mut rand::rng()).is_ok();
    assert_eq!([0, 1, 64, 65].map(ask), [false, true, true, false]);
}
