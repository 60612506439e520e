//! Certificates that no key has issued to itself.

use libsignal_protocol::{
    DeviceId, KeyPair, PrivateKey, PublicKey, SenderCertificate, ServerCertificate, Timestamp, kem,
};
use rand::SeedableRng;
use rand::rngs::StdRng;
use sealpost_identity::IdentityKeyPair;

use super::craft::peel;
use super::people::Person;
use crate::OpenError;

const EXPIRY: u64 = 253_402_300_799_999;

/// What a certificate says, so that one thing at a time can be changed.
struct Certificate {
    key: PublicKey,
    uuid: String,
    number: Option<String>,
    device: u8,
    expiry: u64,
    signer_id: u32,
    root: PrivateKey,
    signer: (PublicKey, PrivateKey),
}

impl Certificate {
    fn own(identity: &IdentityKeyPair) -> Self {
        let pair = identity.libsignal();
        Self {
            key: *pair.public_key(),
            uuid: identity.public().person().uuid_string(),
            number: None,
            device: 1,
            expiry: EXPIRY,
            signer_id: 1,
            root: *pair.private_key(),
            signer: (*pair.public_key(), *pair.private_key()),
        }
    }

    fn sign(self) -> SenderCertificate {
        let mut rng = StdRng::seed_from_u64(7);
        let server = ServerCertificate::new(self.signer_id, self.signer.0, &self.root, &mut rng).unwrap();
        SenderCertificate::new(
            self.uuid,
            self.number,
            self.key,
            DeviceId::new(self.device).unwrap(),
            Timestamp::from_epoch_millis(self.expiry),
            server,
            &self.signer.1,
            &mut rng,
        )
        .unwrap()
    }
}

/// A certificate as the rules say.
pub(super) fn own_certificate(identity: &IdentityKeyPair) -> SenderCertificate {
    Certificate::own(identity).sign()
}

/// Mallory seals a good first message to Bob with a certificate of her making.
fn open_with_certificate(change: impl FnOnce(&mut Certificate, &Person)) -> Option<OpenError> {
    let (alice, mut bob, mut mallory) = (Person::new(1), Person::new(2), Person::new(3));
    let item = bob.item();
    mallory.begin(&bob, &item);
    let envelope = mallory.write(&bob, "trust me");
    let mut certificate = Certificate::own(mallory.local.identity());
    change(&mut certificate, &alice);
    let forged = peel(&bob, &envelope).certified_by(certificate.sign()).seal(&mallory.local, &bob);
    bob.read(&forged).err()
}

#[test]
fn a_certificate_made_by_hand_as_the_rules_say_is_accepted() {
    assert_eq!(open_with_certificate(|_, _| {}), None);
}

#[test]
fn a_certificate_of_another_identity_is_refused() {
    let alices_key =
        |certificate: &mut Certificate, alice: &Person| certificate.key = *alice.key().libsignal().public_key();
    assert_eq!(open_with_certificate(alices_key), Some(OpenError::SenderSeal), "who seals must have the key");
    let alices_id = |certificate: &mut Certificate, alice: &Person| certificate.uuid = alice.id().uuid_string();
    assert_eq!(open_with_certificate(alices_id), Some(OpenError::Certificate));
}

#[test]
fn a_certificate_that_another_key_signed_is_refused() {
    let pair = |alice: &Person| alice.local.identity().libsignal();
    let refused = Some(OpenError::Certificate);
    assert_eq!(open_with_certificate(|c, alice| c.root = *pair(alice).private_key()), refused);
    assert_eq!(open_with_certificate(|c, alice| c.signer.1 = *pair(alice).private_key()), refused);
    let chained =
        |c: &mut Certificate, alice: &Person| c.signer = (*pair(alice).public_key(), *pair(alice).private_key());
    assert_eq!(
        open_with_certificate(chained),
        refused,
        "the signer must be the key itself, not one that it vouches for"
    );
}

#[test]
fn a_certificate_with_anything_of_its_own_choice_is_refused() {
    let refused = Some(OpenError::Certificate);
    assert_eq!(open_with_certificate(|c, _| c.number = Some("+15551234567".into())), refused);
    assert_eq!(open_with_certificate(|c, _| c.device = 2), refused);
    assert_eq!(open_with_certificate(|c, _| c.expiry -= 1), refused);
    assert_eq!(open_with_certificate(|c, _| c.signer_id = 2), refused);
}

/// What libsignal has an identity sign carries no context; an item's signature does. None can pass for another.
#[test]
fn what_an_identity_signs_differs_in_its_beginning_or_length() {
    let mut rng = StdRng::seed_from_u64(7);
    let certificate = own_certificate(Person::new(2).local.identity());
    let signer = certificate.signer().unwrap().certificate().unwrap();
    let prekey = KeyPair::generate(&mut rng).public_key.serialize();
    let kyber = kem::KeyPair::generate(kem::KeyType::Kyber1024, &mut rng).public_key.serialize();
    assert_eq!((prekey.len(), prekey[0]), (33, 0x05));
    assert_eq!((kyber.len(), kyber[0]), (1_569, 0x08));
    assert_eq!((signer.len(), &signer[..2]), (37, &[0x08, 0x01][..]));
    assert_eq!(certificate.certificate().unwrap()[..2], [0x10, 0x01]);
}
