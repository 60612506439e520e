//! From a number that was proved to what is signed for it.
//!
//! The attester derives prefix and tag itself, asking the key services as everyone does: whoever could name their own
//! would fill a bucket of their choice, or take the place of a stranger.

mod blinding;

use std::sync::Arc;

use futures_util::future::try_join_all;
use sealpost_blind::discovery::{Lookup, Stretched};
use sealpost_blind::{Epoch, PrfOutput};
use sealpost_identity::PhoneNumber;
use sealpost_identity::attester::{Attested, EntryOf};
use sealpost_wire::codec::{List, V1};
use sealpost_wire::directory::{Attestation, SignedAttestation, SignedVoucher, Voucher, VoucherId};
use sealpost_wire::operator::{OperatorKey, OperatorSecret};
use sealpost_wire::request::Evaluate;
use sealpost_wire::time::Day;
use thiserror::Error;

use self::blinding::{Blinded, WrongAnswer};
use crate::asking::{AskError, Asking};
use crate::epochs::{Cache, Epochs, Moment, OpenEpoch, Service, Unusable};
use crate::hashers::{Hashers, NotHashed};

/// Attests numbers, with the attester's key.
pub struct Attesting {
    asking: Arc<dyn Asking>,
    operator: Arc<OperatorSecret>,
    hashers: Hashers,
    epochs: Cache,
}

/// Why a number was not attested. None of it is up to whoever proved it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotAttested {
    /// An epoch that was named is not open.
    #[error("the epoch is not open")]
    NoEpoch,
    /// It was not hashed.
    #[error(transparent)]
    Hash(#[from] NotHashed),
    /// What directory and key services say cannot be used.
    #[error(transparent)]
    Unusable(#[from] Unusable),
    /// A key service did not evaluate.
    #[error("a key service did not evaluate")]
    KeyService(#[source] AskError),
    /// A key service evaluated with another key than it says.
    #[error("a key service's proof does not hold")]
    Proof,
}

impl Attesting {
    /// Signs with `operator`, and asks through `asking`.
    #[must_use]
    pub fn new(asking: Arc<dyn Asking>, operator: Arc<OperatorSecret>, hashers: Hashers) -> Self {
        let epochs = Cache::new(Arc::clone(&asking), operator.public());
        Self { asking, operator, hashers, epochs }
    }

    /// Whether someone who proved a number now could be attested, as far as directory and key services say.
    ///
    /// # Errors
    /// [`Unusable`] says why not.
    pub async fn is_possible(&self, at: Moment) -> Result<(), Unusable> {
        self.epochs.epochs(at).await.map(drop)
    }

    /// Attests that `number` was proved today by whoever has the keys of `entries`.
    ///
    /// If the epochs that are known do not serve, they are read anew, once.
    ///
    /// # Errors
    /// [`NotAttested`].
    pub async fn attest(&self, number: &PhoneNumber, entries: &[EntryOf], at: Moment) -> Result<Attested, NotAttested> {
        let epochs = self.epochs.epochs(at).await?;
        let why = match self.attest_in(&epochs, number, entries, at.today).await {
            Err(why @ (NotAttested::NoEpoch | NotAttested::Proof)) => why,
            done => return done,
        };
        let newer = self.epochs.newer_than(&epochs, at).await?.ok_or(why)?;
        self.attest_in(&newer, number, entries, at.today).await
    }

    async fn attest_in(
        &self,
        epochs: &Epochs,
        number: &PhoneNumber,
        entries: &[EntryOf],
        issued: Day,
    ) -> Result<Attested, NotAttested> {
        let find = |entry: &EntryOf| epochs.find(entry.epoch).ok_or(NotAttested::NoEpoch);
        let open = entries.iter().map(find).collect::<Result<Vec<_>, _>>()?;
        let costs = open.iter().map(|open| (open.descriptor.parameters, open.descriptor.salt)).collect();
        let stretched = if open.is_empty() { Vec::new() } else { self.hashers.stretch(number, costs).await? };
        let places = open.iter().zip(&stretched).map(|(open, stretched)| self.place(open, stretched));
        let places = try_join_all(places).await?;
        let attestations = entries.iter().zip(&places).map(|(entry, place)| self.attestation(entry, place, issued));
        Ok(Attested {
            version: V1,
            attestations: at_most(attestations.collect()),
            vouchers: at_most(self.vouchers(epochs)),
        })
    }

    /// Where the number is in the directory. Each key service gets a batch of its own, with nothing else in it.
    async fn place(&self, open: &OpenEpoch, stretched: &Stretched) -> Result<Lookup, NotAttested> {
        let epoch = open.descriptor.epoch;
        let outputs = open.services.iter().map(|service| self.evaluate(epoch, service, stretched));
        let outputs = try_join_all(outputs).await?;
        let lookup = open.descriptor.services.lookup(epoch, stretched, &outputs.iter().collect::<Vec<_>>());
        // There is a service for each of the descriptor's keys, and an output of each service.
        lookup.map_err(|_| NotAttested::Proof)
    }

    async fn evaluate(&self, epoch: Epoch, service: &Service, stretched: &Stretched) -> Result<PrfOutput, NotAttested> {
        let (blinded, elements) = Blinded::of(epoch, stretched);
        let voucher = Some(self.voucher(epoch, service.operator));
        let request = Evaluate { version: V1, epoch, elements, voucher, ticket: None };
        let evaluated = self.asking.evaluate(&service.reference, &request).await.map_err(NotAttested::KeyService)?;
        blinded.output(&service.key, &evaluated).map_err(|WrongAnswer| NotAttested::Proof)
    }

    fn attestation(&self, entry: &EntryOf, place: &Lookup, issued: Day) -> SignedAttestation {
        let Lookup { prefix, tag, key: _ } = place;
        let EntryOf { epoch, entry } = *entry;
        let statement = Attestation { version: V1, epoch, prefix: *prefix, tag: *tag, entry, issued };
        SignedAttestation::of(&statement, &self.operator)
    }

    fn vouchers(&self, epochs: &Epochs) -> Vec<SignedVoucher> {
        epochs.to_vouch_to().map(|(epoch, server)| self.voucher(epoch, server)).collect()
    }

    fn voucher(&self, epoch: Epoch, service: OperatorKey) -> SignedVoucher {
        let id = VoucherId::random(&mut rand::rng());
        SignedVoucher::of(&Voucher { version: V1, id, service, epoch }, &self.operator)
    }
}

/// No more epochs are open at once than the list has room for, and no more servers are in each.
fn at_most<T, const MAX: usize>(mut values: Vec<T>) -> List<T, MAX> {
    values.truncate(MAX);
    List::new(values).unwrap_or_default()
}
