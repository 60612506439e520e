//! Tickets, from an operator's code to what they open: the program, and over the network.

use rustix::process::Signal;
use sealpost_blind::{EvaluatedBatch, PublicKey, TicketRequest};
use sealpost_relay::config::TicketPolicy;
use sealpost_relay::keys;
use sealpost_wire::codec::{List, V1};
use sealpost_wire::manifest::{Manifest, TicketKey, Tickets};
use sealpost_wire::request::{IssueTickets, IssuedTickets, OpenMailbox, Refusal, WantedTickets};
use sealpost_wire::ticket::{BlindedTickets, InviteCode, Ticket, TicketKind};

use crate::evaluating::told;
use crate::objects::Mailbox;
use crate::peer::{BOTH, Http, Listening, Peer};
use crate::program::{Running, edit, initialized, program, spellings, text};
use crate::relay::TestRelay;

/// All that a voucher is good for, asked for as every client does.
fn asked(manifest: &Manifest, invite: Option<InviteCode>) -> (IssueTickets, Vec<(TicketKey, TicketRequest)>) {
    let (mut wanted, mut waiting) = (Vec::new(), Vec::new());
    for key in manifest.ticket_keys.clone() {
        let (request, batch) = TicketRequest::new(key.kind, key.first_day, key.count, &mut rand::rng()).unwrap();
        let elements = BlindedTickets::from_bytes(&batch.to_bytes()).unwrap();
        wanted.push(WantedTickets { kind: key.kind, first_day: key.first_day, elements });
        waiting.push((key, request));
    }
    let wanted = List::new(wanted).unwrap();
    (IssueTickets { version: V1, invite, attested: None, renewal: None, wanted }, waiting)
}

fn tickets(waiting: Vec<(TicketKey, TicketRequest)>, issued: &IssuedTickets) -> Vec<Ticket> {
    let finish = |((key, request), batch): ((TicketKey, TicketRequest), _)| {
        let batch: &sealpost_wire::ticket::EvaluatedTickets = batch;
        let key = PublicKey::from_bytes(&key.bytes().unwrap()).unwrap();
        request.finish(&key, &EvaluatedBatch::from_bytes(batch.as_bytes()).unwrap()).unwrap()
    };
    waiting.into_iter().zip(issued.issued.iter()).flat_map(finish).collect()
}

/// The first ticket for a mailbox, which is one of today.
async fn mailbox_ticket(server: &impl Listening, manifest: &Manifest, code: InviteCode) -> Ticket {
    let (request, waiting) = asked(manifest, Some(code));
    let issued = Peer::connect(server, Http::Two).await.call(&request).await;
    tickets(waiting, &issued).into_iter().find(|ticket| ticket.kind() == TicketKind::Mailbox).unwrap()
}

fn open(ticket: Option<Ticket>) -> OpenMailbox {
    OpenMailbox { ticket, ..Mailbox::random().open() }
}

#[test]
fn codes_are_for_servers_that_give_tickets_for_them() {
    let directory = initialized();
    let output = program(directory.path(), &["invite"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("policy = \"invite\""));
    edit(directory.path(), "policy = \"off\"", "policy = \"invite\"");
    let output = program(directory.path(), &["invite", "--count", "3"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout).lines().filter(|line| line.parse::<InviteCode>().is_ok()).count(), 3);
}

#[tokio::test]
async fn a_code_that_is_made_beside_the_running_relay_opens_a_mailbox_and_a_kill_gives_nothing_back() {
    let directory = initialized();
    edit(directory.path(), "policy = \"off\"", "policy = \"invite\"");
    let running = Running::start(directory);
    let output = program(running.directory.path(), &["invite", "--json"]);
    let made: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let code: InviteCode = made["codes"][0].as_str().unwrap().parse().unwrap();
    let config = running.config();
    let operator = keys::read_operator(&config.operator_key).unwrap().public();
    let manifest = told(&config.listen, &operator, config.relay.host.as_str()).await;
    assert_eq!(manifest.tickets, Tickets::Invite);
    let ticket = mailbox_ticket(&config.listen, &manifest, code.clone()).await;
    let mut owner = Peer::connect(&config.listen, Http::Two).await;
    assert_eq!(owner.ask(&open(None)).await.refused(), (402, Refusal::TicketNeeded));
    let opened = open(Some(ticket.clone()));
    owner.call(&opened).await;
    let running = running.killed_and_started();
    let mut owner = Peer::connect(&config.listen, Http::Two).await;
    owner.call(&opened).await;
    assert_eq!(owner.ask(&open(Some(ticket.clone()))).await.refused(), (403, Refusal::TicketSpent));
    let again = asked(&manifest, Some(code.clone())).0;
    let mut neither = Peer::connect(&config.listen, Http::Two).await;
    assert_eq!(neither.ask(&again).await.refused(), (403, Refusal::TicketSpent));
    assert_eq!(neither.ask(&asked(&manifest, None).0).await.refused(), (402, Refusal::VoucherNeeded));
    assert_eq!(told(&config.listen, &operator, config.relay.host.as_str()).await.ticket_keys, manifest.ticket_keys);
    let ended = running.end(Signal::TERM);
    let log = text(&ended.stderr);
    for secret in [&ticket.nonce().expose()[..], ticket.output().expose(), &code.name()] {
        assert!(spellings(secret).iter().all(|spelling| !log.contains(spelling)));
    }
    assert!(!log.contains(code.to_text().as_str()));
}

#[tokio::test]
async fn tickets_are_asked_for_on_a_connection_of_neither_side() {
    let relay = TestRelay::start_with(|config| config.tickets.policy = TicketPolicy::Open).await;
    let host = relay.config.relay.host.clone();
    let manifest = told(&relay, &relay.operator, host.as_str()).await;
    for http in BOTH {
        let mut owner = Peer::connect(&relay, http).await;
        let (request, waiting) = asked(&manifest, None);
        let issued = Peer::connect(&relay, http).await.call(&request).await;
        let ticket = tickets(waiting, &issued).remove(0);
        owner.call(&open(Some(ticket))).await;
        assert_eq!(owner.ask(&request).await.refused().1, Refusal::WrongSide);
    }
    relay.stop().await;
}

#[tokio::test]
async fn a_relay_without_tickets_issues_none_and_passes_them_over() {
    let relay = TestRelay::start().await;
    let host = relay.config.relay.host.clone();
    let manifest = told(&relay, &relay.operator, host.as_str()).await;
    assert_eq!((manifest.tickets, manifest.ticket_keys.len()), (Tickets::Off, 0));
    let request = IssueTickets { version: V1, invite: None, attested: None, renewal: None, wanted: List::default() };
    let refused = Peer::connect(&relay, Http::Two).await.ask(&request).await.refused();
    assert_eq!(refused, (404, Refusal::NoSuchRequest));
    Peer::connect(&relay, Http::Two).await.call(&open(Ticket::from_bytes(&[0; Ticket::LENGTH]))).await;
    relay.stop().await;
}
