//! Mailboxes, shelves and envelopes to ask about.

use sealpost_wire::codec::{List, V1};
use sealpost_wire::request::{
    Acknowledge, CloseMailbox, CloseShelf, Collect, CountItems, Deposit, MailboxKind, OpenMailbox, OpenShelf, Stock,
    Take,
};
use sealpost_wire::{
    CollectKey, DepositKey, Envelope, EnvelopeId, MailboxId, SealedItem, ShelfId, SizeClass, StockKey, TakeKey,
};

pub(crate) struct Mailbox {
    pub(crate) deposit: DepositKey,
    pub(crate) collect: CollectKey,
}

impl Mailbox {
    pub(crate) fn random() -> Self {
        let mut rng = rand::rng();
        Self { deposit: DepositKey::random(&mut rng), collect: CollectKey::random(&mut rng) }
    }

    pub(crate) fn id(&self) -> MailboxId {
        MailboxId::of(&self.deposit, &self.collect.hash())
    }

    pub(crate) fn open(&self) -> OpenMailbox {
        OpenMailbox {
            version: V1,
            mailbox: self.id(),
            collect: self.collect.clone(),
            kind: MailboxKind::Pairwise,
            ticket: None,
        }
    }

    pub(crate) fn deposit(&self, id: EnvelopeId) -> Deposit {
        self.deposit_of(id, SizeClass::Small)
    }

    pub(crate) fn deposit_of(&self, id: EnvelopeId, class: SizeClass) -> Deposit {
        let envelope = Envelope::new(vec![7; class.envelope_length()].into()).unwrap();
        Deposit { version: V1, deposit: self.deposit.clone(), collect: self.collect.hash(), id, envelope, ticket: None }
    }

    pub(crate) fn collect(&self) -> Collect {
        let (mailbox, collect, received) = (self.id(), self.collect.clone(), List::default());
        Collect { version: V1, mailbox, collect, after: 0, max: 512, received }
    }

    pub(crate) fn acknowledge(&self, ids: Vec<EnvelopeId>) -> Acknowledge {
        let ids = List::new(ids).unwrap();
        Acknowledge { version: V1, mailbox: self.id(), collect: self.collect.clone(), ids }
    }

    pub(crate) fn close(&self) -> CloseMailbox {
        CloseMailbox { version: V1, mailbox: self.id(), collect: self.collect.clone() }
    }
}

pub(crate) struct Shelf {
    pub(crate) take: TakeKey,
    pub(crate) stock: StockKey,
}

impl Shelf {
    pub(crate) fn random() -> Self {
        let mut rng = rand::rng();
        Self { take: TakeKey::random(&mut rng), stock: StockKey::random(&mut rng) }
    }

    pub(crate) fn id(&self) -> ShelfId {
        ShelfId::of(&self.take, &self.stock.hash())
    }

    pub(crate) fn open(&self) -> OpenShelf {
        OpenShelf { version: V1, shelf: self.id(), stock: self.stock.clone(), ticket: None }
    }

    pub(crate) fn stock(&self, items: Vec<SealedItem>, last: Option<SealedItem>) -> Stock {
        let items = List::new(items).unwrap();
        Stock { version: V1, shelf: self.id(), stock: self.stock.clone(), items, last, replace: false }
    }

    pub(crate) fn count(&self) -> CountItems {
        CountItems { version: V1, shelf: self.id(), stock: self.stock.clone() }
    }

    pub(crate) fn take(&self) -> Take {
        Take { version: V1, take: self.take.clone(), stock: self.stock.hash() }
    }

    pub(crate) fn close(&self) -> CloseShelf {
        CloseShelf { version: V1, shelf: self.id(), stock: self.stock.clone() }
    }
}

pub(crate) fn item(filling: u8) -> SealedItem {
    SealedItem::new(vec![filling; SealedItem::LENGTH].into()).unwrap()
}

pub(crate) fn envelope_id() -> EnvelopeId {
    EnvelopeId::random(&mut rand::rng())
}
