//! Proving a number to the attester.

use sealpost_blind::discovery::{Descriptor, Stretched};
use sealpost_identity::PhoneNumber;
use sealpost_identity::attester::{AskCode, Attested, Code, DisclosedNumber, EntryOf, MAX_EPOCHS, ProveNumber};
use sealpost_wire::codec::{List, V1};
use sealpost_wire::directory::{Attestation, Epoch, SignedAttestation, SignedVoucher, Voucher};
use sealpost_wire::operator::OperatorKey;
use sealpost_wire::request::Refusal;
use sealpost_wire::{EntryKey, RelayRef};

use super::blocking::blocking;
use super::directory::basis;
use super::hashing::hash_one;
use super::{Directory, DiscoveryAccess};
#[cfg(doc)]
use crate::Reason;
use crate::clock;
use crate::error::{Error, ErrorKind};
#[cfg(doc)]
use crate::event::Event;
use crate::net::NetError;
use crate::store::numbers::NumberHash;
use crate::store::{StoreError, consents, entries, lookups, numbers};

/// The attester's word for one epoch, checked.
struct Word {
    descriptor: Descriptor,
    attestation: (SignedAttestation, Attestation),
    stretched: Stretched,
}

/// The attester's word for one server and epoch, checked.
struct Vouched {
    epoch: Epoch,
    server: OperatorKey,
    signed: SignedVoucher,
}

/// The servers that take the attester's word: the directory's key services, and its relay, which is known by one key and signs
/// with that or a successor.
struct Servers<'a> {
    directory: &'a Directory,
    relay: OperatorKey,
    now: OperatorKey,
}

impl DiscoveryAccess {
    /// Asks the directory's attester to send a code to one's own number by SMS. Only the last one counts.
    ///
    /// **The attester learns** the number, and the network address. It is the one server that does.
    ///
    /// # Errors
    /// [`ErrorKind::NoAttester`] when the directory wants no proof, [`ErrorKind::NumberRefused`],
    /// [`ErrorKind::TooManyTries`] with [`Error::retry_after`]; else as [`Self::terms`].
    pub async fn ask_code(&self, number: &PhoneNumber) -> Result<(), Error> {
        let disclosed = self.disclose(number).await?;
        let attester = self.ways.directory(clock::today()).await?.attester.ok_or(ErrorKind::NoAttester)?;
        let ask = AskCode { version: V1, number: disclosed };
        let mut connection = self.attester(&attester, number).await?;
        connection.call(&ask).await.map_err(of_attester)?;
        Ok(())
    }

    /// Proves the number with the code that came to it. What it gives, for each epoch that is open, is stored: the
    /// attester's word for the directory, and the right to have the key services evaluate; and, where the relay gives tickets on
    /// the attester's word, what they are given for. Mailboxes that waited for tickets are opened then.
    ///
    /// It has to be done again in each epoch; [`Event::NumberProofDue`] and [`Self::listing`] say when. To renew the right to
    /// look up others, when [`Reason::ProofNeeded`] says that it is used up, is the same call.
    ///
    /// # Errors
    /// [`ErrorKind::WrongCode`], also for one that has expired; else as [`Self::ask_code`].
    pub async fn prove_number(&self, number: &PhoneNumber, code: &str) -> Result<(), Error> {
        let code = Code::parse(code).ok_or(ErrorKind::WrongCode)?;
        // Nobody is asked anything without a consent.
        self.client.look(consents::discovery)?;
        let directory = self.ways.directory(clock::today()).await?;
        let attester = directory.attester.clone().ok_or(ErrorKind::NoAttester)?;
        let mut wanted = self.entries(number, &directory).await?;
        let attested = match self.show(&attester, number, &code, &wanted).await {
            // It has not heard of the next epoch yet. That is proved when it is due.
            Err(refused) if refused.kind() == ErrorKind::EpochOver && wanted.len() > 1 => {
                wanted.truncate(1);
                self.show(&attester, number, &code, &wanted).await?
            }
            outcome => outcome?,
        };
        let operator = self.signer(&attester, &attested, &wanted).await?;
        let mut words = Vec::new();
        for ((descriptor, entry), signed) in wanted.into_iter().zip(attested.attestations.into_vec()) {
            let attestation = checked(&signed, &operator, &entry).ok_or(ErrorKind::Refused)?;
            let stretched = hash_one(number.clone(), &descriptor).await?;
            words.push(Word { descriptor, attestation: (signed, attestation), stretched });
        }
        let servers =
            Servers { directory: &directory, relay: self.ways.relay.operator, now: self.ways.operator().await? };
        let vouchers = servers.vouchers(attested.vouchers.into_vec(), &operator);
        self.keep(number, words, vouchers).await
    }

    /// Shows the code. What comes of it is not checked yet.
    async fn show(
        &self,
        attester: &RelayRef,
        number: &PhoneNumber,
        code: &Code,
        wanted: &[(Descriptor, EntryOf)],
    ) -> Result<Attested, Error> {
        let entries = List::new(wanted.iter().map(|(_, entry)| *entry).collect()).unwrap_or_default();
        let disclosed = self.disclose(number).await?;
        let prove = ProveNumber { version: V1, number: disclosed, code: code.clone(), entries };
        self.attester(attester, number).await?.call(&prove).await.map_err(of_attester)
    }

    async fn disclose(&self, number: &PhoneNumber) -> Result<DisclosedNumber, Error> {
        let on_record = blocking(&self.client.0.store, |store| store.read(consents::discovery)).await?;
        Ok(DisclosedNumber::of(number, on_record.consent()))
    }

    async fn attester(
        &self,
        attester: &RelayRef,
        number: &PhoneNumber,
    ) -> Result<crate::net::NeitherConnection<crate::net::Attester>, Error> {
        let super::Ways { network, permit, reach, .. } = &self.ways;
        Ok(network.attester(permit, attester, *reach, number).await?)
    }

    /// For each epoch that the directory has open, the entry that is to be vouched for; its key is stored before anybody
    /// hears of its hash.
    async fn entries(&self, number: &PhoneNumber, directory: &Directory) -> Result<Vec<(Descriptor, EntryOf)>, Error> {
        let (number, epochs) = (number.clone(), directory.epochs.clone());
        let entries = blocking(&self.client.0.store, move |store| {
            store.write(|tx| {
                let number = hash(tx, &number)?;
                let entry = |descriptor: Descriptor| {
                    let epoch = descriptor.epoch;
                    let entry = entries::ensure(tx, epoch, number, &EntryKey::random(&mut rand::rng()))?;
                    Ok((descriptor, EntryOf { epoch, entry: entry.key.hash() }))
                };
                epochs.into_iter().take(MAX_EPOCHS).map(entry).collect::<Result<Vec<_>, StoreError>>()
            })
        });
        Ok(entries.await?)
    }

    /// The key that signs for the attester: the one that is known, or its successor.
    async fn signer(
        &self,
        attester: &RelayRef,
        attested: &Attested,
        wanted: &[(Descriptor, EntryOf)],
    ) -> Result<OperatorKey, Error> {
        if attested.attestations.len() != wanted.len() {
            return Err(ErrorKind::Refused.into());
        }
        let super::Ways { network, permit, reach, .. } = &self.ways;
        let known = network.attester_known(permit, attester, *reach, false).await?.operator;
        let mut signed = attested.attestations.iter().zip(wanted);
        if signed.all(|(word, (_, entry))| checked(word, &known, entry).is_some()) {
            return Ok(known);
        }
        Ok(network.attester_known(permit, attester, *reach, true).await?.operator)
    }

    async fn keep(&self, number: &PhoneNumber, words: Vec<Word>, vouchers: Vec<Vouched>) -> Result<(), Error> {
        let number = number.clone();
        let kept = blocking(&self.client.0.store, move |store| {
            store.write(|tx| {
                let number = hash(tx, &number)?;
                for Word { descriptor, attestation: (signed, word), stretched } in &words {
                    lookups::enter(tx, descriptor.epoch, &basis(descriptor))?;
                    lookups::set_hashed(tx, descriptor.epoch, number, stretched)?;
                    entries::set_proof(tx, descriptor.epoch, number, Some((signed, word.issued)))?;
                }
                let mut vouchers = vouchers.iter();
                vouchers
                    .try_for_each(|Vouched { epoch, server, signed }| entries::set_voucher(tx, *epoch, server, signed))
            })
        });
        kept.await?;
        self.client.0.changed.notify_one();
        Ok(())
    }
}

/// The hash of a number, for somebody who has consented.
pub(super) fn hash(tx: &rusqlite::Transaction<'_>, number: &PhoneNumber) -> Result<NumberHash, StoreError> {
    consents::discovery(tx)?;
    Ok(numbers::key(tx)?.ok_or(StoreError::Row)?.hash(number))
}

/// The word, if the attester gave it for this entry.
fn checked(signed: &SignedAttestation, operator: &OperatorKey, entry: &EntryOf) -> Option<Attestation> {
    signed.verify(operator).filter(|word| word.epoch == entry.epoch && word.entry == entry.entry)
}

impl Servers<'_> {
    /// The vouchers that are the attester's, for one of these in an epoch of the directory.
    fn vouchers(&self, signed: Vec<SignedVoucher>, operator: &OperatorKey) -> Vec<Vouched> {
        let vouched = |signed: SignedVoucher| {
            let Voucher { epoch, service, .. } = signed.verify(operator)?;
            Some(Vouched { epoch, server: self.named(epoch, service)?, signed })
        };
        signed.into_iter().filter_map(vouched).collect()
    }

    /// The key by which the server is known here.
    fn named(&self, epoch: Epoch, operator: OperatorKey) -> Option<OperatorKey> {
        let descriptor = self.directory.epochs.iter().find(|descriptor| descriptor.epoch == epoch)?;
        let is_key_service = descriptor.references.iter().any(|reference| reference.operator == operator);
        if is_key_service { Some(operator) } else { (operator == self.now).then_some(self.relay) }
    }
}

/// What an attester's refusals mean.
fn of_attester(error: NetError) -> Error {
    let meaning = match &error {
        NetError::Refused(refused) => match refused.reason {
            Refusal::Denied => Some(ErrorKind::WrongCode),
            Refusal::Limit => Some(ErrorKind::TooManyTries),
            Refusal::Malformed => Some(ErrorKind::NumberRefused),
            _ => None,
        },
        _ => None,
    };
    let error = Error::from(error);
    match meaning {
        Some(kind) => error.meaning(kind),
        None => error,
    }
}
