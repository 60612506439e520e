use sealpost_blind::{Purpose, ServerKey};
use sealpost_wire::Secret;
use sealpost_wire::manifest::{self, Argon2, EpochDescriptor, KeyService, KeyServiceKey};
use sealpost_wire::operator::OperatorSecret;

use super::*;
use crate::discovery::fake;

/// The first day of epoch 230.
const FIRST: Day = Day(20_700);

fn reference(n: u8) -> RelayRef {
    let operator = OperatorSecret::from_seed(&[n; 32]).public();
    RelayRef { host: format!("keys-{n}.example.org:443").parse().unwrap(), operator }
}

fn public_key(n: u8, epoch: u32) -> String {
    let key = ServerKey::derive(&Secret::new([n; 32]), Purpose::Discovery(Epoch(epoch)));
    HEXLOWER.encode(&key.public().to_bytes())
}

fn described(epoch: u32) -> EpochDescriptor {
    let services =
        [1, 2].map(|n| KeyServiceKey { reference: reference(n).to_string(), public_key: public_key(n, epoch) });
    EpochDescriptor {
        epoch: Epoch(epoch),
        argon2: Argon2 { memory_mib: 19, passes: 2, lanes: 1 },
        contributions: [1, 2].map(|n| HEXLOWER.encode(&[n; 32])).to_vec(),
        key_services: services.to_vec(),
        bucket_bits: 3,
    }
}

fn manifest(epochs: Vec<EpochDescriptor>) -> Manifest {
    let directory = manifest::Directory { attester: Some(reference(9).to_string()), epochs };
    Manifest { directory: Some(directory), ..fake::manifest() }
}

fn epochs(manifest: &Manifest, today: Day) -> Vec<u32> {
    let directory = Directory::of(manifest, today).unwrap();
    directory.to_look_in(today).iter().map(|descriptor| descriptor.epoch.0).collect()
}

#[test]
fn one_looks_into_the_epoch_of_the_day_and_then_into_the_one_before_while_it_lasts() {
    let all = manifest((228..233).map(described).collect());
    assert_eq!(epochs(&all, FIRST), [230, 229]);
    assert_eq!(epochs(&all, FIRST.plus(13)), [230, 229]);
    assert_eq!(epochs(&all, FIRST.plus(14)), [230]);
    // The next one is announced, and nobody is looked for in it yet.
    assert_eq!(epochs(&all, FIRST.plus(85)), [230]);
}

#[test]
fn an_epoch_that_was_opened_early_takes_the_place_of_a_retired_one() {
    assert_eq!(epochs(&manifest(vec![described(231)]), FIRST.plus(40)), [231]);
}

#[test]
fn a_directory_that_is_not_there_or_has_nothing_open_is_told_apart() {
    assert_eq!(Directory::of(&fake::manifest(), FIRST).unwrap_err(), ErrorKind::NoDirectory);
    let over = manifest(vec![described(200)]);
    assert_eq!(Directory::of(&over, FIRST).unwrap_err(), ErrorKind::EpochOver);
}

#[test]
fn what_a_device_does_not_bear_is_refused() {
    let refused = |change: fn(&mut EpochDescriptor)| {
        let mut described = described(230);
        change(&mut described);
        Directory::of(&manifest(vec![described]), FIRST).unwrap_err()
    };
    assert_eq!(refused(|epoch| epoch.argon2.memory_mib = 4_096), ErrorKind::DirectoryRefused);
    assert_eq!(refused(|epoch| epoch.argon2.passes = 1_000_000), ErrorKind::DirectoryRefused);
    assert_eq!(refused(|epoch| epoch.bucket_bits = 25), ErrorKind::DirectoryRefused);
    let twice = manifest(vec![described(230), described(230)]);
    assert_eq!(Directory::of(&twice, FIRST).unwrap_err(), ErrorKind::DirectoryRefused);
    let mut nowhere = manifest(vec![described(230)]);
    nowhere.directory.as_mut().unwrap().attester = Some("nowhere".to_owned());
    assert_eq!(Directory::of(&nowhere, FIRST).unwrap_err(), ErrorKind::DirectoryRefused);
}

#[test]
fn a_key_service_must_say_the_same_of_key_and_salt() {
    let descriptor = Descriptor::check(&described(230)).unwrap();
    let says = |public_key: String, contribution: u8| {
        let epoch =
            KeyServiceEpoch { epoch: Epoch(230), public_key, contribution: HEXLOWER.encode(&[contribution; 32]) };
        let service = KeyService { attester: None, epochs: vec![epoch] };
        let manifest = Manifest { key_service: Some(service), ..fake::manifest() };
        ServiceWord::of(&manifest, Epoch(230)).unwrap().agrees(&descriptor, 0)
    };
    assert!(says(public_key(1, 230), 1));
    assert!(!says(public_key(2, 230), 1));
    assert!(!says(public_key(1, 230), 2));
}

#[test]
fn the_basis_changes_with_all_that_decides_a_place_and_with_nothing_else() {
    let of = |change: fn(&mut EpochDescriptor)| {
        let mut described = described(230);
        change(&mut described);
        basis(&Descriptor::check(&described).unwrap())
    };
    let unchanged = of(|_| {});
    assert_eq!(of(|epoch| epoch.bucket_bits = 4), unchanged);
    assert_ne!(of(|epoch| epoch.argon2.passes = 3), unchanged);
    assert_ne!(of(|epoch| epoch.argon2.memory_mib = 20), unchanged);
    assert_ne!(of(|epoch| epoch.contributions[0] = HEXLOWER.encode(&[7; 32])), unchanged);
    assert_ne!(of(|epoch| epoch.key_services[1].public_key = public_key(7, 230)), unchanged);
}
