//! Who asks a key service: values to blind, vouchers to show.

use sealpost_blind::{BlindState, EvaluatedBatch, PrfOutput, PublicKey, Purpose};
use sealpost_wire::codec::V1;
use sealpost_wire::directory::{BlindedElements, Epoch, SignedVoucher, Voucher, VoucherId};
use sealpost_wire::manifest::{self, Manifest, SignedManifest};
use sealpost_wire::operator::{OperatorKey, OperatorSecret};
use sealpost_wire::request::{Evaluate, Evaluated};
use sealpost_wire::time::Day;
use sealpost_wire::{RelayRef, Secret};

use crate::peer::{Http, Listening, Peer};

/// The epoch of the day.
pub(crate) fn today() -> Epoch {
    #[expect(clippy::disallowed_methods, reason = "the program under test reads the same clock")]
    Epoch::of(Day::of(std::time::SystemTime::now()))
}

/// Who vouches.
pub(crate) fn attester() -> OperatorSecret {
    OperatorSecret::from_seed(&[3; 32])
}

/// How who vouches is named in a configuration.
pub(crate) fn attester_reference() -> RelayRef {
    RelayRef { host: "attester.example.org:8443".parse().unwrap(), operator: attester().public() }
}

/// A fresh voucher for the service of `service`.
pub(crate) fn voucher(service: OperatorKey, epoch: Epoch) -> Voucher {
    Voucher { version: V1, id: VoucherId::random(&mut rand::rng()), service, epoch }
}

pub(crate) fn signed(voucher: &Voucher) -> Option<SignedVoucher> {
    Some(SignedVoucher::of(voucher, &attester()))
}

/// A value that is looked for.
pub(crate) struct Wanted {
    pub(crate) request: Evaluate,
    state: BlindState,
}

impl Wanted {
    pub(crate) fn new(epoch: Epoch, value: u8, voucher: Option<SignedVoucher>) -> Self {
        let value = Secret::new([value; 32]);
        let (state, batch) = BlindState::blind_padded(Purpose::Discovery(epoch), [&value], &mut rand::rng()).unwrap();
        let elements = BlindedElements::from_bytes(&batch.to_bytes()).unwrap();
        Self { request: Evaluate { version: V1, epoch, elements, voucher, ticket: None }, state }
    }

    /// What the value comes to, if the answer's proof holds under `key`.
    pub(crate) fn finalize(self, key: &PublicKey, answer: &Evaluated) -> Option<PrfOutput> {
        let answer = EvaluatedBatch::from_bytes(answer.elements.as_bytes()).unwrap();
        self.state.finalize(key, &answer).ok().map(|outputs| outputs[0].clone())
    }
}

/// The manifest of a server on localhost, checked.
pub(crate) async fn told(server: &impl Listening, operator: &OperatorKey, host: &str) -> Manifest {
    let answer = Peer::connect(server, Http::Two).await.get(manifest::PATH).await;
    let signed = SignedManifest::from_json(&answer.body).unwrap();
    signed.verify(&host.parse().unwrap(), operator).unwrap().manifest
}

/// The key of the day that a manifest tells.
pub(crate) fn key_of_today(manifest: &Manifest) -> PublicKey {
    let epochs = &manifest.key_service.as_ref().expect("not a key service").epochs;
    let told = epochs.iter().find(|told| told.epoch == today()).expect("no key of today");
    let bytes = data_encoding::HEXLOWER.decode(told.public_key.as_bytes()).unwrap();
    PublicKey::from_bytes(bytes.as_slice().try_into().unwrap()).unwrap()
}
