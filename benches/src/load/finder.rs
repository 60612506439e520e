//! Whoever looks for numbers: what the directory says of itself, values and where they lead, and one look for some of them.
//!
//! ```text
//! values ─ blind ─▶ key services: evaluate ─ check the proof, unblind ─▶ prefix, tag, key ─▶ buckets ─ find, open ─▶ records
//! ```
//!
//! The slow hash of a number is left out: it is the device's, and a server sees nothing of it.

use std::time::Duration;

use data_encoding::HEXLOWER;
use futures_util::future::try_join_all;
use sealpost_blind::directory::{Bucket, CARD_LENGTH, Record};
use sealpost_blind::discovery::{KeyServices, Lookup, Stretched};
use sealpost_blind::{BlindState, EvaluatedBatch, PrfOutput, PublicKey, Purpose};
use sealpost_wire::codec::V1;
use sealpost_wire::directory::{BlindedElements, BucketBits, BucketRead, ELEMENTS, Epoch};
use sealpost_wire::manifest::{self, Manifest};
use sealpost_wire::request::{Evaluate, Evaluated, Listing, Publish};
use sealpost_wire::time::Day;
use sealpost_wire::{EntryKey, RelayRef, Secret};
use serde::Deserialize;
use tokio::time::sleep;

use super::carrier::Carrier;
use super::verify::Wrong;
use crate::failure::Failure;

/// How often a relay is asked whether its directory is open, and how long it is left alone between.
const TRIALS: u32 = 200;
const PAUSE: Duration = Duration::from_millis(100);

/// What a relay's manifest says of its directory.
#[derive(Debug, Clone)]
pub struct Terms {
    /// The epoch that is open.
    pub epoch: Epoch,
    /// How many buckets there are.
    pub bits: BucketBits,
    /// The key services' keys.
    pub services: KeyServices,
    /// Who they are.
    pub references: Vec<RelayRef>,
}

/// Values that are looked for together, and what was listed under them.
pub struct Values {
    stretched: Vec<Stretched>,
    /// Where each is found.
    pub lookups: Vec<Lookup>,
    records: Vec<Record>,
}

/// What one look asks of the key services: each is asked with a batch of its own.
pub struct Question {
    asks: Vec<(Evaluate, BlindState)>,
}

/// Its answers, not yet checked.
pub struct Answers {
    states: Vec<BlindState>,
    evaluated: Vec<Evaluated>,
}

/// What a manifest is wrapped in. Nobody's key is pinned here, so its signature is not looked at.
#[derive(Deserialize)]
struct Wrapped {
    manifest: String,
}

impl Terms {
    /// Asks the relay, until its directory is open.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn ask(relay: &Carrier) -> Result<Self, Failure> {
        for _ in 0..TRIALS {
            let told: Option<Wrapped> = serde_json::from_slice(&relay.get(manifest::PATH).await?).ok();
            let told = told.and_then(|wrapped| serde_json::from_str::<Manifest>(&wrapped.manifest).ok());
            if let Some(terms) = Self::of(&told.ok_or(Failure::NoFrame)?) {
                return Ok(terms);
            }
            sleep(PAUSE).await;
        }
        Err(Failure::Argument("the relay has no directory that is open, with key services".into()))
    }

    fn of(manifest: &Manifest) -> Option<Self> {
        let told = manifest.directory.as_ref()?.epochs.first()?;
        let key =
            |hex: &str| PublicKey::from_bytes(HEXLOWER.decode(hex.as_bytes()).ok()?.as_slice().try_into().ok()?).ok();
        let keys: Option<Vec<_>> = told.key_services.iter().map(|service| key(&service.public_key)).collect();
        let references: Option<Vec<_>> =
            told.key_services.iter().map(|service| service.reference.parse().ok()).collect();
        let references = references.filter(|references| !references.is_empty())?;
        let services = KeyServices::new(keys?).ok()?;
        Some(Self { epoch: told.epoch, bits: BucketBits::new(told.bucket_bits).ok()?, services, references })
    }
}

impl Values {
    /// As many as one question has room for, listed in the directory.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn list(terms: &Terms, relay: &Carrier, services: &[Carrier]) -> Result<Self, Failure> {
        let stretched: Vec<_> = (0..ELEMENTS).map(|_| Stretched::new(Secret::random(&mut rand::rng()))).collect();
        let answers = Question::new(terms, &stretched)?.ask(services).await?;
        let lookups = answers.lookups(terms, &stretched)?;
        let card = || Secret::<CARD_LENGTH>::random(&mut rand::rng());
        let records: Vec<_> = lookups.iter().map(|_| Record { card: card(), last_day: Day(u32::MAX) }).collect();
        try_join_all(lookups.iter().zip(&records).map(|(lookup, record)| publish(terms.epoch, relay, lookup, record)))
            .await?;
        Ok(Self { stretched, lookups, records })
    }

    /// Asks for them anew.
    ///
    /// # Errors
    /// None; the library's type has one.
    pub fn question(&self, terms: &Terms) -> Result<Question, Failure> {
        Question::new(terms, &self.stretched)
    }

    /// Reads the bucket of one of them, and looks whether what was listed is in it.
    ///
    /// # Errors
    /// [`Failure`]; [`Wrong::NotListed`].
    pub async fn read(&self, terms: &Terms, relay: &Carrier, place: usize) -> Result<(), Failure> {
        let (lookup, record) = self.lookups.get(place).zip(self.records.get(place)).ok_or(Wrong::NotListed)?;
        let number = lookup.prefix.bucket(terms.bits);
        let path = BucketRead { epoch: terms.epoch, bits: terms.bits, number }.path();
        let bucket = Bucket::from_bytes(relay.get(&path).await?.to_vec().into()).map_err(|_| Failure::NoFrame)?;
        if bucket.find(lookup).ok().flatten().as_ref() == Some(record) { Ok(()) } else { Err(Wrong::NotListed.into()) }
    }

    /// Checks answers: proofs, and that the values lead where they led before.
    ///
    /// # Errors
    /// [`Wrong::Unproven`].
    pub fn check(&self, terms: &Terms, answers: Answers) -> Result<(), Failure> {
        let lookups = answers.lookups(terms, &self.stretched)?;
        if lookups == self.lookups { Ok(()) } else { Err(Wrong::Unproven.into()) }
    }
}

impl Question {
    fn new(terms: &Terms, stretched: &[Stretched]) -> Result<Self, Failure> {
        let ask = |_: &RelayRef| {
            let (purpose, values) = (Purpose::Discovery(terms.epoch), stretched.iter().map(Stretched::secret));
            let (state, batch) = BlindState::blind_padded(purpose, values, &mut rand::rng()).ok()?;
            let elements = BlindedElements::from_bytes(&batch.to_bytes())?;
            Some((Evaluate { version: V1, epoch: terms.epoch, elements, voucher: None, ticket: None }, state))
        };
        let asks: Option<Vec<_>> = terms.references.iter().map(ask).collect();
        Ok(Self { asks: asks.ok_or(Failure::NoFrame)? })
    }

    /// Asks all key services at once.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn ask(self, services: &[Carrier]) -> Result<Answers, Failure> {
        let (requests, states): (Vec<_>, Vec<_>) = self.asks.into_iter().unzip();
        let asks = requests.iter().zip(services).map(|(request, service)| service.call(request));
        Ok(Answers { states, evaluated: try_join_all(asks).await? })
    }
}

impl Answers {
    fn lookups(self, terms: &Terms, stretched: &[Stretched]) -> Result<Vec<Lookup>, Failure> {
        let keys = terms.services.keys().iter();
        let all = self.states.into_iter().zip(&self.evaluated).zip(keys);
        let outputs: Option<Vec<Vec<PrfOutput>>> =
            all.map(|((state, answer), key)| finalize(state, answer, key)).collect();
        let outputs = outputs.ok_or(Wrong::Unproven)?;
        let of = |place: usize| outputs.iter().filter_map(|service| service.get(place)).collect::<Vec<_>>();
        let lookup = |(place, value)| terms.services.lookup(terms.epoch, value, &of(place));
        let lookups = stretched.iter().enumerate().map(lookup).collect::<Result<_, _>>();
        lookups.map_err(|_| Wrong::Unproven.into())
    }
}

fn finalize(state: BlindState, answer: &Evaluated, key: &PublicKey) -> Option<Vec<PrfOutput>> {
    state.finalize(key, &EvaluatedBatch::from_bytes(answer.elements.as_bytes()).ok()?).ok()
}

async fn publish(epoch: Epoch, relay: &Carrier, lookup: &Lookup, record: &Record) -> Result<(), Failure> {
    let (slot, entry) = {
        let rng = &mut rand::rng();
        (record.seal(&lookup.tag, &lookup.key, rng), EntryKey::random(rng))
    };
    let publish = Publish { version: V1, epoch, prefix: lookup.prefix, slot, entry, attestation: None, ticket: None };
    let listed = relay.call(&publish).await?.listing == Listing::Listed;
    if listed { Ok(()) } else { Err(Wrong::NotListed.into()) }
}

#[cfg(test)]
mod tests {
    use sealpost_blind::{BlindedBatch, ServerKey};
    use sealpost_wire::directory::EvaluatedElements;

    use super::*;

    const EPOCH: Epoch = Epoch(230);

    fn key(seed: u8) -> ServerKey {
        ServerKey::derive(&Secret::new([seed; 32]), Purpose::Discovery(EPOCH))
    }

    fn terms() -> Terms {
        let services = KeyServices::new(vec![key(1).public()]).unwrap();
        let operator = sealpost_wire::operator::OperatorSecret::from_seed(&[3; 32]).public();
        let reference = RelayRef { host: "keys.example.org:443".parse().unwrap(), operator };
        Terms { epoch: EPOCH, bits: BucketBits::ONE_BUCKET, services, references: vec![reference] }
    }

    fn answered(question: Question, key: &ServerKey) -> Answers {
        let (requests, states): (Vec<_>, Vec<_>) = question.asks.into_iter().unzip();
        let evaluate = |request: &Evaluate| {
            let batch = BlindedBatch::from_bytes(request.elements.as_bytes()).unwrap();
            let elements = key.evaluate(&batch, &mut rand::rng()).to_bytes();
            Evaluated { version: V1, elements: EvaluatedElements::from_bytes(&elements).unwrap() }
        };
        Answers { states, evaluated: requests.iter().map(evaluate).collect() }
    }

    #[test]
    fn another_key_and_another_value_are_told_from_the_right_ones() {
        let terms = terms();
        let stretched = || vec![Stretched::new(Secret::random(&mut rand::rng()))];
        let values = |stretched: Vec<Stretched>| {
            let lookups = answered(Question::new(&terms, &stretched).unwrap(), &key(1)).lookups(&terms, &stretched);
            Values { lookups: lookups.unwrap(), stretched, records: Vec::new() }
        };
        let (one, other) = (values(stretched()), values(stretched()));
        let ask = |values: &Values, seed| answered(values.question(&terms).unwrap(), &key(seed));
        assert!(one.check(&terms, ask(&one, 1)).is_ok());
        let is_unproven = |checked| matches!(checked, Err(Failure::Wrong(Wrong::Unproven)));
        assert!(is_unproven(one.check(&terms, ask(&one, 2))));
        assert!(is_unproven(one.check(&terms, ask(&other, 1))));
    }
}
