//! Replies.

use sealpost_wire::SizeClass;
use sealpost_wire::codec::V1;
use sealpost_wire::directory::Epoch;
use sealpost_wire::request::*;
use sealpost_wire::statement::{Closed, SignedDeletion};
use sealpost_wire::time::Day;

use super::parts::*;
use super::{Sample, sample};

pub(super) fn to_owners() -> Vec<Sample> {
    let collected = |envelopes, more| Collected { version: V1, envelopes: list(envelopes), more };
    let closed =
        |closed| ClosedReply { version: V1, statement: SignedDeletion::sign(closed, Day(20_000), &operator()) };
    let classes = vec![stored(1, SizeClass::Small), stored(300, SizeClass::Medium), stored(70_000, SizeClass::Large)];
    vec![
        sample("done", "nothing to tell", Done { version: V1 }),
        sample("collected", "an empty mailbox", collected(vec![], false)),
        sample("collected", "one of each length, and more behind", collected(classes, true)),
        sample("collected", "the greatest sequence", collected(vec![stored(u64::MAX, SizeClass::Small)], false)),
        sample("closed", "a mailbox", closed(Closed::Mailbox(mailbox()))),
        sample("closed", "a shelf", closed(Closed::Shelf(shelf()))),
        sample("closed", "an entry of a directory", closed(Closed::Entry(Epoch(230), slot().tag()))),
        sample("item-count", "none", ItemCount { version: V1, items: 0 }),
        sample("item-count", "a full shelf", ItemCount { version: V1, items: 100 }),
    ]
}

pub(super) fn to_senders() -> Vec<Sample> {
    let deposited = |outcome, retry_after| Deposited { version: V1, outcome, retry_after };
    vec![
        sample("deposited", "accepted", deposited(Outcome::Accepted, None)),
        sample("deposited", "full", deposited(Outcome::Full, None)),
        sample("deposited", "gone", deposited(Outcome::Gone, None)),
        sample("deposited", "try later", deposited(Outcome::TryLater, Some(30))),
        sample("taken", "an item", Taken { version: V1, item: item(3) }),
    ]
}

pub(super) fn of_discovery() -> Vec<Sample> {
    let tickets = |issued| IssuedTickets { version: V1, issued: list(issued) };
    let published = |listing, day| Published { version: V1, listing, day };
    vec![
        sample("evaluated", "64 elements and their proof", Evaluated { version: V1, elements: evaluated() }),
        sample("issued-tickets", "none", tickets(vec![])),
        sample("issued-tickets", "under two keys", tickets(vec![issued(1), issued(64)])),
        sample("published", "listed", published(Listing::Listed, None)),
        sample(
            "published",
            "listed, and someone else has proved the number",
            published(Listing::Listed, Some(Day(20_707))),
        ),
        sample("published", "waiting", published(Listing::Waiting, Some(Day(20_707)))),
    ]
}

pub(super) fn of_refusal() -> Vec<Sample> {
    let refused = |shows, reason| sample("refused", shows, Refused { version: V1, reason, retry_after: None });
    vec![
        refused("malformed", Refusal::Malformed),
        refused("denied", Refusal::Denied),
        refused("wrong side", Refusal::WrongSide),
        refused("ticket needed", Refusal::TicketNeeded),
        refused("limit", Refusal::Limit),
        refused("no such shelf", Refusal::Gone),
        sample(
            "refused",
            "try later, after the longest wait",
            Refused { version: V1, reason: Refusal::TryLater, retry_after: Some(u16::MAX) },
        ),
        refused("too large", Refusal::TooLarge),
        refused("another version", Refusal::Version),
        refused("no such request", Refusal::NoSuchRequest),
        refused("an epoch that is not open", Refusal::NoEpoch),
        refused("another number of buckets", Refusal::OtherBits),
        refused("not attested", Refusal::NotAttested),
        refused("a spent ticket", Refusal::TicketSpent),
        refused("no voucher", Refusal::VoucherNeeded),
        refused("other ticket keys", Refusal::OtherKeys),
    ]
}
