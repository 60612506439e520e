//! Printing is a privilege: what names, opens or carries something shows its type's name and nothing else.

use sealpost_wire::codec::{List, V1};
use sealpost_wire::directory::{BlindedElements, BucketPrefix, Epoch, Slot, VoucherId};
use sealpost_wire::frame::{DepositFrame, OwnerFrame, Subscribe, Tagged};
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::request::{
    Collect, Collected, Deposit, Evaluate, MailboxKind, OpenMailbox, OpenShelf, Publish, Stock, Stored, Take, Taken,
    Withdraw,
};
use sealpost_wire::statement::{Closed, SignedDeletion};
use sealpost_wire::ticket::Ticket;
use sealpost_wire::time::Day;
use sealpost_wire::{
    Address, AtRest, CollectHash, CollectKey, DepositKey, EntryHash, EntryKey, Envelope, EnvelopeId, MailboxId,
    RelayRef, SealedItem, Secret, ShelfId, SizeClass, StockHash, StockKey, TakeKey,
};

fn list<T: std::fmt::Debug, const MAX: usize>(value: T) -> List<T, MAX> {
    List::new(vec![value]).unwrap()
}

fn deposit() -> Deposit {
    Deposit {
        version: V1,
        deposit: DepositKey::new([1; 32]),
        collect: CollectHash::from_bytes([2; 32]),
        id: EnvelopeId::from_bytes([3; 16]),
        envelope: Envelope::new(vec![4; SizeClass::Small.envelope_length()].into()).unwrap(),
        ticket: Ticket::from_bytes(&[5; Ticket::LENGTH]),
    }
}

fn relay() -> RelayRef {
    let operator = OperatorSecret::from_seed(&[1; 32]).public();
    RelayRef { host: "relay.example.org:443".parse().unwrap(), operator }
}

fn item() -> SealedItem {
    SealedItem::new(vec![6; SealedItem::LENGTH].into()).unwrap()
}

#[test]
fn keys_ids_and_sealed_bytes_print_as_their_name() {
    let printed = [
        format!("{:?}", Secret::new([1; 32])),
        format!("{:?}", DepositKey::new([1; 32])),
        format!("{:?}", CollectKey::new([1; 32])),
        format!("{:?}", TakeKey::new([1; 32])),
        format!("{:?}", StockKey::new([1; 32])),
        format!("{:?}", CollectHash::from_bytes([1; 32])),
        format!("{:?}", StockHash::from_bytes([1; 32])),
        format!("{:?}", MailboxId::from_bytes([1; 32])),
        format!("{:?}", ShelfId::from_bytes([1; 32])),
        format!("{:?}", EnvelopeId::from_bytes([1; 16])),
        format!("{:?}", OperatorSecret::from_seed(&[1; 32])),
        format!("{:?}", relay()),
        format!("{:?}", relay().host),
        format!("{:?}", relay().operator),
    ];
    let expected = "Secret DepositKey CollectKey TakeKey StockKey CollectHash StockHash MailboxId ShelfId EnvelopeId \
                    OperatorSecret RelayRef RelayHost OperatorKey";
    assert_eq!(printed.join(" ").replace("(..)", ""), expected);
}

#[test]
fn an_address_prints_as_its_name() {
    let address =
        Address { relay: relay(), deposit: DepositKey::new([1; 32]), collect: CollectHash::from_bytes([2; 32]) };
    assert_eq!(format!("{address:?}"), "Address(..)");
}

#[test]
fn a_deposit_prints_no_value() {
    let shown = "Deposit { version: V1, deposit: DepositKey(..), collect: CollectHash(..), id: EnvelopeId(..), \
                 envelope: Envelope(..), ticket: Some(Ticket(..)) }";
    assert_eq!(format!("{:?}", deposit()), shown);
    let frame = DepositFrame { version: V1, deposits: list(Tagged { tag: 7, deposit: deposit() }) };
    let framed = format!("DepositFrame {{ version: V1, deposits: List([Tagged {{ tag: 7, deposit: {shown} }}]) }}");
    assert_eq!(format!("{frame:?}"), framed);
}

#[test]
fn an_owners_requests_print_no_value() {
    let (mailbox, collect) = (MailboxId::from_bytes([1; 32]), CollectKey::new([2; 32]));
    let (shelf, stock) = (ShelfId::from_bytes([3; 32]), StockKey::new([4; 32]));
    assert_eq!(
        format!(
            "{:?}",
            OpenMailbox { version: V1, mailbox, collect: collect.clone(), kind: MailboxKind::Pairwise, ticket: None }
        ),
        "OpenMailbox { version: V1, mailbox: MailboxId(..), collect: CollectKey(..), kind: Pairwise, ticket: None }"
    );
    assert_eq!(
        format!(
            "{:?}",
            Collect { version: V1, mailbox, collect: collect.clone(), after: 0, max: 9, received: List::default() }
        ),
        "Collect { version: V1, mailbox: MailboxId(..), collect: CollectKey(..), after: 0, max: 9, received: List([]) }"
    );
    assert_eq!(
        format!("{:?}", OpenShelf { version: V1, shelf, stock: stock.clone(), ticket: None }),
        "OpenShelf { version: V1, shelf: ShelfId(..), stock: StockKey(..), ticket: None }"
    );
    assert_eq!(
        format!("{:?}", Stock { version: V1, shelf, stock, items: list(item()), last: None, replace: false }),
        "Stock { version: V1, shelf: ShelfId(..), stock: StockKey(..), items: List([SealedItem(..)]), last: None, \
         replace: false }"
    );
    let frame = OwnerFrame { subscribe: list(Subscribe { channel: 7, mailbox, collect }), ..OwnerFrame::default() };
    assert_eq!(
        format!("{frame:?}"),
        "OwnerFrame { version: V1, subscribe: List([Subscribe { channel: 7, mailbox: MailboxId(..), \
         collect: CollectKey(..) }]), acknowledge: List([]), unsubscribe: List([]) }"
    );
}

#[test]
fn what_a_relay_hands_out_prints_no_value() {
    let sealed = AtRest::new(vec![1; SizeClass::Small.stored_length()].into()).unwrap();
    let stored = Stored { sequence: 7, id: EnvelopeId::from_bytes([2; 16]), sealed };
    assert_eq!(
        format!("{:?}", Collected { version: V1, envelopes: list(stored), more: false }),
        "Collected { version: V1, envelopes: List([Stored { sequence: 7, id: EnvelopeId(..), sealed: AtRest(..) }]), \
         more: false }"
    );
    let take = Take { version: V1, take: TakeKey::new([1; 32]), stock: StockHash::from_bytes([2; 32]) };
    assert_eq!(format!("{take:?}"), "Take { version: V1, take: TakeKey(..), stock: StockHash(..) }");
    assert_eq!(format!("{:?}", Taken { version: V1, item: item() }), "Taken { version: V1, item: SealedItem(..) }");
    let closed = Closed::Mailbox(MailboxId::from_bytes([1; 32]));
    let statement = SignedDeletion::sign(closed, Day(0), &OperatorSecret::from_seed(&[1; 32]));
    assert_eq!(format!("{closed:?} {statement:?}"), "Mailbox(MailboxId(..)) Signed(..)");
}

#[test]
fn what_a_directory_is_asked_prints_no_value() {
    let (epoch, prefix, entry) = (Epoch(230), BucketPrefix(7), EntryKey::new([1; 32]));
    let slot = Slot::new([1; 256]);
    let withdraw = Withdraw { version: V1, epoch, prefix, tag: slot.tag(), entry: entry.clone() };
    assert_eq!(
        format!("{withdraw:?}"),
        "Withdraw { version: V1, epoch: Epoch(230), prefix: BucketPrefix(..), tag: Tag(..), entry: EntryKey(..) }"
    );
    let publish = Publish { version: V1, epoch, prefix, slot, entry, attestation: None, ticket: None };
    assert_eq!(
        format!("{publish:?}"),
        "Publish { version: V1, epoch: Epoch(230), prefix: BucketPrefix(..), slot: Slot(..), entry: EntryKey(..), \
         attestation: None, ticket: None }"
    );
    let elements = BlindedElements::new([1; 2_048]);
    assert_eq!(
        format!("{:?}", Evaluate { version: V1, epoch, elements, voucher: None, ticket: None }),
        "Evaluate { version: V1, epoch: Epoch(230), elements: BlindedElements(..), voucher: None, ticket: None }"
    );
    let printed = format!("{:?} {:?}", EntryHash::from_bytes([1; 32]), VoucherId::from_bytes([1; 16]));
    assert_eq!(printed, "EntryHash(..) VoucherId(..)");
}
