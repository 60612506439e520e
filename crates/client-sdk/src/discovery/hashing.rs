//! The slow hash, on several threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sealpost_blind::discovery::{Descriptor, Hasher, Stretched};
use sealpost_identity::PhoneNumber;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use crate::error::ErrorKind;

/// More threads than this take more memory than they are worth.
const MOST_THREADS: usize = 4;
/// Results that may wait to be stored. They are small, and a thread that waits for the disk hashes nothing.
const WAITING: usize = 1_024;

/// A number to be hashed, under a name of the caller's.
pub(super) type Job<N> = (N, PhoneNumber);

/// What a thread says: a hash, or that it has not the memory.
pub(super) enum Hashed<N> {
    Number(N, Stretched),
    OutOfMemory,
}

/// Hashes numbers on as many threads as there are cores. Each has memory of its own, which is wiped when it ends; it ends
/// when there is nothing left, within one hash of `stop`, or when nobody reads the results any more.
pub(super) fn hash_all<N: Copy + Send + Sync + 'static>(
    jobs: Vec<Job<N>>,
    descriptor: &Descriptor,
    stop: &CancellationToken,
) -> mpsc::Receiver<Hashed<N>> {
    let (results, receiver) = mpsc::channel(WAITING);
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS).min(jobs.len());
    let (jobs, next) = (Arc::new(jobs), Arc::new(AtomicUsize::new(0)));
    for _ in 0..threads {
        let worker = Worker {
            jobs: Arc::clone(&jobs),
            next: Arc::clone(&next),
            descriptor: descriptor.clone(),
            results: results.clone(),
            stop: stop.clone(),
        };
        // It ends by itself, and what it has to say it says through the channel.
        drop(spawn_blocking(move || worker.run()));
    }
    receiver
}

struct Worker<N> {
    jobs: Arc<Vec<Job<N>>>,
    next: Arc<AtomicUsize>,
    descriptor: Descriptor,
    results: mpsc::Sender<Hashed<N>>,
    stop: CancellationToken,
}

impl<N: Copy> Worker<N> {
    fn run(self) {
        let Ok(mut hasher) = Hasher::new(self.descriptor.parameters) else {
            let _nobody_may_listen = self.results.blocking_send(Hashed::OutOfMemory);
            return;
        };
        while !self.stop.is_cancelled() {
            let Some((name, number)) = self.jobs.get(self.next.fetch_add(1, Ordering::Relaxed)) else { return };
            let stretched = hasher.stretch(number.expose_e164().as_bytes(), &self.descriptor.salt);
            if self.results.blocking_send(Hashed::Number(*name, stretched)).is_err() {
                return;
            }
        }
    }
}

/// Hashes one number.
///
/// # Errors
/// [`ErrorKind::Memory`].
pub(super) async fn hash_one(number: PhoneNumber, descriptor: &Descriptor) -> Result<Stretched, ErrorKind> {
    match hash_all(vec![((), number)], descriptor, &CancellationToken::new()).recv().await {
        Some(Hashed::Number((), stretched)) => Ok(stretched),
        Some(Hashed::OutOfMemory) | None => Err(ErrorKind::Memory),
    }
}

/// Hashes one number on the caller's thread.
///
/// # Errors
/// [`ErrorKind::Memory`].
pub(super) fn hash_here(number: &PhoneNumber, descriptor: &Descriptor) -> Result<Stretched, ErrorKind> {
    let mut hasher = Hasher::new(descriptor.parameters).map_err(|_| ErrorKind::Memory)?;
    Ok(hasher.stretch(number.expose_e164().as_bytes(), &descriptor.salt))
}
