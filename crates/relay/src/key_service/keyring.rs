//! The keys in use, as they were last read from their directory.

use std::sync::{Arc, PoisonError, RwLock};

use miette::Diagnostic;
use rand::CryptoRng;
use sealpost_wire::directory::Epoch;
use sealpost_wire::manifest::KeyServiceEpoch;
use sealpost_wire::time::Day;
use thiserror::Error;

use super::epochs::{EpochDirectory, EpochKey, EpochsError};
use super::vouchers::{Allowance, LogError, Owner, Vouchers};
use crate::key_service::events::Event;
use crate::tickets::KeysError;

/// Why the keys cannot be brought into use.
#[derive(Debug, Error, Diagnostic)]
pub enum KeepError {
    /// They cannot be read, made or erased.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Epochs(EpochsError),
    /// What was spent under one of them cannot be told.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Vouchers(LogError),
    /// The keys of tickets cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Tickets(KeysError),
}

/// The keys in use.
pub(super) struct Keyring {
    directory: EpochDirectory,
    /// The most vouchers of an epoch; none where no vouchers are counted.
    vouchers: Option<u32>,
    epochs: RwLock<Vec<Arc<UsedEpoch>>>,
}

/// An epoch's key, and what was spent under it where that counts.
pub(super) struct UsedEpoch {
    pub(super) key: EpochKey,
    pub(super) vouchers: Option<Vouchers>,
}

impl Keyring {
    /// No keys yet.
    pub(super) const fn new(directory: EpochDirectory, vouchers: Option<u32>) -> Self {
        Self { directory, vouchers, epochs: RwLock::new(Vec::new()) }
    }

    /// Brings directory and memory to what `today` asks for, commands having changed the directory or not; tells whether
    /// there are other keys now than before. If it fails, all stays in use that was.
    pub(super) fn keep(&self, today: Day, rng: &mut impl CryptoRng) -> Result<bool, KeepError> {
        let kept = self.directory.keep(today, rng).map_err(KeepError::Epochs)?;
        kept.made.iter().for_each(|epoch| Event::EpochMade { epoch: epoch.0 }.log());
        kept.erased.iter().for_each(|epoch| Event::EpochErased { epoch: epoch.0 }.log());
        let before = self.all();
        let used = kept.keys.into_iter().map(|key| self.used(&before, key)).collect::<Result<Vec<_>, _>>()?;
        let same = used.len() == before.len() && used.iter().zip(&before).all(|(now, then)| Arc::ptr_eq(now, then));
        *self.epochs.write().unwrap_or_else(PoisonError::into_inner) = used;
        Ok(!same)
    }

    /// The key of `epoch`, if there is one.
    pub(super) fn of(&self, epoch: Epoch) -> Option<Arc<UsedEpoch>> {
        let epochs = self.epochs.read().unwrap_or_else(PoisonError::into_inner);
        epochs.iter().find(|used| used.key.epoch == epoch).cloned()
    }

    /// All keys, by epoch.
    pub(super) fn all(&self) -> Vec<Arc<UsedEpoch>> {
        self.epochs.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What a manifest says of them.
    pub(super) fn told(&self) -> Vec<KeyServiceEpoch> {
        self.all().iter().map(|used| used.key.told()).collect()
    }

    /// The epoch of `key`: the one that was in use, if its key is the same.
    fn used(&self, before: &[Arc<UsedEpoch>], key: EpochKey) -> Result<Arc<UsedEpoch>, KeepError> {
        let is_same = |used: &&Arc<UsedEpoch>| used.key.epoch == key.epoch && used.key.told() == key.told();
        if let Some(same) = before.iter().find(is_same) {
            return Ok(Arc::clone(same));
        }
        let owner = Owner { epoch: key.epoch, key: key.public().to_bytes(), allowance: Allowance::Growing };
        let open = |most| Vouchers::open(&self.directory.spent_path(key.epoch), owner, most);
        let vouchers = self.vouchers.map(open).transpose().map_err(KeepError::Vouchers)?;
        Ok(Arc::new(UsedEpoch { key, vouchers }))
    }
}
