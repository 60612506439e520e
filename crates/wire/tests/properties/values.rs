//! Strategies for the fields that messages are made of.

use proptest::collection::vec;
use proptest::prelude::*;
use sealpost_wire::codec::{List, V1};
use sealpost_wire::directory::{
    Attestation, BlindedElements, BucketPrefix, Epoch, EvaluatedElements, SignedAttestation, SignedVoucher, Slot, Tag,
    Voucher, VoucherId,
};
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::request::{Listing, MailboxKind, Outcome, Refusal, Stored, WantedTickets};
use sealpost_wire::statement::{Closed, SignedDeletion};
use sealpost_wire::ticket::{BlindedTickets, EvaluatedTickets, InviteCode, Ticket, TicketKind};
use sealpost_wire::time::Day;
use sealpost_wire::{
    AtRest, CollectHash, CollectKey, DepositKey, EntryHash, EntryKey, Envelope, EnvelopeId, MailboxId, SealedItem,
    ShelfId, SizeClass, StockHash, StockKey, TakeKey,
};

macro_rules! of_bytes {
    ($($name:ident -> $type:ident::$make:ident;)*) => {$(
        pub(crate) fn $name() -> impl Strategy<Value = $type> {
            any::<[u8; _]>().prop_map($type::$make)
        }
    )*};
}

of_bytes! {
    collect_hash -> CollectHash::from_bytes;
    collect_key -> CollectKey::new;
    deposit_key -> DepositKey::new;
    entry_hash -> EntryHash::from_bytes;
    entry_key -> EntryKey::new;
    mailbox -> MailboxId::from_bytes;
    shelf -> ShelfId::from_bytes;
    stock_hash -> StockHash::from_bytes;
    stock_key -> StockKey::new;
    tag -> Tag::from_bytes;
    take_key -> TakeKey::new;
    voucher_id -> VoucherId::from_bytes;
}

pub(crate) fn envelope_id() -> impl Strategy<Value = EnvelopeId> {
    any::<[u8; 16]>().prop_map(EnvelopeId::from_bytes)
}

fn class() -> impl Strategy<Value = SizeClass> {
    prop_oneof![8 => Just(SizeClass::Small), 1 => Just(SizeClass::Medium), 1 => Just(SizeClass::Large)]
}

pub(crate) fn envelope() -> impl Strategy<Value = Envelope> {
    (class(), any::<u8>()).prop_map(|(class, fill)| Envelope::new(vec![fill; class.envelope_length()].into()).unwrap())
}

fn at_rest() -> impl Strategy<Value = AtRest> {
    (class(), any::<u8>()).prop_map(|(class, fill)| AtRest::new(vec![fill; class.stored_length()].into()).unwrap())
}

pub(crate) fn item() -> impl Strategy<Value = SealedItem> {
    any::<u8>().prop_map(|fill| SealedItem::new(vec![fill; SealedItem::LENGTH].into()).unwrap())
}

pub(crate) fn ticket() -> impl Strategy<Value = Option<Ticket>> {
    let bytes = (0..6_u8, vec(any::<u8>(), Ticket::LENGTH - 1)).prop_map(|(kind, rest)| [vec![kind], rest].concat());
    proptest::option::of(bytes.prop_map(|bytes| Ticket::from_bytes(&bytes).unwrap()))
}

pub(crate) fn invite() -> impl Strategy<Value = Option<InviteCode>> {
    let code = any::<u64>()
        .prop_map(|seed| InviteCode::random(&mut <rand::rngs::StdRng as rand::SeedableRng>::seed_from_u64(seed)));
    proptest::option::of(code)
}

pub(crate) fn wanted() -> impl Strategy<Value = WantedTickets> {
    let elements = (1..=64_usize, any::<u8>())
        .prop_map(|(count, byte)| BlindedTickets::from_bytes(&vec![byte; count * 32]).unwrap());
    (proptest::sample::select(TicketKind::ALL.to_vec()), day(), elements)
        .prop_map(|(kind, first_day, elements)| WantedTickets { kind, first_day, elements })
}

pub(crate) fn issued() -> impl Strategy<Value = EvaluatedTickets> {
    (1..=64_usize, any::<u8>())
        .prop_map(|(count, byte)| EvaluatedTickets::from_bytes(&vec![byte; count * 32 + 64]).unwrap())
}

pub(crate) fn stored() -> impl Strategy<Value = Stored> {
    (any::<u64>(), envelope_id(), at_rest()).prop_map(|(sequence, id, sealed)| Stored { sequence, id, sealed })
}

pub(crate) fn kind() -> impl Strategy<Value = MailboxKind> {
    prop_oneof![Just(MailboxKind::FrontDoor), Just(MailboxKind::Pairwise)]
}

pub(crate) fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Accepted),
        Just(Outcome::Full),
        Just(Outcome::Gone),
        Just(Outcome::TryLater),
        Just(Outcome::TicketRefused),
    ]
}

pub(crate) fn refusal() -> impl Strategy<Value = Refusal> {
    prop_oneof![
        Just(Refusal::Malformed),
        Just(Refusal::Denied),
        Just(Refusal::WrongSide),
        Just(Refusal::TicketNeeded),
        Just(Refusal::Limit),
        Just(Refusal::Gone),
        Just(Refusal::TryLater),
        Just(Refusal::TooLarge),
        Just(Refusal::Version),
        Just(Refusal::NoSuchRequest),
        Just(Refusal::NoEpoch),
        Just(Refusal::OtherBits),
        Just(Refusal::NotAttested),
        Just(Refusal::TicketSpent),
        Just(Refusal::VoucherNeeded),
        Just(Refusal::OtherKeys),
    ]
}

pub(crate) fn statement() -> impl Strategy<Value = SignedDeletion> {
    let entry = (epoch(), tag()).prop_map(|(epoch, tag)| Closed::Entry(epoch, tag));
    let closed = prop_oneof![mailbox().prop_map(Closed::Mailbox), shelf().prop_map(Closed::Shelf), entry];
    (closed, day()).prop_map(move |(closed, day)| SignedDeletion::sign(closed, day, &operator()))
}

fn operator() -> OperatorSecret {
    OperatorSecret::from_seed(&[1; 32])
}

pub(crate) fn day() -> impl Strategy<Value = Day> {
    any::<u32>().prop_map(Day)
}

pub(crate) fn epoch() -> impl Strategy<Value = Epoch> {
    any::<u32>().prop_map(Epoch)
}

pub(crate) fn prefix() -> impl Strategy<Value = BucketPrefix> {
    any::<u32>().prop_map(BucketPrefix)
}

pub(crate) fn slot() -> impl Strategy<Value = Slot> {
    any::<u8>().prop_map(|fill| Slot::new([fill; Slot::LENGTH]))
}

pub(crate) fn blinded() -> impl Strategy<Value = BlindedElements> {
    any::<u8>().prop_map(|fill| BlindedElements::new([fill; BlindedElements::LENGTH]))
}

pub(crate) fn evaluated() -> impl Strategy<Value = EvaluatedElements> {
    any::<u8>().prop_map(|fill| EvaluatedElements::new([fill; EvaluatedElements::LENGTH]))
}

pub(crate) fn listing() -> impl Strategy<Value = Listing> {
    prop_oneof![Just(Listing::Listed), Just(Listing::Waiting)]
}

pub(crate) fn attestation() -> impl Strategy<Value = SignedAttestation> {
    (epoch(), prefix(), tag(), entry_hash(), day()).prop_map(|(epoch, prefix, tag, entry, issued)| {
        SignedAttestation::of(&Attestation { version: V1, epoch, prefix, tag, entry, issued }, &operator())
    })
}

pub(crate) fn voucher() -> impl Strategy<Value = SignedVoucher> {
    let service = operator().public();
    (voucher_id(), epoch())
        .prop_map(move |(id, epoch)| SignedVoucher::of(&Voucher { version: V1, id, service, epoch }, &operator()))
}

/// A list of up to `most` values, which is fewer than it could hold, to keep the runs short.
pub(crate) fn list<T: std::fmt::Debug, const MAX: usize>(
    values: impl Strategy<Value = T>,
    most: usize,
) -> impl Strategy<Value = List<T, MAX>> {
    vec(values, 0..=most).prop_map(|values| List::new(values).unwrap())
}
