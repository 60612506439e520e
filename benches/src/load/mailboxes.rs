//! Mailboxes to write to, each with envelopes that are prepared.

use std::sync::Arc;

use rand::RngCore;
use sealpost_wire::codec::V1;
use sealpost_wire::frame::{Channel, Subscribe, Tagged};
use sealpost_wire::request::{CloseMailbox, Deposit, MailboxKind, OpenMailbox};
use sealpost_wire::{CollectKey, DepositKey, Envelope, EnvelopeId, MailboxId, SizeClass, to_bytes};

use super::frames::{Deposits, FIRST_TAG, Prepared};
use super::mark::Mark;
use crate::failure::Failure;

/// A mailbox, and the envelopes that are deposited in it, again and again.
#[derive(Clone)]
pub struct Mailbox {
    /// What allows to deposit.
    pub deposit: DepositKey,
    /// What allows to collect.
    pub collect: CollectKey,
    envelopes: Vec<Arc<[u8]>>,
    /// Who opens them, where there is somebody.
    reader: Option<Arc<dyn Reads>>,
}

/// Whoever opens what arrives, as its recipient does.
pub trait Reads: Send + Sync {
    /// Whether this envelope, which has come for the first time, opens to what was sealed under that number. They come in
    /// the order of their numbers, where there is one.
    fn reads(&self, number: u32, envelope: &[u8]) -> bool;
}

impl Mailbox {
    /// A new one; its envelope looks random, as sealed ones do.
    #[must_use]
    pub fn random(class: SizeClass) -> Self {
        let mut rng = rand::rng();
        let mut envelope = vec![0; class.envelope_length()];
        rng.fill_bytes(&mut envelope);
        let (deposit, collect) = (DepositKey::random(&mut rng), CollectKey::random(&mut rng));
        Self { deposit, collect, envelopes: vec![envelope.into()], reader: None }
    }

    /// A new one with the same envelopes, which nobody reads.
    #[must_use]
    pub fn beside(&self) -> Self {
        let mut rng = rand::rng();
        let (deposit, collect) = (DepositKey::random(&mut rng), CollectKey::random(&mut rng));
        Self { deposit, collect, envelopes: self.envelopes.clone(), reader: None }
    }

    /// A new one with messages of a conversation in it.
    ///
    /// # Errors
    /// [`Failure::Argument`], where this program was built without the SDK's crypto; [`Failure::Sealing`].
    pub fn sealed(class: SizeClass) -> Result<Self, Failure> {
        let bare = Self::random(class);
        let (envelopes, reader) = sealed(&bare, class)?;
        Ok(Self { envelopes: envelopes.into_iter().map(Arc::from).collect(), reader: Some(reader), ..bare })
    }

    /// What is deposited under a number.
    #[must_use]
    pub fn envelope(&self, number: u32) -> &[u8] {
        self.envelopes.get(number as usize % self.envelopes.len().max(1)).map(AsRef::as_ref).unwrap_or_default()
    }

    /// Whether that number's is opened by its recipient.
    #[must_use]
    pub fn is_read(&self, number: u32) -> bool {
        self.reader.is_some() && (number as usize) < self.envelopes.len()
    }

    /// Whether this is what was deposited under that number, and opens where it is to be opened.
    #[must_use]
    pub fn is_from_here(&self, number: u32, envelope: &[u8]) -> bool {
        let opens = || self.reader.as_ref().is_none_or(|reader| reader.reads(number, envelope));
        self.envelope(number) == envelope && (!self.is_read(number) || opens())
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

    /// Its deposit under an id that says its number; none for an envelope that is of no class.
    #[must_use]
    pub fn deposit(&self, id: EnvelopeId) -> Option<Deposit> {
        self.deposit_of(id, self.envelope(Mark::of(&id).number))
    }

    /// Its deposits as they go into frames.
    #[must_use]
    pub fn deposits(&self) -> Option<Deposits> {
        let id = EnvelopeId::from_bytes(Prepared::PLACE);
        let prepared = |envelope: &Arc<[u8]>| {
            let deposit = self.deposit_of(id, envelope)?;
            Prepared::new(to_bytes(&Tagged { tag: FIRST_TAG, deposit }))
        };
        self.envelopes.iter().map(prepared).collect::<Option<_>>().map(Deposits::new)
    }

    fn deposit_of(&self, id: EnvelopeId, envelope: &[u8]) -> Option<Deposit> {
        let envelope = Envelope::new(envelope.into())?;
        let (deposit, collect) = (self.deposit.clone(), self.collect.hash());
        Some(Deposit { version: V1, deposit, collect, id, envelope, ticket: None })
    }
}

/// Envelopes in the order of their numbers, and who reads them.
type Messages = (Vec<Vec<u8>>, Arc<dyn Reads>);

#[cfg(feature = "sealing")]
fn sealed(mailbox: &Mailbox, class: SizeClass) -> Result<Messages, Failure> {
    let (envelopes, reader) = crate::conversation::sealed(mailbox, class)?;
    Ok((envelopes, Arc::new(reader)))
}

#[cfg(not(feature = "sealing"))]
fn sealed(_: &Mailbox, _: SizeClass) -> Result<Messages, Failure> {
    Err(Failure::Argument("this program was built without the SDK's crypto (feature `sealing`)".into()))
}
