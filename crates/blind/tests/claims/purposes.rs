//! One construction, several uses, and nothing carries over from one to another.

use std::collections::HashSet;

use sealpost_blind::client::FinalizeError;
use sealpost_blind::{BlindState, Epoch, PrfOutput, Purpose, ServerKey, TicketKind};
use sealpost_wire::Secret;
use sealpost_wire::time::Day;

const PURPOSES: [Purpose; 5] = [
    Purpose::Discovery(Epoch(1)),
    Purpose::Discovery(Epoch(2)),
    Purpose::Ticket(TicketKind::Shelf, Day(1)),
    Purpose::Ticket(TicketKind::Shelf, Day(2)),
    Purpose::Ticket(TicketKind::Publish, Day(1)),
];

/// Asks `server` for `value`, as a client that believes the server's key to be for `purpose`.
fn output(server: &ServerKey, purpose: Purpose, value: &Secret<32>) -> PrfOutput {
    let rng = &mut rand::rng();
    let (state, batch) = BlindState::blind(purpose, [value], rng).unwrap();
    state.finalize(&server.public(), &server.evaluate(&batch, rng)).unwrap().remove(0)
}

#[test]
fn one_seed_gives_each_purpose_a_key_of_its_own() {
    let key = |purpose| ServerKey::derive(&Secret::new([1; 32]), purpose).public().to_bytes();
    assert_eq!(PURPOSES.map(key).into_iter().collect::<HashSet<_>>().len(), PURPOSES.len());
}

#[test]
fn a_key_of_another_purpose_is_refused() {
    let rng = &mut rand::rng();
    let [discovery, _, ticket, ..] = PURPOSES.map(|purpose| ServerKey::derive(&Secret::new([1; 32]), purpose));
    let (state, batch) = BlindState::blind(discovery.purpose(), [&Secret::new([2; 32])], rng).unwrap();
    let answer = ticket.evaluate(&batch, rng);
    assert_eq!(state.finalize(&discovery.public(), &answer).err(), Some(FinalizeError::Proof));
}

#[test]
fn even_under_one_key_no_purpose_has_anothers_outputs() {
    let (value, server) = (Secret::new([2; 32]), ServerKey::derive(&Secret::new([1; 32]), PURPOSES[0]));
    let outputs = PURPOSES.map(|purpose| output(&server, purpose, &value));
    assert!(outputs[0] == server.output(&value));
    let distinct: HashSet<_> = outputs.iter().map(PrfOutput::expose).collect();
    assert_eq!(distinct.len(), PURPOSES.len());
}
