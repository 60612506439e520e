//! The attacks, a function for each party. Each gets all that the party holds, and a dictionary; each returns the numbers that
//! it found out.
//!
//! An attacker has the protocol's text, the salt and the public keys, as everyone has, and whatever time the test takes. What
//! it lacks is a key; so for each factor that it cannot compute it puts in what it has instead.

mod dictionary;
mod places;
mod plain;

use std::collections::BTreeSet;

use sealpost_blind::{BlindState, BlindedBatch, PrfOutput, Purpose};

pub(crate) use dictionary::{Dictionary, Guess};
use places::Places;

use crate::loot::{Directory, Files, KeyService};

/// Numbers that were found out.
pub(crate) type Reversed = BTreeSet<String>;

/// Whoever has seized the directory's disk, or runs it. It has no key.
pub(crate) fn directory(disk: &Directory, dictionary: &Dictionary) -> Reversed {
    with_keys(disk, &[], dictionary)
}

/// The directory together with some of the key services: all two of them, or, with one, the first or the second.
pub(crate) fn directory_and_key_services(
    disk: &Directory,
    services: &[&KeyService],
    dictionary: &Dictionary,
) -> Reversed {
    let mut reversed = with_keys(disk, services, dictionary);
    services.iter().for_each(|service| reversed.extend(key_service(disk, service, dictionary)));
    reversed
}

/// A key service: its seed, its files, and all elements that it was ever asked to evaluate.
///
/// For every guess it can compute the element before blinding, the same under its key, and the output. It looks for each of
/// them in what it saw.
pub(crate) fn key_service(public: &Directory, service: &KeyService, dictionary: &Dictionary) -> Reversed {
    let (purpose, seen) = (public.purpose(), service.elements());
    let key = service.key(purpose);
    let is_seen = |guess: &Guess| {
        let bare = unblinded(purpose, guess);
        let under_key = key.evaluate(&bare, &mut rand::rng()).elements()[0].to_bytes();
        let output = key.output(guess.x.secret());
        let halves = output.expose().chunks(32);
        [bare.to_bytes().as_slice(), &under_key].into_iter().chain(halves).any(|computed| seen.contains(computed))
    };
    let mut reversed = dictionary.numbers_where(is_seen);
    reversed.extend(plain::files(&service.files, dictionary));
    reversed.extend(plain::bytes(&seen.into_iter().flatten().copied().collect::<Vec<_>>(), dictionary));
    reversed
}

/// An attester's disk, without its memory. All that lies there is taken for a key to hash numbers under, too.
pub(crate) fn attester(disk: &Files, dictionary: &Dictionary) -> Reversed {
    let mut reversed = plain::files(disk, dictionary);
    reversed.extend(plain::keyed(disk, dictionary));
    reversed
}

/// Everything but one key: the directory, the other key service, and the attester with its signing key, which is tried in
/// the place of the key that is missing.
pub(crate) fn all_but_one_key(
    disk: &Directory,
    service: &KeyService,
    attesters: &Files,
    dictionary: &Dictionary,
) -> Reversed {
    let in_its_place = attesters.values().filter_map(|file| KeyService::of_any_file(file, disk.published.epoch));
    let mut reversed = directory_and_key_services(disk, &[service], dictionary);
    in_its_place.for_each(|stolen| reversed.extend(with_keys(disk, &[service, &stolen], dictionary)));
    reversed.extend(attester(attesters, dictionary));
    reversed
}

/// Derives the place of every guess with the outputs of the keys at hand, in every order, filled up with stand-ins for those
/// that are not, and looks who is listed there. Looks besides for what stands on the disk in the clear.
fn with_keys(disk: &Directory, services: &[&KeyService], dictionary: &Dictionary) -> Reversed {
    let keys: Vec<_> = services.iter().map(|service| service.key(disk.purpose())).collect();
    let places = Places::of(disk);
    let is_listed = |guess: &Guess| {
        let outputs = keys.iter().map(|key| key.output(guess.x.secret()));
        places.any_holds(guess, &outputs.chain(stand_ins(disk, guess)).collect::<Vec<_>>())
    };
    let mut reversed = dictionary.numbers_where(is_listed);
    reversed.extend(plain::bytes(&disk.bytes(), dictionary));
    reversed
}

/// What an attacker without a key can put in the place of its output.
fn stand_ins(disk: &Directory, guess: &Guess) -> Vec<PrfOutput> {
    let twice = |bytes: &[u8; 32]| PrfOutput::new(*[*bytes, *bytes].as_flattened().first_chunk().unwrap());
    let public: Vec<_> = disk.descriptor().services.keys().iter().map(|key| twice(&key.to_bytes())).collect();
    let bare: [u8; 32] = unblinded(disk.purpose(), guess).to_bytes().try_into().unwrap();
    public.into_iter().chain([PrfOutput::new([0; 64]), twice(guess.x.secret().expose()), twice(&bare)]).collect()
}

/// The element of a guess as it is before it is blinded: blinded with one.
pub(crate) fn unblinded(purpose: Purpose, guess: &Guess) -> BlindedBatch {
    BlindState::blind(purpose, [guess.x.secret()], &mut dictionary::One).unwrap().1
}
