//! Tickets at a key service.

use sealpost_wire::ticket::{Ticket, TicketKind};

use super::*;
use crate::tickets::{self, Allowances, Asked, Policy};

const SPENT: Denial = Denial::of(Refusal::TicketSpent);

/// A key service that evaluates for tickets, which it gives on the attester's word.
fn world() -> World {
    let reference = RelayRef { host: "attester.example.org:8443".parse().unwrap(), operator: attester().public() };
    World::new(Settings {
        tickets: Some(tickets::Settings {
            directory: "tickets".into(),
            policy: Policy::Attestation(Box::new(reference)),
            allowances: Allowances(vec![(TicketKind::Evaluate, 16), (TicketKind::Renewal, 1)]),
            issues_per_minute: NonZeroU32::MIN,
        }),
        ..vouched(100)
    })
}

fn asked(world: &World, voucher: Option<SignedVoucher>) -> Asked {
    let mut asked = Asked::two_of_each(world.service.issuer().unwrap().told());
    asked.request.attested = voucher;
    asked
}

async fn get(world: &World, asked: Asked) -> Result<Vec<Ticket>, Denial> {
    let issued = world.service.issue_tickets(asked.request.clone()).await?;
    Ok(asked.take(&issued))
}

fn with(ticket: &Ticket) -> Evaluate {
    Evaluate { ticket: Some(ticket.clone()), ..request(EPOCH, None) }
}

#[tokio::test]
async fn a_ticket_pays_for_one_batch_at_once_and_after_a_restart() {
    let mut world = world();
    assert_eq!(world.service.evaluate(request(EPOCH, None)).await, Err(TICKET_NEEDED));
    assert!(world.service.evaluate(request(EPOCH, signed(&voucher(7)))).await.is_ok(), "the attester has no tickets");
    let tickets = get(&world, asked(&world, signed(&voucher(1)))).await.unwrap();
    let (first, other) = (with(&tickets[0]), with(&tickets[0]));
    let answer = world.service.evaluate(first.clone()).await.unwrap();
    for _ in 0..2 {
        let again = world.service.evaluate(first.clone()).await.unwrap();
        assert_eq!(answer.elements.as_bytes()[..64 * 32], again.elements.as_bytes()[..64 * 32]);
        assert_eq!(world.service.evaluate(other.clone()).await, Err(SPENT));
        world = world.restart().await;
    }
    assert!(world.service.evaluate(with(&tickets[1])).await.is_ok());
    let renewal = tickets.last().unwrap();
    assert_eq!(renewal.kind(), TicketKind::Renewal);
    assert_eq!(world.service.evaluate(with(renewal)).await, Err(TICKET_NEEDED));
}

#[tokio::test]
async fn a_voucher_is_shown_once_and_then_a_renewal() {
    let world = world();
    let tickets = get(&world, asked(&world, signed(&voucher(1)))).await.unwrap();
    assert_eq!(get(&world, asked(&world, signed(&voucher(1)))).await, Err(SPENT));
    let world = world.restart().await;
    assert_eq!(get(&world, asked(&world, signed(&voucher(1)))).await, Err(SPENT));
    world.wait(7);
    world.service.issuer().unwrap().keep().await;
    let renewed = || {
        let mut asked = asked(&world, None);
        asked.request.renewal = tickets.last().cloned();
        asked
    };
    assert!(get(&world, renewed()).await.is_ok());
    assert_eq!(get(&world, renewed()).await, Err(SPENT));
}

#[tokio::test]
async fn an_expired_ticket_is_refused_and_forgotten() {
    let world = world();
    let tickets = get(&world, asked(&world, signed(&voucher(1)))).await.unwrap();
    assert!(world.service.evaluate(with(&tickets[0])).await.is_ok());
    world.wait(2);
    assert_eq!(world.service.evaluate(with(&tickets[0])).await, Err(TICKET_NEEDED));
    let logs = || std::fs::read_dir(world.root.path().join("tickets/spent")).unwrap().count();
    assert_eq!(logs(), 2, "what is of use until next week or so, and until the epoch has closed");
    world.wait(14);
    world.service.issuer().unwrap().keep().await;
    assert_eq!(logs(), 1);
}

#[tokio::test]
async fn a_batch_that_is_malformed_costs_no_ticket() {
    let world = world();
    let tickets = get(&world, asked(&world, signed(&voucher(1)))).await.unwrap();
    let mut bytes = *blinded(EPOCH).1.as_bytes();
    bytes[..32].fill(0xff);
    let bad = Evaluate { elements: BlindedElements::new(bytes), ..with(&tickets[0]) };
    assert_eq!(world.service.evaluate(bad).await, Err(Denial::of(Refusal::Malformed)));
    assert!(world.service.evaluate(with(&tickets[0])).await.is_ok());
}
