//! Tickets at a relay: who gets them, and what they are good for, at once and after a restart.

use std::num::NonZeroU32;

use sealpost_server::Denial;
use sealpost_wire::codec::{List, V1};
use sealpost_wire::directory::{Epoch, SignedVoucher, Voucher, VoucherId};
use sealpost_wire::manifest::TicketKey;
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::request::{MailboxKind, OpenMailbox, OpenShelf, Outcome, Refusal, WantedTickets};
use sealpost_wire::ticket::{BlindedTickets, InviteCode, Ticket, TicketKind};
use sealpost_wire::time::Day;
use sealpost_wire::{RelayRef, StockKey, TakeKey};

use super::world::*;
use crate::service::TicketSettings;
use crate::tickets::invites::InviteDirectory;
use crate::tickets::{Allowances, Asked, Policy, Settings};

const NEEDED: Denial = Denial::of(Refusal::TicketNeeded);
const SPENT: Denial = Denial::of(Refusal::TicketSpent);
const VOUCHER_NEEDED: Denial = Denial::of(Refusal::VoucherNeeded);
const MANY: NonZeroU32 = NonZeroU32::new(1_000_000).unwrap();

fn attester() -> OperatorSecret {
    OperatorSecret::from_seed(&[9; 32])
}

/// A relay that gives tickets by that policy.
fn world(policy: Policy) -> World {
    World::with(|settings| {
        let directory = settings.directory.with_file_name("tickets");
        let kinds = [TicketKind::Mailbox, TicketKind::Shelf, TicketKind::FrontDoor];
        let renewal = (TicketKind::Renewal, u16::from(policy != Policy::Open));
        let allowances = Allowances(kinds.map(|kind| (kind, 16)).into_iter().chain([renewal]).collect());
        let issuer = Settings { directory, policy, allowances, issues_per_minute: MANY };
        settings.tickets = Some(TicketSettings { issuer, strangers_per_hour: 3 });
        settings.limits.mailbox_envelopes = 8;
    })
}

fn today(world: &World) -> Day {
    Day::of(crate::clock::Clock::now(&*world.clock))
}

/// The keys that the manifest tells.
fn told(world: &World) -> Vec<TicketKey> {
    world.relay.issuer().unwrap().told()
}

/// Two under each key that the manifest tells.
fn everything(world: &World) -> Asked {
    Asked::two_of_each(told(world))
}

fn by_invite(world: &World, code: &InviteCode) -> Asked {
    let mut asked = everything(world);
    asked.request.invite = Some(code.clone());
    asked
}

async fn get(world: &World, asked: Asked) -> Result<Vec<Ticket>, Denial> {
    let issued = world.relay.issue_tickets(asked.request.clone()).await?;
    Ok(asked.take(&issued))
}

fn invite(world: &World, days: u32) -> InviteCode {
    let settings = &world.settings.tickets.as_ref().unwrap().issuer;
    InviteDirectory::of(&settings.directory).make(today(world).plus(days), &mut rand::rng()).unwrap()
}

/// Two tickets of that kind that are good today, for a fresh code.
async fn two(world: &World, kind: TicketKind) -> [Ticket; 2] {
    let all = get(world, by_invite(world, &invite(world, 1))).await.unwrap();
    let today = today(world);
    let good: Vec<_> =
        all.into_iter().filter(|it| it.kind() == kind && it.first_day() == kind.first_day(today)).collect();
    good.try_into().unwrap()
}

fn open(mailbox: &Mailbox, ticket: Option<Ticket>) -> OpenMailbox {
    OpenMailbox { ticket, ..mailbox.open() }
}

fn shelf(ticket: Option<Ticket>) -> OpenShelf {
    let stock = StockKey::random(&mut rand::rng());
    let shelf = sealpost_wire::ShelfId::of(&TakeKey::random(&mut rand::rng()), &stock.hash());
    OpenShelf { version: V1, shelf, stock, ticket }
}

#[tokio::test]
async fn a_code_gives_tickets_that_open_one_thing_each() {
    let world = world(Policy::Invite);
    assert_eq!(world.relay.open_mailbox(open(&Mailbox::new(), None)).await, Err(NEEDED));
    assert_eq!(world.relay.open_shelf(shelf(None)).await, Err(NEEDED));
    let [one, other] = two(&world, TicketKind::Mailbox).await;
    assert!(world.relay.open_mailbox(open(&Mailbox::new(), Some(one.clone()))).await.is_ok());
    assert!(world.relay.open_mailbox(open(&Mailbox::new(), Some(other))).await.is_ok());
    assert_eq!(world.relay.open_mailbox(open(&Mailbox::new(), Some(one))).await, Err(SPENT));
    let [one, _] = two(&world, TicketKind::Shelf).await;
    assert_eq!(
        world.relay.open_mailbox(open(&Mailbox::new(), Some(one.clone()))).await,
        Err(NEEDED),
        "of another kind"
    );
    assert!(world.relay.open_shelf(shelf(Some(one))).await.is_ok());
}

#[tokio::test]
async fn the_same_request_again_is_welcome_and_another_is_refused_also_after_a_restart() {
    let mut world = world(Policy::Invite);
    let [ticket, _] = two(&world, TicketKind::Mailbox).await;
    let mailbox = Mailbox::new();
    world.relay.open_mailbox(open(&mailbox, Some(ticket.clone()))).await.unwrap();
    for _ in 0..2 {
        assert!(world.relay.open_mailbox(open(&mailbox, Some(ticket.clone()))).await.is_ok());
        assert_eq!(world.relay.open_mailbox(open(&Mailbox::new(), Some(ticket.clone()))).await, Err(SPENT));
        world = world.restart();
    }
}

#[tokio::test]
async fn an_expired_ticket_is_refused_also_after_a_restart_and_its_key_is_erased() {
    let mut world = world(Policy::Invite);
    let tickets = two(&world, TicketKind::Mailbox).await;
    world.wait(24);
    let [one, other] = tickets;
    assert!(
        world.relay.open_mailbox(open(&Mailbox::new(), Some(one.clone()))).await.is_ok(),
        "good on the next day too"
    );
    world.wait(24);
    for _ in 0..2 {
        for expired in [&one, &other] {
            assert_eq!(world.relay.open_mailbox(open(&Mailbox::new(), Some(expired.clone()))).await, Err(NEEDED));
        }
        world = world.restart();
    }
    let directory = world.root.path().join("tickets");
    assert!(!directory.join(format!("daily-{}.key", other.first_day().0)).exists());
}

#[tokio::test]
async fn a_ticket_of_a_day_ahead_is_good_on_its_day() {
    let world = world(Policy::Invite);
    let all = get(&world, by_invite(&world, &invite(&world, 1))).await.unwrap();
    let tomorrow = today(&world).plus(1);
    let ahead = all.into_iter().find(|it| it.kind() == TicketKind::Mailbox && it.first_day() == tomorrow).unwrap();
    assert_eq!(world.relay.open_mailbox(open(&Mailbox::new(), Some(ahead.clone()))).await, Err(NEEDED));
    world.wait(24);
    assert!(world.relay.open_mailbox(open(&Mailbox::new(), Some(ahead))).await.is_ok());
}

#[tokio::test]
async fn forged_and_foreign_tickets_are_refused_also_after_a_restart() {
    let mut world = world(Policy::Invite);
    let elsewhere = self::world(Policy::Invite);
    let [foreign, _] = two(&elsewhere, TicketKind::Mailbox).await;
    let [good, _] = two(&world, TicketKind::Mailbox).await;
    let mut forged = good.to_bytes();
    forged[100] ^= 1;
    let forged = Ticket::from_bytes(&forged).unwrap();
    for _ in 0..2 {
        for bad in [&foreign, &forged] {
            assert_eq!(world.relay.open_mailbox(open(&Mailbox::new(), Some(bad.clone()))).await, Err(NEEDED));
        }
        world = world.restart();
    }
    assert!(world.relay.open_mailbox(open(&Mailbox::new(), Some(good))).await.is_ok(), "and nothing was spent by that");
}

#[tokio::test]
async fn a_code_is_good_once_and_until_its_day() {
    let mut world = world(Policy::Invite);
    let (code, short) = (invite(&world, 5), invite(&world, 0));
    let asked = by_invite(&world, &code);
    let again = asked.request.clone();
    assert!(get(&world, asked).await.is_ok());
    for _ in 0..2 {
        // An answer may have got lost.
        assert_eq!(world.relay.issue_tickets(again.clone()).await.map(|it| it.issued.len()), Ok(again.wanted.len()));
        assert_eq!(get(&world, by_invite(&world, &code)).await.map(drop), Err(SPENT));
        world = world.restart();
    }
    world.wait(24);
    assert!(world.relay.issue_tickets(again).await.is_ok(), "nor does midnight take it");
    assert_eq!(get(&world, by_invite(&world, &short)).await.map(drop), Err(VOUCHER_NEEDED));
    let unknown = InviteCode::random(&mut rand::rng());
    assert_eq!(get(&world, by_invite(&world, &unknown)).await.map(drop), Err(VOUCHER_NEEDED));
    assert_eq!(get(&world, everything(&world)).await.map(drop), Err(VOUCHER_NEEDED), "without anything");
}

#[tokio::test]
async fn a_renewal_is_the_next_voucher_from_the_next_week_on_and_once() {
    let world = world(Policy::Invite);
    let all = get(&world, by_invite(&world, &invite(&world, 1))).await.unwrap();
    let renewal = all.into_iter().find(|it| it.kind() == TicketKind::Renewal).unwrap();
    let renewed = |world: &World| {
        let mut asked = everything(world);
        asked.request.renewal = Some(renewal.clone());
        asked
    };
    assert_eq!(get(&world, renewed(&world)).await.map(drop), Err(VOUCHER_NEEDED), "not in the same week");
    world.wait(7 * 24);
    world.relay.issuer().unwrap().keep().await;
    let all = get(&world, renewed(&world)).await.unwrap();
    assert!(all.iter().any(|it| it.kind() == TicketKind::Renewal));
    let world = world.restart();
    assert_eq!(get(&world, renewed(&world)).await.map(drop), Err(SPENT));
    assert_eq!(world.relay.open_mailbox(open(&Mailbox::new(), Some(renewal))).await, Err(NEEDED), "it opens nothing");
}

#[tokio::test]
async fn an_attesters_word_for_this_relay_and_epoch_is_good_once() {
    let reference = RelayRef { host: "attester.example.org:1".parse().unwrap(), operator: attester().public() };
    let world = world(Policy::Attestation(Box::new(reference)));
    let epoch = Epoch::of(today(&world));
    let word = |id: u8, service, epoch, signer: &OperatorSecret| {
        let voucher = Voucher { version: V1, id: VoucherId::from_bytes([id; 16]), service, epoch };
        let mut asked = everything(&world);
        asked.request.attested = Some(SignedVoucher::of(&voucher, signer));
        asked
    };
    let (own, other) = (operator().public(), OperatorSecret::from_seed(&[8; 32]));
    assert!(get(&world, word(1, own, epoch, &attester())).await.is_ok());
    assert_eq!(get(&world, word(1, own, epoch, &attester())).await.map(drop), Err(SPENT));
    for bad in [
        word(2, other.public(), epoch, &attester()),
        word(2, own, Epoch(epoch.0 + 2), &attester()),
        word(2, own, epoch, &other),
    ] {
        assert_eq!(get(&world, bad).await.map(drop), Err(VOUCHER_NEEDED));
    }
    assert!(get(&world, word(2, own, epoch, &attester())).await.is_ok());
    assert!(get(&world, by_invite(&world, &invite(&world, 1))).await.is_ok(), "an operator may invite all the same");
}

#[tokio::test]
async fn where_it_is_open_anyone_gets_tickets_so_fast() {
    let slow = World::with(|settings| {
        let directory = settings.directory.with_file_name("tickets");
        let allowances = Allowances(vec![(TicketKind::Mailbox, 16)]);
        let issuer = Settings { directory, policy: Policy::Open, allowances, issues_per_minute: NonZeroU32::MIN };
        settings.tickets = Some(TicketSettings { issuer, strangers_per_hour: 3 });
    });
    let tickets = get(&slow, everything(&slow)).await.unwrap();
    assert!(slow.relay.open_mailbox(open(&Mailbox::new(), Some(tickets[0].clone()))).await.is_ok());
    let refused = get(&slow, everything(&slow)).await.map(drop).unwrap_err();
    assert!(refused.reason == Refusal::TryLater && refused.retry_after.is_some());
}

#[tokio::test]
async fn more_than_a_voucher_is_good_for_is_refused_and_costs_nothing() {
    let world = world(Policy::Invite);
    let code = invite(&world, 1);
    let denied = |reason| Err(Denial::of(reason));
    let ask = async |change: &dyn Fn(&mut Vec<WantedTickets>)| {
        let mut asked = by_invite(&world, &code);
        let mut wanted = asked.request.wanted.into_vec();
        change(&mut wanted);
        asked.request.wanted = List::new(wanted).unwrap();
        world.relay.issue_tickets(asked.request).await.map(drop)
    };
    let many =
        BlindedTickets::from_bytes(&everything(&world).request.wanted[0].elements.as_bytes().repeat(32)).unwrap();
    assert_eq!(ask(&|wanted| wanted[0].elements = many.clone()).await, denied(Refusal::Limit));
    assert_eq!(ask(&|wanted| wanted[0].kind = TicketKind::Evaluate).await, denied(Refusal::Malformed), "out of order");
    assert_eq!(ask(&|wanted| wanted.swap(0, 1)).await, denied(Refusal::Malformed));
    assert_eq!(ask(&|wanted| wanted.clear()).await, denied(Refusal::Malformed));
    assert_eq!(ask(&|wanted| wanted.last_mut().unwrap().first_day.0 += 1).await, denied(Refusal::OtherKeys));
    assert_eq!(ask(&|wanted| wanted[0].first_day.0 -= 2).await, denied(Refusal::OtherKeys), "issued no more");
    let none = BlindedTickets::from_bytes(&[0xff; 32]).unwrap();
    assert_eq!(ask(&|wanted| wanted[0].elements = none.clone()).await, denied(Refusal::Malformed));
    let both = {
        let mut asked = by_invite(&world, &code);
        asked.request.renewal = Ticket::from_bytes(&[5; Ticket::LENGTH]);
        asked
    };
    assert_eq!(get(&world, both).await.map(drop), denied(Refusal::Malformed), "two vouchers");
    assert_eq!(ask(&|_| {}).await, Ok(()), "the code is still good");
}

#[tokio::test]
async fn at_a_front_door_a_ticket_is_worth_the_normal_rate_and_the_whole_quota() {
    let world = world(Policy::Invite);
    let mailbox = Mailbox::new();
    let [ticket, _] = two(&world, TicketKind::Mailbox).await;
    world.relay.open_mailbox(open(&mailbox, Some(ticket))).await.unwrap();
    let deposit = async |number, ticket| {
        let request = sealpost_wire::request::Deposit { ticket, ..mailbox.deposit(number) };
        world.relay.deposit(request).await
    };
    for number in 1..=3 {
        assert_eq!(deposit(number, None).await.outcome, Outcome::Accepted);
    }
    let slowed = deposit(4, None).await;
    assert!(slowed.outcome == Outcome::TryLater && slowed.retry_after.is_some_and(|seconds| seconds > 600));
    let [one, other] = two(&world, TicketKind::FrontDoor).await;
    assert_eq!(deposit(4, Some(one.clone())).await.outcome, Outcome::Accepted);
    assert_eq!(deposit(4, Some(one.clone())).await.outcome, Outcome::Accepted, "the same again");
    assert_eq!(deposit(5, Some(one)).await.outcome, Outcome::TicketRefused);
    assert_eq!(deposit(5, Some(other)).await.outcome, Outcome::Accepted);
    assert_eq!(deposit(6, Ticket::from_bytes(&[0; Ticket::LENGTH])).await.outcome, Outcome::TicketRefused);
    assert_eq!(world.lying(&mailbox).await, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn a_pairwise_mailbox_needs_no_tickets_of_its_senders() {
    let world = world(Policy::Invite);
    let mailbox = Mailbox::new();
    let [ticket, _] = two(&world, TicketKind::Mailbox).await;
    let request = OpenMailbox { kind: MailboxKind::Pairwise, ..open(&mailbox, Some(ticket)) };
    world.relay.open_mailbox(request).await.unwrap();
    for number in 1..=8 {
        let request = sealpost_wire::request::Deposit { ticket: None, ..mailbox.deposit(number) };
        assert_eq!(world.relay.deposit(request).await.outcome, Outcome::Accepted);
    }
}

#[tokio::test]
async fn within_a_day_everyone_is_told_the_same_keys() {
    let mut world = world(Policy::Invite);
    let first = told(&world);
    assert_eq!(first.len(), 8 + 8 + 1 + 1);
    world = world.restart();
    assert_eq!(told(&world), first);
    world.wait(24);
    world.relay.issuer().unwrap().keep().await;
    let next = told(&world);
    let kept = |key: &&TicketKey| next.iter().any(|other| (other.kind, other.first_day) == (key.kind, key.first_day));
    assert!(first.iter().filter(kept).all(|key| next.iter().any(|other| other.public_key == key.public_key)));
    assert!(next != first);
}
