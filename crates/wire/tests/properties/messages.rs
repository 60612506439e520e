//! Every message and frame, one strategy, its type forgotten.

use std::fmt::Debug;

use minicbor::{Decode, Encode};
use proptest::prelude::*;
use sealpost_wire::codec::{DecodeError, V1};
use sealpost_wire::frame::*;
use sealpost_wire::request::*;
use sealpost_wire::{from_bytes, to_bytes};

use crate::values::*;

/// One message or frame, as it travels.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    /// Its encoding.
    pub(crate) body: Vec<u8>,
    /// Whether decoding gave the same value.
    pub(crate) survived: bool,
    /// Decodes bytes as its type and encodes them again.
    pub(crate) recode: fn(&[u8]) -> Result<Vec<u8>, DecodeError>,
}

fn recode<T: Encode<()> + for<'b> Decode<'b, ()>>(bytes: &[u8]) -> Result<Vec<u8>, DecodeError> {
    from_bytes::<T>(bytes).map(|value| to_bytes(&value))
}

fn sample<T>(values: impl Strategy<Value = T> + 'static) -> BoxedStrategy<Sample>
where
    T: Encode<()> + for<'b> Decode<'b, ()> + PartialEq + Debug + 'static,
{
    let forget = |value: T| {
        let body = to_bytes(&value);
        Sample { survived: from_bytes(&body) == Ok(value), body, recode: recode::<T> }
    };
    values.prop_map(forget).boxed()
}

macro_rules! sample {
    ($type:ident { $($field:ident: $values:expr),* $(,)? }) => {
        sample(($($values,)*).prop_map(|($($field,)*)| $type { version: V1, $($field),* }))
    };
}

/// Any message or frame of the protocol.
pub(crate) fn any_message() -> impl Strategy<Value = Sample> {
    prop_oneof![owner_request(), sender_request(), discovery(), reply(), owner_frame(), sender_frame()]
}

fn owner_request() -> impl Strategy<Value = Sample> {
    prop_oneof![
        sample!(OpenMailbox { mailbox: mailbox(), collect: collect_key(), kind: kind(), ticket: ticket() }),
        sample!(Collect {
            mailbox: mailbox(),
            collect: collect_key(),
            after: any::<u64>(),
            max: any::<u16>(),
            received: list(envelope_id(), 8)
        }),
        sample!(Acknowledge { mailbox: mailbox(), collect: collect_key(), ids: list(envelope_id(), 8) }),
        sample!(CloseMailbox { mailbox: mailbox(), collect: collect_key() }),
        sample!(OpenShelf { shelf: shelf(), stock: stock_key(), ticket: ticket() }),
        sample!(Stock {
            shelf: shelf(),
            stock: stock_key(),
            items: list(item(), 3),
            last: proptest::option::of(item()),
            replace: any::<bool>(),
        }),
        sample!(CountItems { shelf: shelf(), stock: stock_key() }),
        sample!(CloseShelf { shelf: shelf(), stock: stock_key() }),
    ]
}

fn deposit() -> impl Strategy<Value = Deposit> {
    (deposit_key(), collect_hash(), envelope_id(), envelope(), ticket()).prop_map(
        |(deposit, collect, id, envelope, ticket)| Deposit { version: V1, deposit, collect, id, envelope, ticket },
    )
}

fn sender_request() -> impl Strategy<Value = Sample> {
    prop_oneof![sample(deposit()), sample!(Take { take: take_key(), stock: stock_hash() })]
}

fn discovery() -> impl Strategy<Value = Sample> {
    prop_oneof![
        sample!(Evaluate {
            epoch: epoch(),
            elements: blinded(),
            voucher: proptest::option::of(voucher()),
            ticket: ticket()
        }),
        sample!(Evaluated { elements: evaluated() }),
        sample!(Publish {
            epoch: epoch(),
            prefix: prefix(),
            slot: slot(),
            entry: entry_key(),
            attestation: proptest::option::of(attestation()),
            ticket: ticket(),
        }),
        sample!(Published { listing: listing(), day: proptest::option::of(day()) }),
        sample!(IssueTickets {
            invite: invite(),
            attested: proptest::option::of(voucher()),
            renewal: ticket(),
            wanted: list(wanted(), 3),
        }),
        sample!(IssuedTickets { issued: list(issued(), 3) }),
        sample!(Withdraw { epoch: epoch(), prefix: prefix(), tag: tag(), entry: entry_key() }),
    ]
}

fn reply() -> impl Strategy<Value = Sample> {
    let retry_after = proptest::option::of(any::<u16>());
    prop_oneof![
        sample!(Deposited { outcome: outcome(), retry_after: retry_after.clone() }),
        sample!(Collected { envelopes: list(stored(), 3), more: any::<bool>() }),
        sample!(ItemCount { items: any::<u16>() }),
        sample!(Taken { item: item() }),
        sample(Just(Done { version: V1 })),
        sample!(ClosedReply { statement: statement() }),
        sample!(Refused { reason: refusal(), retry_after: retry_after }),
    ]
}

fn owner_frame() -> impl Strategy<Value = Sample> {
    let subscribe = (any::<u32>(), mailbox(), collect_key());
    let subscribe = subscribe.prop_map(|(channel, mailbox, collect)| Subscribe { channel, mailbox, collect });
    let received = (any::<u32>(), list(envelope_id(), 4)).prop_map(|(channel, ids)| Received { channel, ids });
    let delivery = (any::<u32>(), stored()).prop_map(|(channel, stored)| Delivery { channel, stored });
    let ended = (any::<u32>(), refusal()).prop_map(|(channel, reason)| Ended { channel, reason });
    prop_oneof![
        sample!(OwnerFrame {
            subscribe: list(subscribe, 3),
            acknowledge: list(received, 3),
            unsubscribe: list(any::<u32>(), 3),
        }),
        sample!(DeliveryFrame {
            deliveries: list(delivery, 3),
            caught_up: list(any::<u32>(), 3),
            ended: list(ended, 3),
        }),
    ]
}

fn sender_frame() -> impl Strategy<Value = Sample> {
    let tagged = (any::<u32>(), deposit()).prop_map(|(tag, deposit)| Tagged { tag, deposit });
    let told = (any::<u32>(), outcome(), proptest::option::of(any::<u16>()));
    let told = told.prop_map(|(tag, outcome, retry_after)| TaggedOutcome { tag, outcome, retry_after });
    prop_oneof![sample!(DepositFrame { deposits: list(tagged, 3) }), sample!(OutcomeFrame { outcomes: list(told, 5) }),]
}
