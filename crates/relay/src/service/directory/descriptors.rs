//! Epochs are opened when all that their descriptor needs is there, and retired when they have closed.

use data_encoding::HEXLOWER;
use futures_util::future::BoxFuture;
use sealpost_blind::discovery::{Descriptor, DescriptorError};
use sealpost_wire::RelayRef;
use sealpost_wire::directory::Epoch;
use sealpost_wire::manifest::{EpochDescriptor, KeyService, KeyServiceEpoch, KeyServiceKey};
use sealpost_wire::time::Day;
use thiserror::Error;

use super::{Directory, DirectorySettings};
use crate::log::Event;
use crate::service::{Denial, Inner, Relay};
use crate::store::{EpochState, OpenEpoch, Unavailable};

/// Asks key services what they say of themselves.
pub trait KeyServiceManifests: Send + Sync {
    /// What the service of that reference says, signed and verified; none if it cannot be had now.
    fn ask<'a>(&'a self, service: &'a RelayRef) -> BoxFuture<'a, Option<KeyService>>;
}

/// Why an epoch has no descriptor yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotComposed {
    /// A key service does not answer, or has no key of the epoch.
    #[error("a key service does not answer, or has no key of this epoch yet")]
    KeyService,
    /// Together it would be a descriptor that no client takes.
    #[error("no client would take this epoch's descriptor: {0}")]
    Descriptor(#[from] DescriptorError),
    /// The epoch was retired, and is opened no second time.
    #[error("this epoch was retired")]
    Retired,
    /// The store is out.
    #[error("the store is out")]
    Store,
}

impl Relay {
    /// Opens the epochs that are open by the calendar and not yet here, and retires those that have closed. To be called at
    /// the start, and at least once an hour. What fails is tried again by the next call.
    ///
    /// # Errors
    /// The first reason why an epoch was not opened.
    pub async fn look_after_epochs(&self, services: &dyn KeyServiceManifests) -> Result<(), NotComposed> {
        let Some(directory) = &self.0.listed else { return Ok(()) };
        let today = self.0.day();
        self.0.retire_closed(directory, today).await?;
        let mut outcome = Ok(());
        for epoch in Epoch::open_on(today).filter(|epoch| !directory.told.has(*epoch)) {
            let opened = self.open_epoch(epoch, services).await.map(drop);
            // One that was retired stays so, and that is no trouble.
            outcome = outcome.and(if opened == Err(NotComposed::Retired) { Ok(()) } else { opened });
        }
        outcome
    }

    /// Tells of the epochs that the store has.
    ///
    /// # Errors
    /// *try later*.
    pub async fn read_epochs(&self) -> Result<(), Denial> {
        let Some(directory) = &self.0.listed else { return Ok(()) };
        Ok(self.0.tell_epochs(directory).await?)
    }

    /// Opens an epoch, also ahead of its time; tells whether it was not open before.
    ///
    /// # Errors
    /// [`NotComposed`].
    pub async fn open_epoch(&self, epoch: Epoch, services: &dyn KeyServiceManifests) -> Result<bool, NotComposed> {
        let Some(directory) = &self.0.listed else { return Ok(false) };
        match self.0.store.epochs().await?.get(&epoch) {
            Some(EpochState::Open(_)) => return Ok(false),
            Some(EpochState::Retired) => return Err(NotComposed::Retired),
            None => {}
        }
        let descriptor = directory.settings.compose(epoch, services).await?;
        let bytes = serde_json::to_vec(&descriptor).map_err(|_| NotComposed::Store)?;
        self.0.store.open_epoch(epoch, bytes).await?;
        Event::EpochOpened { epoch: epoch.0 }.log();
        self.0.tell_epochs(directory).await?;
        Ok(true)
    }

    /// Erases an epoch's directory for good; tells whether there was one.
    ///
    /// # Errors
    /// *try later*.
    pub async fn retire_epoch(&self, epoch: Epoch) -> Result<bool, Denial> {
        let Some(directory) = &self.0.listed else { return Ok(false) };
        // One that was never open must not be retired by a slip: it would never open.
        if !self.0.store.epochs().await?.contains_key(&epoch) {
            return Ok(false);
        }
        let retired = self.0.store.retire_epoch(epoch).await?;
        self.0.tell_epochs(directory).await?;
        Ok(retired)
    }

    /// The epochs that there are, with their descriptors; none in place of one for those that were retired.
    ///
    /// # Errors
    /// *try later*.
    pub async fn epochs(&self) -> Result<Vec<(Epoch, Option<EpochDescriptor>)>, Denial> {
        let epochs = self.0.store.epochs().await?;
        Ok(epochs.into_iter().map(|(epoch, state)| (epoch, descriptor(state))).collect())
    }
}

impl Inner {
    async fn retire_closed(&self, directory: &Directory, today: Day) -> Result<(), Unavailable> {
        for (epoch, state) in self.store.epochs().await? {
            if epoch.closes() < today && matches!(state, EpochState::Open(_)) {
                self.store.retire_epoch(epoch).await?;
                Event::EpochRetired { epoch: epoch.0 }.log();
            }
        }
        self.tell_epochs(directory).await
    }

    async fn tell_epochs(&self, directory: &Directory) -> Result<(), Unavailable> {
        let epochs = self.store.epochs().await?;
        directory.told.set(epochs.into_values().filter_map(descriptor).collect());
        Ok(())
    }
}

/// What is told of an open epoch: the descriptor that it was opened with, and as many bits as it has now.
fn descriptor(state: EpochState) -> Option<EpochDescriptor> {
    let EpochState::Open(OpenEpoch { bits, descriptor }) = state else { return None };
    let kept: EpochDescriptor = serde_json::from_slice(&descriptor).ok()?;
    Some(EpochDescriptor { bucket_bits: bits.bits(), ..kept })
}

impl DirectorySettings {
    /// The descriptor of an epoch, in which each key service has its say.
    async fn compose(&self, epoch: Epoch, services: &dyn KeyServiceManifests) -> Result<EpochDescriptor, NotComposed> {
        let mut shares = Vec::new();
        for service in &self.key_services {
            let said = services.ask(service).await.ok_or(NotComposed::KeyService)?;
            let share = said.epochs.into_iter().find(|share| share.epoch == epoch);
            shares.push((service, share.ok_or(NotComposed::KeyService)?));
        }
        let descriptor = self.join(epoch, shares);
        Descriptor::check(&descriptor)?;
        Ok(descriptor)
    }

    fn join(&self, epoch: Epoch, shares: Vec<(&RelayRef, KeyServiceEpoch)>) -> EpochDescriptor {
        let (mut contributions, mut key_services) = (Vec::new(), Vec::new());
        for (service, KeyServiceEpoch { epoch: _, public_key, contribution }) in shares {
            contributions.push(contribution);
            key_services.push(KeyServiceKey { reference: service.to_string(), public_key });
        }
        if contributions.is_empty() {
            contributions.push(HEXLOWER.encode(&rand::random::<[u8; 32]>()));
        }
        EpochDescriptor { epoch, argon2: self.argon2, contributions, key_services, bucket_bits: 0 }
    }
}

impl From<Unavailable> for NotComposed {
    fn from(Unavailable: Unavailable) -> Self {
        Self::Store
    }
}
