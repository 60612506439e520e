//! The slow hash of a number, bare and with everything around it.

use std::hint::black_box;
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use criterion::Criterion;
use sealpost_benches::CpuTime;
use sealpost_blind::discovery::{EpochSalt, Hasher, KeyServices, Lookup, Parameters};
use sealpost_blind::{BlindState, Epoch, MAX_BATCH, Purpose, ServerKey};
use sealpost_wire::Secret;

const EPOCH: Epoch = Epoch(230);
const PURPOSE: Purpose = Purpose::Discovery(EPOCH);
const NUMBER: &[u8] = b"+12025550123";

/// argon2id alone, in memory that is used again.
struct Bare {
    argon2: Argon2<'static>,
    memory: Vec<Block>,
}

/// All that a client computes, with two key services to ask.
struct Whole {
    hasher: Hasher,
    salt: EpochSalt,
    services: [ServerKey; 2],
}

impl Bare {
    fn new(parameters: Parameters) -> Self {
        let blocks = parameters.memory_mib() * 1_024;
        let params = Params::new(blocks, parameters.passes(), 1, Some(32)).unwrap();
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        Self { argon2, memory: vec![Block::new(); blocks as usize] }
    }

    fn hash(&mut self) -> [u8; 32] {
        let mut hash = [0; 32];
        self.argon2.hash_password_into_with_memory(NUMBER, &[2; 32], &mut hash, &mut self.memory).unwrap();
        hash
    }
}

impl Whole {
    fn new(parameters: Parameters) -> Self {
        let services = [(); 2].map(|()| ServerKey::derive(&Secret::random(&mut rand::rng()), PURPOSE));
        Self { hasher: Hasher::new(parameters).unwrap(), salt: EpochSalt::from_bytes([2; 32]), services }
    }

    /// Hashes numbers, up to a batch of them, and derives their places; returns them, and the time that the key services took.
    fn derive(&mut self, count: usize) -> (Vec<Lookup>, Duration) {
        let hashed: Vec<_> = (0..count).map(|_| self.hasher.stretch(NUMBER, &self.salt)).collect();
        let mut theirs = Duration::ZERO;
        let outputs = self.services.each_ref().map(|service| {
            let values = hashed.iter().map(|x| x.secret());
            let (state, asked) = BlindState::blind_padded(PURPOSE, values, &mut rand::rng()).unwrap();
            let start = Instant::now();
            let answered = service.evaluate(&asked, &mut rand::rng());
            theirs += start.elapsed();
            state.finalize(&service.public(), &answered).unwrap()
        });
        let keys = KeyServices::new(self.services.iter().map(ServerKey::public).collect()).unwrap();
        let place = |(n, x)| keys.lookup(EPOCH, x, &[&outputs[0][n], &outputs[1][n]]).unwrap();
        (hashed.iter().enumerate().map(place).collect(), theirs)
    }
}

pub(crate) fn bench(c: &mut Criterion<CpuTime>) {
    let mut group = c.benchmark_group("discovery/argon2id");
    group.sample_size(10);
    for (name, parameters) in
        [("19 MiB, 2 passes", Parameters::new(19, 2, 1).unwrap()), ("the default", Parameters::default())]
    {
        let (mut bare, mut whole) = (Bare::new(parameters), Whole::new(parameters));
        group.bench_function(format!("{name}, bare"), |b| b.iter(|| bare.hash()));
        let mut is_wanted = false;
        group.bench_function(format!("{name}, as a client hashes"), |b| {
            is_wanted = true;
            b.iter(|| whole.hasher.stretch(NUMBER, &whole.salt));
        });
        if is_wanted {
            tell_ratio(name, &mut bare, &mut whole);
        }
    }
    group.finish();
}

/// Of everything that a client computes for a number to the hash alone, over a batch, one right after the other.
fn tell_ratio(name: &str, bare: &mut Bare, whole: &mut Whole) {
    let start = Instant::now();
    (0..MAX_BATCH).for_each(|_| _ = black_box(bare.hash()));
    let alone = start.elapsed();
    let start = Instant::now();
    let (places, theirs) = whole.derive(MAX_BATCH);
    let all = start.elapsed() - theirs;
    black_box(places);
    let ratio = all.as_secs_f64() / alone.as_secs_f64();
    println!("discovery/argon2id/{name}: a client's whole derivation is {ratio:.3} × the hash alone");
}
