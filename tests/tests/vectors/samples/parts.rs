//! Fields with bytes that are easy to find again in hexadecimal.

use sealpost_wire::codec::{List, V1, exact};
use sealpost_wire::directory::{
    Attestation, BlindedElements, BucketPrefix, Epoch, EvaluatedElements, SignedAttestation, SignedVoucher, Slot,
    Voucher, VoucherId,
};
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::request::{Stored, WantedTickets};
use sealpost_wire::ticket::{BlindedTickets, EvaluatedTickets, InviteCode, Ticket, TicketKind};
use sealpost_wire::time::Day;
use sealpost_wire::{
    AtRest, CollectHash, CollectKey, DepositKey, EntryKey, Envelope, EnvelopeId, MailboxId, SealedItem, Secret,
    ShelfId, SizeClass, StockHash, StockKey, TakeKey,
};

pub(crate) fn deposit_key() -> DepositKey {
    DepositKey::new([0xd1; 32])
}

pub(crate) fn collect_key() -> CollectKey {
    CollectKey::new([0xc1; 32])
}

pub(crate) fn take_key() -> TakeKey {
    TakeKey::new([0x71; 32])
}

pub(crate) fn stock_key() -> StockKey {
    StockKey::new([0x51; 32])
}

pub(crate) fn collect_hash() -> CollectHash {
    collect_key().hash()
}

pub(crate) fn stock_hash() -> StockHash {
    stock_key().hash()
}

pub(crate) fn mailbox() -> MailboxId {
    MailboxId::of(&deposit_key(), &collect_hash())
}

pub(crate) fn shelf() -> ShelfId {
    ShelfId::of(&take_key(), &stock_hash())
}

pub(crate) fn envelope_id(n: u8) -> EnvelopeId {
    EnvelopeId::from_bytes([n; 16])
}

pub(crate) fn envelope(class: SizeClass) -> Envelope {
    Envelope::new(vec![0xe1; class.envelope_length()].into()).unwrap()
}

pub(crate) fn stored(sequence: u64, class: SizeClass) -> Stored {
    let sealed = AtRest::new(vec![0xa5; class.stored_length()].into()).unwrap();
    Stored { sequence, id: envelope_id(0x1d), sealed }
}

pub(crate) fn item(fill: u8) -> SealedItem {
    SealedItem::new(vec![fill; SealedItem::LENGTH].into()).unwrap()
}

pub(crate) fn ticket(kind: TicketKind) -> Option<Ticket> {
    Some(Ticket::new(kind, kind.first_day(Day(20_700)), Secret::new([0x4e; 32]), Secret::new([0x7c; 64])))
}

pub(crate) fn invite() -> InviteCode {
    exact(&[&[0x4c], [0x1c; 12].as_slice()].concat()).unwrap()
}

pub(crate) fn wanted(kind: TicketKind, count: usize) -> WantedTickets {
    let elements = BlindedTickets::from_bytes(&vec![0xb1; count * 32]).unwrap();
    WantedTickets { kind, first_day: kind.first_day(Day(20_700)), elements }
}

pub(crate) fn issued(count: usize) -> EvaluatedTickets {
    EvaluatedTickets::from_bytes(&vec![0xe7; count * 32 + 64]).unwrap()
}

pub(crate) fn operator() -> OperatorSecret {
    OperatorSecret::from_seed(&[0x0b; 32])
}

pub(crate) fn entry_key() -> EntryKey {
    EntryKey::new([0xe5; 32])
}

pub(crate) fn slot() -> Slot {
    Slot::new([0x5a; 256])
}

pub(crate) fn blinded() -> BlindedElements {
    BlindedElements::new([0xb1; 2_048])
}

pub(crate) fn evaluated() -> EvaluatedElements {
    EvaluatedElements::new([0xe7; 2_112])
}

pub(crate) fn attestation() -> SignedAttestation {
    let (epoch, prefix, tag) = (Epoch(230), BucketPrefix(0xb0c0_d0e0), slot().tag());
    let entry = entry_key().hash();
    SignedAttestation::of(&Attestation { version: V1, epoch, prefix, tag, entry, issued: Day(20_700) }, &operator())
}

pub(crate) fn voucher() -> SignedVoucher {
    let (id, service) = (VoucherId::from_bytes([0x0f; 16]), operator().public());
    SignedVoucher::of(&Voucher { version: V1, id, service, epoch: Epoch(230) }, &operator())
}

pub(crate) fn list<T: std::fmt::Debug, const MAX: usize>(values: Vec<T>) -> List<T, MAX> {
    List::new(values).unwrap()
}
