//! An epoch's descriptor, as a directory's manifest has it, and what a client makes of it.

use data_encoding::HEXLOWER;
use sealpost_blind::discovery::{Descriptor, DescriptorError};
use sealpost_blind::{Epoch, Purpose, ServerKey};
use sealpost_wire::manifest::{Argon2, EpochDescriptor, KeyServiceKey};
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::{RelayRef, Secret};
use serde::{Deserialize, Serialize};

use super::vectors;
use crate::groups::of_bytes;

/// A descriptor, and the salt that follows from it or what is wrong with it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Described {
    shows: String,
    descriptor: EpochDescriptor,
    salt: Result<String, String>,
}

fn error_name(error: DescriptorError) -> String {
    let name = match error {
        DescriptorError::Parameters(_) => "parameters",
        DescriptorError::KeyServices(_) => "key-services",
        DescriptorError::Bits(_) => "bits",
        DescriptorError::PublicKey => "public-key",
        DescriptorError::Reference => "reference",
        DescriptorError::Contributions => "contributions",
    };
    name.into()
}

fn salt_of(descriptor: &EpochDescriptor) -> Result<String, String> {
    Descriptor::check(descriptor).map(|checked| of_bytes(checked.salt.as_bytes())).map_err(error_name)
}

fn service(n: u8) -> KeyServiceKey {
    let operator = OperatorSecret::from_seed(&[n; 32]).public();
    let key = ServerKey::derive(&Secret::new([0x50 + n; 32]), Purpose::Discovery(Epoch(230)));
    KeyServiceKey {
        reference: RelayRef { host: format!("keys-{n}.example.org:443").parse().unwrap(), operator }.to_string(),
        public_key: HEXLOWER.encode(&key.public().to_bytes()),
    }
}

fn descriptor(services: u8) -> EpochDescriptor {
    let part = |n: u8| HEXLOWER.encode(&[0xc0 + n; 32]);
    EpochDescriptor {
        epoch: Epoch(230),
        argon2: Argon2 { memory_mib: 64, passes: 3, lanes: 1 },
        contributions: (0..services.max(1)).map(part).collect(),
        key_services: (0..services).map(service).collect(),
        bucket_bits: 0,
    }
}

fn described(shows: &str, services: u8, change: impl FnOnce(&mut EpochDescriptor)) -> Described {
    let mut descriptor = descriptor(services);
    change(&mut descriptor);
    Described { shows: shows.into(), salt: salt_of(&descriptor), descriptor }
}

pub(super) fn all() -> Vec<Described> {
    let cost = |memory_mib, passes, lanes| {
        move |changed: &mut EpochDescriptor| {
            changed.argon2 = Argon2 { memory_mib, passes, lanes };
        }
    };
    let same_operator = |changed: &mut EpochDescriptor| {
        changed.key_services[1].reference = changed.key_services[0].reference.clone();
    };
    vec![
        described("two key services", 2, |_| ()),
        described("one key service", 1, |_| ()),
        described("no key service", 0, |_| ()),
        described("the cheapest hash that a client takes", 2, cost(19, 2, 1)),
        described("the dearest hash that a client takes", 2, cost(256, 3, 1)),
        described("the most buckets", 2, |changed| changed.bucket_bits = 24),
        described("too little memory", 2, cost(18, 10, 1)),
        described("too much memory", 2, cost(257, 1, 1)),
        described("no pass", 2, cost(64, 0, 1)),
        described("too many passes", 2, cost(19, 11, 1)),
        described("two lanes", 2, cost(64, 3, 2)),
        described("too little work", 2, cost(37, 1, 1)),
        described("too much work", 2, cost(256, 4, 1)),
        described("too many buckets", 2, |changed| changed.bucket_bits = 25),
        described("three key services", 3, |_| ()),
        described("one key twice", 2, |changed| changed.key_services[1].public_key = service(0).public_key),
        described("one operator twice", 2, same_operator),
        described("a key that is none", 2, |changed| changed.key_services[0].public_key = "00".repeat(32)),
        described("a reference that is none", 2, |changed| changed.key_services[0].reference = "nowhere".into()),
        described("a contribution too few", 2, |changed| _ = changed.contributions.pop()),
        described("a contribution too many", 0, |changed| changed.contributions.push("c1".repeat(32))),
        described("a contribution too short", 2, |changed| changed.contributions[0] = "c0".repeat(31)),
    ]
}

#[test]
fn a_descriptor_gives_the_salt_or_the_error_it_names() {
    let vectors = vectors().descriptors;
    for vector in &vectors {
        assert_eq!(salt_of(&vector.descriptor), vector.salt, "{}", vector.shows);
    }
    assert_eq!(vectors.iter().filter(|vector| vector.salt.is_ok()).count(), 6);
}
