//! WebSocket frames.

use sealpost_wire::SizeClass;
use sealpost_wire::codec::V1;
use sealpost_wire::frame::*;
use sealpost_wire::request::{Deposit, Outcome, Refusal};

use super::parts::*;
use super::{Sample, sample};

pub(super) fn of_owners() -> Vec<Sample> {
    let subscribe = Subscribe { channel: 0, mailbox: mailbox(), collect: collect_key() };
    let received = Received { channel: 0, ids: list(vec![envelope_id(1), envelope_id(2)]) };
    let asked = OwnerFrame {
        version: V1,
        subscribe: list(vec![subscribe]),
        acknowledge: list(vec![received]),
        unsubscribe: list(vec![7, u32::MAX]),
    };
    let delivered = DeliveryFrame {
        version: V1,
        deliveries: list(vec![
            Delivery { channel: 0, stored: stored(9, SizeClass::Small) },
            Delivery { channel: 1, stored: stored(8, SizeClass::Medium) },
        ]),
        caught_up: list(vec![0]),
        ended: list(vec![Ended { channel: 2, reason: Refusal::Denied }]),
    };
    vec![
        sample("owner-frame", "nothing", OwnerFrame::default()),
        sample("owner-frame", "a subscription, acknowledgements, two ends", asked),
        sample("delivery-frame", "nothing", DeliveryFrame::default()),
        sample("delivery-frame", "two deliveries, one caught up, one ended", delivered),
    ]
}

pub(super) fn of_senders() -> Vec<Sample> {
    let deposit = |class| Deposit {
        version: V1,
        deposit: deposit_key(),
        collect: collect_hash(),
        id: envelope_id(0x1d),
        envelope: envelope(class),
        ticket: None,
    };
    let deposits = list(vec![
        Tagged { tag: 0, deposit: deposit(SizeClass::Small) },
        Tagged { tag: u32::MAX, deposit: deposit(SizeClass::Medium) },
    ]);
    let outcomes = list(vec![
        TaggedOutcome { tag: 1, outcome: Outcome::Accepted, retry_after: None },
        TaggedOutcome { tag: 0, outcome: Outcome::TryLater, retry_after: Some(2) },
    ]);
    vec![
        sample("deposit-frame", "nothing", DepositFrame::default()),
        sample("deposit-frame", "two deposits", DepositFrame { version: V1, deposits }),
        sample("outcome-frame", "nothing", OutcomeFrame::default()),
        sample("outcome-frame", "two outcomes, in another order", OutcomeFrame { version: V1, outcomes }),
    ]
}
