//! From a number to its place, step by step.

use sealpost_blind::directory::{BucketBits, BucketPrefix};
use sealpost_blind::discovery::{EpochSalt, Hasher, KeyServices, Parameters, Stretched};
use sealpost_blind::{BlindState, BlindedBatch, Epoch, EvaluatedBatch, PrfOutput, PublicKey, Purpose, ServerKey};
use sealpost_wire::Secret;
use sealpost_wire::manifest::Argon2;
use serde::{Deserialize, Serialize};

use super::scalars::Given;
use super::vectors;
use crate::groups::{of_bytes, to_array, to_bytes};
use crate::samples::attester::NUMBER;

/// A number, and all that is derived on the way to its place.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    shows: String,
    number: String,
    epoch: u32,
    contributions: Vec<String>,
    salt: String,
    argon2: Argon2,
    x: String,
    key_services: Vec<Service>,
    okm: String,
    prefix: String,
    tag: String,
    record_key: String,
    /// How many bits, and the number of the bucket then.
    buckets: Vec<(u8, u32)>,
}

/// What one key service does. The batch has one element here; on the network it has 64.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Service {
    seed: String,
    public_key: String,
    blind: String,
    blinded: String,
    /// The random scalar of the proof.
    proof_scalar: String,
    /// The element and the proof.
    evaluated: String,
    y: String,
}

const BLIND: [u8; 32] = [0x02; 32];
const PROOF: [u8; 32] = [0x03; 32];

fn service(epoch: Epoch, x: &Stretched, n: u8) -> (Service, PublicKey, PrfOutput) {
    let seed = [0x50 + n; 32];
    let (purpose, blind) = (Purpose::Discovery(epoch), BLIND.map(|byte| byte + 4 * n));
    let key = ServerKey::derive(&Secret::new(seed), purpose);
    let (state, blinded) = BlindState::blind(purpose, [x.secret()], &mut Given::scalar(blind)).unwrap();
    let evaluated = key.evaluate(&blinded, &mut Given::scalar(PROOF));
    let y = state.finalize(&key.public(), &evaluated).unwrap().remove(0);
    let service = Service {
        seed: of_bytes(&seed),
        public_key: of_bytes(&key.public().to_bytes()),
        blind: of_bytes(&blind),
        blinded: of_bytes(&blinded.to_bytes()),
        proof_scalar: of_bytes(&PROOF),
        evaluated: of_bytes(&evaluated.to_bytes()),
        y: of_bytes(y.expose()),
    };
    (service, key.public(), y)
}

fn place(shows: &str, number: &str, epoch: u32, services: u8, argon2: Argon2) -> Place {
    let epoch = Epoch(epoch);
    let contributions: Vec<_> = (0..services.max(1)).map(|n| [0xc0 + n; 32]).collect();
    let salt = EpochSalt::of(epoch, &contributions);
    let parameters = Parameters::new(argon2.memory_mib, argon2.passes, argon2.lanes).unwrap();
    let x = Hasher::new(parameters).unwrap().stretch(number.as_bytes(), &salt);
    let services: Vec<_> = (0..services).map(|n| service(epoch, &x, n)).collect();
    let keys = KeyServices::new(services.iter().map(|(_, key, _)| *key).collect()).unwrap();
    let outputs: Vec<_> = services.iter().map(|(_, _, y)| y).collect();
    let lookup = keys.lookup(epoch, &x, &outputs).unwrap();
    let prefix = lookup.prefix.0.to_be_bytes();
    let bucket = |bits| (bits, lookup.prefix.bucket(BucketBits::new(bits).unwrap()));
    Place {
        shows: shows.into(),
        number: number.into(),
        epoch: epoch.0,
        contributions: contributions.iter().map(|part| of_bytes(part)).collect(),
        salt: of_bytes(salt.as_bytes()),
        argon2,
        x: of_bytes(x.secret().expose()),
        okm: of_bytes(&[prefix.as_slice(), lookup.tag.as_bytes(), lookup.key.expose()].concat()),
        prefix: of_bytes(&prefix),
        tag: of_bytes(lookup.tag.as_bytes()),
        record_key: of_bytes(lookup.key.expose()),
        buckets: [0, 1, 8, 13, 24].map(bucket).into(),
        key_services: services.into_iter().map(|(service, _, _)| service).collect(),
    }
}

pub(super) fn all() -> Vec<Place> {
    let cheapest = Argon2 { memory_mib: 19, passes: 2, lanes: 1 };
    let default = Argon2 { memory_mib: 64, passes: 3, lanes: 1 };
    vec![
        place("two key services", NUMBER, 230, 2, default),
        place("one key service", NUMBER, 230, 1, cheapest),
        place("no key service", NUMBER, 230, 0, cheapest),
        place("the next epoch", NUMBER, 231, 2, cheapest),
        place("another number", "+442079460123", 230, 2, cheapest),
    ]
}

/// The last step, with the hash itself.
#[test]
fn prefix_tag_and_record_key_are_a_hash_of_epoch_and_all_outputs() {
    for place in vectors().places {
        let mut input = place.epoch.to_be_bytes().to_vec();
        input.push(u8::try_from(place.key_services.len()).unwrap());
        input.extend(to_bytes(&place.x));
        input.extend(place.key_services.iter().flat_map(|service| to_bytes(&service.y)));
        let mut okm = [0; 52];
        blake3::Hasher::new_derive_key("sealpost v1 discovery").update(&input).finalize_xof().fill(&mut okm);
        assert_eq!(of_bytes(&okm), place.okm, "{}", place.shows);
        assert_eq!([place.prefix, place.tag, place.record_key].map(|part| to_bytes(&part)).concat(), okm);
        let first = u32::from_be_bytes(*okm.first_chunk().unwrap());
        for (bits, number) in place.buckets {
            assert_eq!(u64::from(number), (u64::from(first) << bits) >> 32, "{} bits", bits);
        }
    }
}

#[test]
fn the_salt_is_a_hash_of_epoch_and_contributions() {
    for place in vectors().places {
        let mut salt = blake3::Hasher::new_derive_key("sealpost v1 epoch salt");
        salt.update(&place.epoch.to_be_bytes());
        place.contributions.iter().for_each(|part| _ = salt.update(&to_bytes(part)));
        assert_eq!(of_bytes(salt.finalize().as_bytes()), place.salt, "{}", place.shows);
    }
}

/// From the bytes of the file alone, as they would come over the network.
#[test]
fn every_answer_is_what_its_key_says() {
    for place in vectors().places {
        let (purpose, x) = (Purpose::Discovery(Epoch(place.epoch)), Secret::new(to_array(&place.x)));
        for service in place.key_services {
            let key = ServerKey::derive(&Secret::new(to_array(&service.seed)), purpose);
            let blinded = BlindedBatch::from_bytes(&to_bytes(&service.blinded)).unwrap();
            let evaluated = key.evaluate(&blinded, &mut Given::scalar(to_array(&service.proof_scalar)));
            assert_eq!(of_bytes(&evaluated.to_bytes()), service.evaluated);

            let public = PublicKey::from_bytes(&to_array(&service.public_key)).unwrap();
            let mut blind = Given::scalar(to_array(&service.blind));
            let (state, again) = BlindState::blind(purpose, [&x], &mut blind).unwrap();
            let answer = EvaluatedBatch::from_bytes(&to_bytes(&service.evaluated)).unwrap();
            assert!(again == blinded);
            assert_eq!(of_bytes(state.finalize(&public, &answer).unwrap()[0].expose()), service.y);
        }
    }
}

#[test]
fn every_factor_leads_to_another_place() {
    let places = vectors().places;
    for (index, one) in places.iter().enumerate() {
        for other in &places[index + 1..] {
            assert!(one.tag != other.tag && one.prefix != other.prefix && one.record_key != other.record_key);
        }
    }
    let prefix = |place: &Place| BucketPrefix(u32::from_be_bytes(to_array(&place.prefix)));
    assert!(places.iter().all(|place| prefix(place).bucket(BucketBits::ONE_BUCKET) == 0));
}
