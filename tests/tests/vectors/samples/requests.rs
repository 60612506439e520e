//! Requests.

use sealpost_wire::SizeClass;
use sealpost_wire::codec::V1;
use sealpost_wire::directory::{BucketPrefix, Epoch};
use sealpost_wire::request::*;
use sealpost_wire::ticket::TicketKind;

use super::parts::*;
use super::{Sample, sample};

pub(super) fn of_mailboxes() -> Vec<Sample> {
    let open = |kind, ticket| OpenMailbox { version: V1, mailbox: mailbox(), collect: collect_key(), kind, ticket };
    let collect = |after, max, received| {
        let (version, mailbox, collect) = (V1, mailbox(), collect_key());
        Collect { version, mailbox, collect, after, max, received: list(received) }
    };
    let acknowledge = |ids| Acknowledge { version: V1, mailbox: mailbox(), collect: collect_key(), ids };
    vec![
        sample("open-mailbox", "a front door", open(MailboxKind::FrontDoor, None)),
        sample("open-mailbox", "a mailbox, with a ticket", open(MailboxKind::Pairwise, ticket(TicketKind::Mailbox))),
        sample("collect", "from the start", collect(0, 512, vec![])),
        sample("collect", "after the greatest sequence", collect(u64::MAX, u16::MAX, vec![])),
        sample("collect", "one more, with two to be erased", collect(0, 1, vec![envelope_id(1), envelope_id(2)])),
        sample("collect", "as many to be erased as fit", collect(0, 1, vec![envelope_id(1); MAX_BATCH])),
        sample("acknowledge", "nothing", acknowledge(list(vec![]))),
        sample("acknowledge", "two envelopes", acknowledge(list(vec![envelope_id(1), envelope_id(2)]))),
        sample("acknowledge", "as many as fit", acknowledge(list(vec![envelope_id(1); MAX_BATCH]))),
        sample("close-mailbox", "a mailbox", CloseMailbox { version: V1, mailbox: mailbox(), collect: collect_key() }),
    ]
}

pub(super) fn of_shelves() -> Vec<Sample> {
    let (version, shelf, key) = (V1, shelf(), stock_key);
    let stock = |items, last, replace| Stock { version, shelf, stock: key(), items: list(items), last, replace };
    vec![
        sample("open-shelf", "a shelf", OpenShelf { version, shelf, stock: key(), ticket: None }),
        sample(
            "open-shelf",
            "with a ticket",
            OpenShelf { version, shelf, stock: key(), ticket: ticket(TicketKind::Shelf) },
        ),
        sample("stock", "one more item", stock(vec![item(1)], None, false)),
        sample("stock", "a new last item in place of all", stock(vec![], Some(item(2)), true)),
        sample("stock", "as many as fit", stock(vec![item(1); MAX_ITEMS], Some(item(2)), false)),
        sample("count-items", "a shelf", CountItems { version, shelf, stock: key() }),
        sample("close-shelf", "a shelf", CloseShelf { version, shelf, stock: key() }),
    ]
}

pub(super) fn of_senders() -> Vec<Sample> {
    let deposit = |class, ticket| Deposit {
        version: V1,
        deposit: deposit_key(),
        collect: collect_hash(),
        id: envelope_id(0x1d),
        envelope: envelope(class),
        ticket,
    };
    vec![
        sample("deposit", "the smallest envelope", deposit(SizeClass::Small, None)),
        sample("deposit", "the middle one, with a ticket", deposit(SizeClass::Medium, ticket(TicketKind::FrontDoor))),
        sample("deposit", "the largest", deposit(SizeClass::Large, None)),
        sample("take", "an item", Take { version: V1, take: take_key(), stock: stock_hash() }),
    ]
}

pub(super) fn of_discovery() -> Vec<Sample> {
    let (version, epoch, prefix) = (V1, Epoch(230), BucketPrefix(0xb0c0_d0e0));
    let evaluate = |voucher, ticket| Evaluate { version, epoch, elements: blinded(), voucher, ticket };
    let issue =
        |invite, attested, renewal, wanted| IssueTickets { version, invite, attested, renewal, wanted: list(wanted) };
    let publish =
        |attestation, ticket| Publish { version, epoch, prefix, slot: slot(), entry: entry_key(), attestation, ticket };
    vec![
        sample("evaluate", "where anyone may ask", evaluate(None, None)),
        sample("evaluate", "with a voucher", evaluate(Some(voucher()), None)),
        sample("evaluate", "with a ticket", evaluate(None, ticket(TicketKind::Evaluate))),
        sample("publish", "where anyone may publish", publish(None, None)),
        sample(
            "publish",
            "with an attestation and a ticket",
            publish(Some(attestation()), ticket(TicketKind::Publish)),
        ),
        sample(
            "issue-tickets",
            "for an invite code",
            issue(Some(invite()), None, None, vec![wanted(TicketKind::Mailbox, 1)]),
        ),
        sample(
            "issue-tickets",
            "on an attester's word",
            issue(None, Some(voucher()), None, vec![wanted(TicketKind::Evaluate, 64)]),
        ),
        sample(
            "issue-tickets",
            "for a renewal ticket",
            issue(
                None,
                None,
                ticket(TicketKind::Renewal),
                vec![wanted(TicketKind::FrontDoor, 2), wanted(TicketKind::Renewal, 1)],
            ),
        ),
        sample("issue-tickets", "nothing, where anyone may ask", issue(None, None, None, vec![])),
        sample("withdraw", "an entry", Withdraw { version, epoch, prefix, tag: slot().tag(), entry: entry_key() }),
    ]
}
