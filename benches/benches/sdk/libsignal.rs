//! A conversation as libsignal itself has it: session and sender's seal, with nothing of ours around, in its own stores.

use std::time::SystemTime;

use futures_util::FutureExt;
use libsignal_protocol::{
    DeviceId, GenericSignedPreKey, IdentityKeyPair, IdentityKeyStore, InMemSignalProtocolStore, KeyPair,
    KyberPreKeyRecord, KyberPreKeyStore, PreKeyBundle, PreKeyRecord, PreKeyStore, ProtocolAddress, PublicKey,
    SenderCertificate, ServerCertificate, SignedPreKeyRecord, SignedPreKeyStore, Timestamp, kem, process_prekey_bundle,
    sealed_sender_decrypt, sealed_sender_encrypt,
};
use sealpost_benches::conversation::now;

const NAMES: [&str; 2] = ["9d0652a3-dcc3-4d11-975f-74d61598733f", "796abedb-ca4e-4f18-8803-1fde5b921f9f"];
const EXPIRY: Timestamp = Timestamp::from_epoch_millis(4_000_000_000_000);

/// Somebody, by libsignal's own means.
struct Somebody {
    name: &'static str,
    store: InMemSignalProtocolStore,
    certificate: SenderCertificate,
}

/// Two, of whom the second has answered.
pub(crate) struct Pair {
    from: Somebody,
    to: Somebody,
    root: PublicKey,
}

impl Somebody {
    fn new(name: &'static str, server: &(ServerCertificate, KeyPair)) -> Self {
        let rng = &mut rand::rng();
        let identity = IdentityKeyPair::generate(rng);
        let (certificate, signer) = server;
        let certificate = SenderCertificate::new(
            name.to_owned(),
            None,
            *identity.public_key(),
            device(),
            EXPIRY,
            certificate.clone(),
            &signer.private_key,
            rng,
        );
        Self { name, store: InMemSignalProtocolStore::new(identity, 1).unwrap(), certificate: certificate.unwrap() }
    }

    fn address(&self) -> ProtocolAddress {
        ProtocolAddress::new(self.name.to_owned(), device())
    }

    /// What others begin a session with.
    fn bundle(&mut self) -> PreKeyBundle {
        let rng = &mut rand::rng();
        let (one, signed) = (KeyPair::generate(rng), KeyPair::generate(rng));
        let kyber = kem::KeyPair::generate(kem::KeyType::Kyber1024, rng);
        let identity = at_once(self.store.get_identity_key_pair()).unwrap();
        let sign = |bytes: &[u8]| identity.private_key().calculate_signature(bytes, &mut rand::rng()).unwrap();
        let signatures = (sign(&signed.public_key.serialize()), sign(&kyber.public_key.serialize()));
        let made = Timestamp::from_epoch_millis(1);
        let row = SignedPreKeyRecord::new(1.into(), made, &signed, &signatures.0);
        at_once(self.store.save_pre_key(1.into(), &PreKeyRecord::new(1.into(), &one))).unwrap();
        at_once(self.store.save_signed_pre_key(1.into(), &row)).unwrap();
        let row = KyberPreKeyRecord::new(1.into(), made, &kyber, &signatures.1);
        at_once(self.store.save_kyber_pre_key(1.into(), &row)).unwrap();
        let (signed, kyber) = (signed.public_key, kyber.public_key);
        let one = Some((1.into(), one.public_key));
        let (first, second) = (signatures.0.to_vec(), signatures.1.to_vec());
        let identity = *identity.identity_key();
        PreKeyBundle::new(1, device(), one, 1.into(), signed, first, 1.into(), kyber, second, identity).unwrap()
    }

    fn seal(&mut self, to: &ProtocolAddress, plaintext: &[u8]) -> Vec<u8> {
        let InMemSignalProtocolStore { session_store, identity_store, .. } = &mut self.store;
        let (certificate, rng) = (&self.certificate, &mut rand::rng());
        let sealed = sealed_sender_encrypt(to, certificate, plaintext, session_store, identity_store, now(), rng);
        at_once(sealed).unwrap()
    }

    fn open(&mut self, root: &PublicKey, sealed: &[u8]) -> Vec<u8> {
        let store = &mut self.store;
        let opened = sealed_sender_decrypt(
            sealed,
            root,
            Timestamp::from_epoch_millis(1_800_000_000_000),
            None,
            self.name.to_owned(),
            device(),
            &mut store.identity_store,
            &mut store.session_store,
            &mut store.pre_key_store,
            &store.signed_pre_key_store,
            &mut store.kyber_pre_key_store,
        );
        at_once(opened).unwrap().message().unwrap().to_vec()
    }
}

impl Pair {
    pub(crate) fn new() -> Self {
        let rng = &mut rand::rng();
        let (root, signer) = (KeyPair::generate(rng), KeyPair::generate(rng));
        let server = ServerCertificate::new(1, signer.public_key, &root.private_key, rng).unwrap();
        let server = (server, signer);
        let [mut from, mut to] = NAMES.map(|name| Somebody::new(name, &server));
        begin(&mut from, &to.address(), &to.bundle(), now());
        let mut pair = Self { from, to, root: root.public_key };
        let first = pair.seal(b"Hello");
        pair.open(&first);
        let answer = pair.to.seal(&pair.from.address(), b"Hello!");
        pair.from.open(&pair.root, &answer);
        pair
    }

    pub(crate) fn seal(&mut self, plaintext: &[u8]) -> Vec<u8> {
        self.from.seal(&self.to.address(), plaintext)
    }

    pub(crate) fn open(&mut self, sealed: &[u8]) -> Vec<u8> {
        self.to.open(&self.root, sealed)
    }
}

fn begin(from: &mut Somebody, to: &ProtocolAddress, bundle: &PreKeyBundle, now: SystemTime) {
    let InMemSignalProtocolStore { session_store, identity_store, .. } = &mut from.store;
    at_once(process_prekey_bundle(to, session_store, identity_store, bundle, now, &mut rand::rng())).unwrap();
}

fn device() -> DeviceId {
    DeviceId::new(1).unwrap()
}

/// These stores wait for nothing.
fn at_once<T>(done: impl Future<Output = T>) -> T {
    done.now_or_never().unwrap()
}
