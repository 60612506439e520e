//! Mailboxes to write to, each with one prepared envelope.

use rand::RngCore;
use sealpost_wire::codec::V1;
use sealpost_wire::frame::{Channel, Subscribe, Tagged};
use sealpost_wire::request::{CloseMailbox, Deposit, MailboxKind, OpenMailbox};
use sealpost_wire::{CollectKey, DepositKey, Envelope, EnvelopeId, MailboxId, SizeClass, to_bytes};

use super::frames::FIRST_TAG;
use crate::load::frames::Prepared;

/// A mailbox, and the envelope that is deposited in it again and again.
#[derive(Clone)]
pub struct Mailbox {
    /// What allows to deposit.
    pub deposit: DepositKey,
    /// What allows to collect.
    pub collect: CollectKey,
    /// The envelope.
    pub envelope: Vec<u8>,
}

impl Mailbox {
    /// A new one; its envelope looks random, as sealed ones do.
    #[must_use]
    pub fn random(class: SizeClass) -> Self {
        let mut rng = rand::rng();
        let mut envelope = vec![0; class.envelope_length()];
        rng.fill_bytes(&mut envelope);
        Self { deposit: DepositKey::random(&mut rng), collect: CollectKey::random(&mut rng), envelope }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> MailboxId {
        MailboxId::of(&self.deposit, &self.collect.hash())
    }

    /// Asks to open it.
    #[must_use]
    pub fn open(&self) -> OpenMailbox {
        let kind = MailboxKind::Pairwise;
        OpenMailbox { version: V1, mailbox: self.id(), collect: self.collect.clone(), kind, ticket: None }
    }

    /// Asks to close it.
    #[must_use]
    pub fn close(&self) -> CloseMailbox {
        CloseMailbox { version: V1, mailbox: self.id(), collect: self.collect.clone() }
    }

    /// Asks to have it delivered.
    #[must_use]
    pub fn subscribe(&self, channel: Channel) -> Subscribe {
        Subscribe { channel, mailbox: self.id(), collect: self.collect.clone() }
    }

    /// Its deposit under an id; none for an envelope that is of no class.
    #[must_use]
    pub fn deposit(&self, id: EnvelopeId) -> Option<Deposit> {
        let envelope = Envelope::new(self.envelope.clone().into())?;
        let (deposit, collect) = (self.deposit.clone(), self.collect.hash());
        Some(Deposit { version: V1, deposit, collect, id, envelope, ticket: None })
    }

    /// Its deposit as it goes into a frame.
    #[must_use]
    pub fn prepared(&self) -> Option<Prepared> {
        let id = EnvelopeId::from_bytes(Prepared::PLACE);
        let deposit = self.deposit(id)?;
        Prepared::new(to_bytes(&Tagged { tag: FIRST_TAG, deposit }))
    }
}
