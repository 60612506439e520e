//! A directory with people in it, its key services and its attester; and what each of them holds then.

use data_encoding::HEXLOWER;
use sealpost_blind::directory::{CARD_LENGTH, Record};
use sealpost_blind::discovery::Hasher;
use sealpost_blind::{BlindState, Epoch, PrfOutput, Purpose};
use sealpost_wire::directory::{BlindedElements, EvaluatedElements};
use sealpost_wire::manifest::{Argon2, EpochDescriptor, KeyServiceKey};
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::{EntryKey, RelayRef, Secret};

use crate::loot::{Directory, Files, KeyService, Row};

const EPOCH: Epoch = Epoch(230);
const PURPOSE: Purpose = Purpose::Discovery(EPOCH);

/// What all parties hold, and who is listed, which none of them is to find out.
pub(crate) struct Deployment {
    pub(crate) directory: Directory,
    pub(crate) services: Vec<KeyService>,
    pub(crate) attester: Files,
    pub(crate) listed: Vec<String>,
}

/// Numbers of ranges that are kept free for fiction, in one spelling.
pub(crate) fn numbers(count: usize) -> Vec<String> {
    let american = (0..100).map(|n| format!("+120255501{n:02}"));
    let british = (0..1_000).map(|n| format!("+442079460{n:03}"));
    american.zip(british).flat_map(|(one, other)| [one, other]).take(count).collect()
}

impl Deployment {
    /// Lists these numbers, with so many key services.
    pub(crate) fn listing(listed: Vec<String>, services: u8) -> Self {
        let mut services: Vec<_> = (0..services).map(|_| service()).collect();
        let mut directory = Directory { published: descriptor(&services), rows: vec![], files: Files::new() };
        for number in &listed {
            let row = publish(number, &directory, &mut services);
            directory.rows.push(row);
        }
        let attester = [("attester.key".to_owned(), OperatorSecret::random(&mut rand::rng()).expose_seed().to_vec())];
        Self { directory, services, attester: attester.into(), listed }
    }
}

fn service() -> KeyService {
    let lines = [(); 2].map(|()| HEXLOWER.encode(Secret::<32>::random(&mut rand::rng()).expose()));
    let file = format!("{}\n{}\n", lines[0], lines[1]);
    KeyService { seen: vec![], files: [(format!("epochs/{}.key", EPOCH.0), file.into_bytes())].into() }
}

fn descriptor(services: &[KeyService]) -> EpochDescriptor {
    let told = |(n, service): (usize, &KeyService)| KeyServiceKey {
        reference: RelayRef {
            host: format!("keys-{n}.example.org:443").parse().unwrap(),
            operator: OperatorSecret::random(&mut rand::rng()).public(),
        }
        .to_string(),
        public_key: HEXLOWER.encode(&service.key(PURPOSE).public().to_bytes()),
    };
    let contribution = |_| HEXLOWER.encode(Secret::<32>::random(&mut rand::rng()).expose());
    EpochDescriptor {
        epoch: EPOCH,
        argon2: Argon2 { memory_mib: 19, passes: 2, lanes: 1 },
        contributions: (0..services.len().max(1)).map(contribution).collect(),
        key_services: services.iter().enumerate().map(told).collect(),
        bucket_bits: 0,
    }
}

/// What a client does, and the row that a directory makes of it.
fn publish(number: &str, directory: &Directory, services: &mut [KeyService]) -> Row {
    let descriptor = directory.descriptor();
    let x = Hasher::new(descriptor.parameters).unwrap().stretch(number.as_bytes(), &descriptor.salt);
    let outputs: Vec<_> = services.iter_mut().map(|service| evaluate(service, x.secret())).collect();
    let place = descriptor.services.lookup(EPOCH, &x, &outputs.iter().collect::<Vec<_>>()).unwrap();
    let record = Record { card: Secret::new([0xca; CARD_LENGTH]), last_day: EPOCH.last_day() };
    let slot = record.seal(&place.tag, &place.key, &mut rand::rng());
    let entry = EntryKey::random(&mut rand::rng()).hash();
    Row {
        keyspace: format!("entries-{}", EPOCH.0),
        key: [place.prefix.0.to_be_bytes().as_slice(), place.tag.as_bytes()].concat(),
        value: [slot.as_bytes().as_slice(), entry.as_bytes(), &EPOCH.first_day().0.to_be_bytes()].concat(),
    }
}

/// Asks a key service, which keeps all that it sees.
fn evaluate(service: &mut KeyService, x: &Secret<32>) -> PrfOutput {
    let key = service.key(PURPOSE);
    let (state, asked) = BlindState::blind_padded(PURPOSE, [x], &mut rand::rng()).unwrap();
    let answered = key.evaluate(&asked, &mut rand::rng());
    let seen = (BlindedElements::from_bytes(&asked.to_bytes()), EvaluatedElements::from_bytes(&answered.to_bytes()));
    service.seen.push((seen.0.unwrap(), seen.1.unwrap()));
    state.finalize(&key.public(), &answered).unwrap().remove(0)
}
