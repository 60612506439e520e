//! The slow hash, few at once: each takes tens of MiB while it runs, and nothing before and after.

use std::sync::Arc;
use std::time::Duration;

use sealpost_blind::discovery::{EpochSalt, Hasher, OutOfMemory, Parameters, Stretched};
use sealpost_identity::PhoneNumber;
use thiserror::Error;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// How many hash at once, and how long others wait for their turn.
pub struct Hashers {
    turns: Arc<Semaphore>,
    patience: Duration,
}

/// Why a number was not hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotHashed {
    /// Others were hashing all the time.
    #[error("too many numbers are being hashed")]
    Busy,
    /// There was not enough memory.
    #[error(transparent)]
    OutOfMemory(#[from] OutOfMemory),
}

impl Hashers {
    /// At most `count` at once; others wait for at most `patience`.
    #[must_use]
    pub fn new(count: usize, patience: Duration) -> Self {
        Self { turns: Arc::new(Semaphore::new(count)), patience }
    }

    /// Hashes `number` for each epoch, one after the other.
    ///
    /// The memory is allocated when it is this request's turn, and is wiped and free again at its end.
    ///
    /// # Errors
    /// [`NotHashed`].
    pub async fn stretch(
        &self,
        number: &PhoneNumber,
        epochs: Vec<(Parameters, EpochSalt)>,
    ) -> Result<Vec<Stretched>, NotHashed> {
        let turn = timeout(self.patience, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.ok().and_then(Result::ok).ok_or(NotHashed::Busy)?;
        let number = number.clone();
        let hashing = spawn_blocking(move || {
            // It goes on when the request is given up, and is its turn until it ends.
            let _turn = turn;
            epochs.iter().map(|(parameters, salt)| hash(&number, *parameters, salt)).collect::<Result<_, _>>()
        });
        // It does not run when the program ends.
        Ok(hashing.await.map_err(|_| NotHashed::Busy)??)
    }
}

fn hash(number: &PhoneNumber, parameters: Parameters, salt: &EpochSalt) -> Result<Stretched, OutOfMemory> {
    Ok(Hasher::new(parameters)?.stretch(number.expose_e164().as_bytes(), salt))
}
