//! A directory and two key services, honest unless they are told otherwise.

use std::sync::{Mutex, MutexGuard};

use data_encoding::HEXLOWER;
use futures_util::future::{BoxFuture, pending};
use sealpost_blind::discovery::{EpochSalt, Hasher, KeyServices, Lookup, Parameters};
use sealpost_blind::{BlindedBatch, Purpose, ServerKey};
use sealpost_identity::PhoneNumber;
use sealpost_wire::directory::{Epoch, EvaluatedElements, VoucherId};
use sealpost_wire::manifest::{Argon2, Directory, EpochDescriptor, KeyService, KeyServiceEpoch, KeyServiceKey};
use sealpost_wire::operator::{OperatorKey, OperatorSecret};
use sealpost_wire::request::Evaluate;
use sealpost_wire::{RelayRef, Secret};

use crate::asking::{AskError, Asking, DirectoryWord};

pub(super) struct Servers {
    attester: OperatorKey,
    pub(super) state: Mutex<State>,
}

pub(super) struct State {
    pub(super) epochs: Vec<Epoch>,
    pub(super) directory_down: bool,
    pub(super) directory_asked: usize,
    pub(super) named_attester: Option<OperatorKey>,
    /// On whose word the directory's relay gives tickets.
    pub(super) tickets_by: Option<OperatorKey>,
    pub(super) memory_mib: u32,
    pub(super) services: [ServiceState; 2],
    pub(super) vouchers: Vec<VoucherId>,
}

pub(super) struct ServiceState {
    pub(super) down: bool,
    /// Never answers.
    pub(super) hangs: bool,
    /// Evaluates with another key than it says.
    pub(super) lies: bool,
    /// What the directory says of it is another key.
    pub(super) slandered: bool,
    pub(super) seed: u8,
    pub(super) contribution: u8,
    /// What the directory says of its part of the salt.
    pub(super) told_contribution: u8,
    /// Whose vouchers it takes.
    pub(super) believes: Option<OperatorKey>,
}

pub(super) const COST: u32 = 19;

impl Servers {
    pub(super) fn new(attester: OperatorKey, epochs: Vec<Epoch>) -> Self {
        let service = |seed: u8| ServiceState {
            down: false,
            hangs: false,
            lies: false,
            slandered: false,
            seed,
            contribution: seed,
            told_contribution: seed,
            believes: Some(attester),
        };
        let state = State {
            epochs,
            directory_down: false,
            directory_asked: 0,
            named_attester: Some(attester),
            tickets_by: None,
            memory_mib: COST,
            services: [service(1), service(2)],
            vouchers: Vec::new(),
        };
        Self { attester, state: Mutex::new(state) }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// What a client derives of a number that asks both services.
    pub(super) fn lookup(&self, number: &PhoneNumber, epoch: Epoch) -> Lookup {
        let state = self.state();
        let keys: Vec<_> = state.services.iter().map(|service| key(service.seed, epoch)).collect();
        let parts: Vec<_> = state.services.iter().map(|service| [service.contribution; 32]).collect();
        let parameters = Parameters::new(COST, 2, 1).unwrap();
        let salt = EpochSalt::of(epoch, &parts);
        let stretched = Hasher::new(parameters).unwrap().stretch(number.expose_e164().as_bytes(), &salt);
        let outputs: Vec<_> = keys.iter().map(|key| key.output(stretched.secret())).collect();
        let services = KeyServices::new(keys.iter().map(ServerKey::public).collect()).unwrap();
        services.lookup(epoch, &stretched, &outputs.iter().collect::<Vec<_>>()).unwrap()
    }
}

pub(super) fn operator(service: usize) -> OperatorKey {
    OperatorSecret::from_seed(&[100 + service as u8; 32]).public()
}

/// The operator of the relay with the directory.
pub(super) fn relay() -> OperatorKey {
    OperatorSecret::from_seed(&[90; 32]).public()
}

fn reference(service: usize) -> RelayRef {
    let host = format!("keys-{service}.example.org:443").parse().unwrap();
    RelayRef { host, operator: operator(service) }
}

fn key(seed: u8, epoch: Epoch) -> ServerKey {
    ServerKey::derive(&Secret::new([seed; 32]), Purpose::Discovery(epoch))
}

fn public(seed: u8, epoch: Epoch) -> String {
    HEXLOWER.encode(&key(seed, epoch).public().to_bytes())
}

fn descriptor(state: &State, epoch: Epoch) -> EpochDescriptor {
    let services = || state.services.iter().zip(0..);
    EpochDescriptor {
        epoch,
        argon2: Argon2 { memory_mib: state.memory_mib, passes: 2, lanes: 1 },
        contributions: services().map(|(service, _)| HEXLOWER.encode(&[service.told_contribution; 32])).collect(),
        key_services: services()
            .map(|(service, index)| KeyServiceKey {
                reference: reference(index).to_string(),
                public_key: public(if service.slandered { 66 } else { service.seed }, epoch),
            })
            .collect(),
        bucket_bits: 0,
    }
}

fn named(attester: Option<OperatorKey>) -> Option<String> {
    let host = "attester.example.org:443".parse().unwrap();
    attester.map(|operator| RelayRef { host, operator }.to_string())
}

impl Asking for Servers {
    fn directory(&self) -> BoxFuture<'_, Result<DirectoryWord, AskError>> {
        let mut state = self.state();
        state.directory_asked += 1;
        let epochs = state.epochs.iter().map(|epoch| descriptor(&state, *epoch)).collect();
        let directory = Directory { attester: named(state.named_attester), epochs };
        let says = DirectoryWord { directory, operator: relay(), tickets_by: named(state.tickets_by) };
        let answer = if state.directory_down { Err(AskError::Down) } else { Ok(says) };
        Box::pin(async move { answer })
    }

    fn key_service<'a>(&'a self, at: &'a RelayRef) -> BoxFuture<'a, Result<(KeyService, OperatorKey), AskError>> {
        let state = self.state();
        let index = (0..2).find(|index| reference(*index) == *at).unwrap();
        let service = &state.services[index];
        let epoch = |epoch: &Epoch| KeyServiceEpoch {
            epoch: *epoch,
            public_key: public(service.seed, *epoch),
            contribution: HEXLOWER.encode(&[service.contribution; 32]),
        };
        let says = KeyService { attester: named(service.believes), epochs: state.epochs.iter().map(epoch).collect() };
        let answer = if service.down { Err(AskError::Down) } else { Ok((says, operator(index))) };
        Box::pin(async move { answer })
    }

    fn evaluate<'a>(
        &'a self,
        at: &'a RelayRef,
        request: &'a Evaluate,
    ) -> BoxFuture<'a, Result<EvaluatedElements, AskError>> {
        let mut state = self.state();
        let index = (0..2).find(|index| reference(*index) == *at).unwrap();
        let voucher = request.voucher.as_ref().unwrap().verify(&self.attester).unwrap();
        assert_eq!((voucher.service, voucher.epoch), (operator(index), request.epoch));
        assert!(!state.vouchers.contains(&voucher.id), "a voucher is shown twice");
        state.vouchers.push(voucher.id);
        let service = &state.services[index];
        if service.hangs {
            return Box::pin(pending());
        }
        let key = key(if service.lies { 77 } else { service.seed }, request.epoch);
        let evaluated = key.evaluate(&BlindedBatch::from_bytes(request.elements.as_bytes()).unwrap(), &mut rand::rng());
        let evaluated = EvaluatedElements::from_bytes(&evaluated.to_bytes()).unwrap();
        let answer = if service.down { Err(AskError::Down) } else { Ok(evaluated) };
        Box::pin(async move { answer })
    }
}
