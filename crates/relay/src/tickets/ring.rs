//! The keys in use.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use data_encoding::HEXLOWER;
use sealpost_blind::ServerKey;
use sealpost_wire::manifest::TicketKey;
use sealpost_wire::ticket::TicketKind;
use sealpost_wire::time::Day;

use super::keys::{KeysError, TicketKeys};
use super::settings::Allowances;

/// The keys of an issuer.
pub(super) struct Ring {
    directory: TicketKeys,
    allowances: Allowances,
    loaded: RwLock<Loaded>,
    /// Whoever changes the directory holds it.
    keeping: Mutex<()>,
}

#[derive(Default)]
struct Loaded {
    /// When they were last looked after.
    on: Option<Day>,
    keys: BTreeMap<(TicketKind, Day), Arc<ServerKey>>,
    told: Vec<TicketKey>,
}

impl Ring {
    /// No keys yet.
    pub(super) fn new(directory: PathBuf, allowances: Allowances) -> Self {
        let directory = TicketKeys::new(directory);
        Self { directory, allowances, loaded: RwLock::default(), keeping: Mutex::default() }
    }

    /// Makes the keys that issue today, erases those that are over. If it fails, those that there are stay in use.
    pub(super) fn keep(&self, today: Day) -> Result<(), KeysError> {
        let _alone = self.keeping.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_of(today) {
            return Ok(());
        }
        let kinds: Vec<_> = self.allowances.kinds().collect();
        let keys = self.directory.keep(&kinds, today, &mut rand::rng())?;
        let keys: BTreeMap<_, _> = keys.into_iter().map(|(name, key)| (name, self.known(name, key))).collect();
        let told = self.tell(&keys, today);
        *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = Loaded { on: Some(today), keys, told };
        Ok(())
    }

    /// Whether the keys are those of `today`.
    pub(super) fn is_of(&self, today: Day) -> bool {
        self.loaded().on == Some(today)
    }

    pub(super) fn key(&self, kind: TicketKind, first: Day) -> Option<Arc<ServerKey>> {
        self.loaded().keys.get(&(kind, first)).cloned()
    }

    /// How many tickets under a key one voucher is good for.
    pub(super) fn count(&self, kind: TicketKind, first: Day, today: Day) -> Option<u16> {
        self.allowances.count(kind, first, today)
    }

    /// What a manifest says of the keys.
    pub(super) fn told(&self) -> Vec<TicketKey> {
        self.loaded().told.clone()
    }

    /// The same key, if it is in use.
    fn known(&self, name: (TicketKind, Day), key: ServerKey) -> Arc<ServerKey> {
        self.key(name.0, name.1).filter(|known| known.public() == key.public()).unwrap_or_else(|| Arc::new(key))
    }

    fn tell(&self, keys: &BTreeMap<(TicketKind, Day), Arc<ServerKey>>, today: Day) -> Vec<TicketKey> {
        let mut told = Vec::new();
        for ((kind, first_day), key) in keys {
            let count = self.allowances.count(*kind, *first_day, today);
            if let Some(count) = count.filter(|_| kind.issued_on(today).any(|first| first == *first_day)) {
                let public_key = HEXLOWER.encode(&key.public().to_bytes());
                told.push(TicketKey { kind: *kind, first_day: *first_day, count, public_key });
            }
        }
        told
    }

    fn loaded(&self) -> RwLockReadGuard<'_, Loaded> {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner)
    }
}
