//! An epoch's descriptor, checked before anything is done with it.

use data_encoding::HEXLOWER;
use sealpost_wire::RelayRef;
use sealpost_wire::directory::{BucketBits, TooManyBits};
use sealpost_wire::manifest::{EpochDescriptor, KeyServiceKey};
use thiserror::Error;

use super::{EpochSalt, KeyServices, KeyServicesError, Parameters, ParametersError};
use crate::Epoch;
use crate::element::PublicKey;

/// All that is needed to derive where a number is in one epoch's directory, within what a client bears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// Which epoch.
    pub epoch: Epoch,
    /// The cost of the slow hash.
    pub parameters: Parameters,
    /// Its salt.
    pub salt: EpochSalt,
    /// The key services' keys.
    pub services: KeyServices,
    /// Where the key services are, in the order of their keys.
    pub references: Vec<RelayRef>,
    /// The key services' parts of the salt, in the same order; each can be compared with what its service says itself.
    pub contributions: Vec<[u8; 32]>,
    /// How many buckets there are.
    pub bits: BucketBits,
}

/// Why a descriptor is not to be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DescriptorError {
    /// It asks for too much or too little work.
    #[error(transparent)]
    Parameters(#[from] ParametersError),
    /// Its key services are not two, one or none.
    #[error(transparent)]
    KeyServices(#[from] KeyServicesError),
    /// It claims too many buckets.
    #[error(transparent)]
    Bits(#[from] TooManyBits),
    /// A key is none.
    #[error("the key of a key service cannot be read")]
    PublicKey,
    /// A reference is none, or both are of one operator.
    #[error("a key service has no reference of its own")]
    Reference,
    /// There is not one part of the salt for each key service, or one in all where there is no key service.
    #[error("the parts of the salt do not fit the key services")]
    Contributions,
}

impl Descriptor {
    /// Checks everything in a descriptor whose signature held.
    ///
    /// # Errors
    /// [`DescriptorError`] names the first thing that is wrong.
    pub fn check(descriptor: &EpochDescriptor) -> Result<Self, DescriptorError> {
        let cost = descriptor.argon2;
        let services = &descriptor.key_services;
        let contributions = contributions(descriptor)?;
        let keys = services.iter().map(public_key).collect::<Option<_>>().ok_or(DescriptorError::PublicKey)?;
        Ok(Self {
            epoch: descriptor.epoch,
            parameters: Parameters::new(cost.memory_mib, cost.passes, cost.lanes)?,
            salt: EpochSalt::of(descriptor.epoch, &contributions),
            services: KeyServices::new(keys)?,
            references: references(services)?,
            contributions,
            bits: BucketBits::new(descriptor.bucket_bits)?,
        })
    }
}

fn contributions(descriptor: &EpochDescriptor) -> Result<Vec<[u8; 32]>, DescriptorError> {
    let parts: Option<Vec<_>> = descriptor.contributions.iter().map(|hex| bytes(hex)).collect();
    let fits = |parts: &Vec<_>| parts.len() == descriptor.key_services.len().max(1);
    parts.filter(fits).ok_or(DescriptorError::Contributions)
}

fn public_key(service: &KeyServiceKey) -> Option<PublicKey> {
    PublicKey::from_bytes(&bytes(&service.public_key)?).ok()
}

/// Two services of one operator would be one that counts twice.
fn references(services: &[KeyServiceKey]) -> Result<Vec<RelayRef>, DescriptorError> {
    let references: Result<Vec<RelayRef>, _> = services.iter().map(|service| service.reference.parse()).collect();
    let references = references.map_err(|_| DescriptorError::Reference)?;
    match references.as_slice() {
        [first, second] if first.operator == second.operator => Err(DescriptorError::Reference),
        _ => Ok(references),
    }
}

fn bytes(hex: &str) -> Option<[u8; 32]> {
    HEXLOWER.decode(hex.as_bytes()).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use sealpost_wire::Secret;
    use sealpost_wire::manifest::Argon2;
    use sealpost_wire::operator::OperatorSecret;

    use super::*;
    use crate::{Purpose, ServerKey};

    fn service(n: u8) -> KeyServiceKey {
        let operator = OperatorSecret::from_seed(&[n; 32]).public();
        let host = format!("keys-{n}.example.org:443").parse().unwrap();
        let key = ServerKey::derive(&Secret::new([n; 32]), Purpose::Discovery(Epoch(230)));
        KeyServiceKey {
            reference: RelayRef { host, operator }.to_string(),
            public_key: HEXLOWER.encode(&key.public().to_bytes()),
        }
    }

    fn descriptor() -> EpochDescriptor {
        EpochDescriptor {
            epoch: Epoch(230),
            argon2: Argon2 { memory_mib: 64, passes: 3, lanes: 1 },
            contributions: vec![HEXLOWER.encode(&[1; 32]), HEXLOWER.encode(&[2; 32])],
            key_services: vec![service(1), service(2)],
            bucket_bits: 3,
        }
    }

    fn refused(change: impl FnOnce(&mut EpochDescriptor)) -> DescriptorError {
        let mut descriptor = descriptor();
        change(&mut descriptor);
        Descriptor::check(&descriptor).unwrap_err()
    }

    #[test]
    fn a_good_descriptor_gives_salt_keys_and_references() {
        let checked = Descriptor::check(&descriptor()).unwrap();
        assert_eq!(checked.salt, EpochSalt::of(Epoch(230), &[[1; 32], [2; 32]]));
        assert_eq!((checked.services.keys().len(), checked.references.len()), (2, 2));
        assert_eq!(checked.bits.bits(), 3);
    }

    #[test]
    fn a_directory_without_key_services_has_one_part_of_the_salt() {
        let mut alone = descriptor();
        alone.key_services.clear();
        assert_eq!(Descriptor::check(&alone), Err(DescriptorError::Contributions));
        alone.contributions.pop();
        assert!(Descriptor::check(&alone).is_ok());
    }

    #[test]
    fn what_a_hostile_directory_may_ask_for_is_bounded() {
        assert_eq!(refused(|descriptor| descriptor.argon2.memory_mib = 4_096), ParametersError::Memory(4_096).into());
        assert_eq!(
            refused(|descriptor| descriptor.argon2.passes = 1_000_000),
            ParametersError::Passes(1_000_000).into()
        );
        assert!(matches!(refused(|descriptor| descriptor.bucket_bits = 25), DescriptorError::Bits(_)));
    }

    #[test]
    fn key_services_are_at_most_two_and_differ() {
        let third = |descriptor: &mut EpochDescriptor| {
            descriptor.key_services.push(service(3));
            descriptor.contributions.push(HEXLOWER.encode(&[3; 32]));
        };
        assert_eq!(refused(third), KeyServicesError::TooMany.into());
        assert_eq!(refused(|descriptor| descriptor.key_services[1] = service(1)), KeyServicesError::SameKey.into());
        let same_operator = |descriptor: &mut EpochDescriptor| {
            descriptor.key_services[1].reference = descriptor.key_services[0].reference.clone();
        };
        assert_eq!(refused(same_operator), DescriptorError::Reference);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let reference = |descriptor: &mut EpochDescriptor| descriptor.key_services[0].reference = "nowhere".into();
        assert_eq!(refused(reference), DescriptorError::Reference);
        let key = |descriptor: &mut EpochDescriptor| descriptor.key_services[0].public_key = "00".repeat(32);
        assert_eq!(refused(key), DescriptorError::PublicKey);
        let part = |descriptor: &mut EpochDescriptor| descriptor.contributions[0] = "1".into();
        assert_eq!(refused(part), DescriptorError::Contributions);
    }
}
