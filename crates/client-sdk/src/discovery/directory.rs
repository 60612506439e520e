//! What the manifests say: the directory's, and of each key service whether it says the same.

use data_encoding::HEXLOWER;
use sealpost_blind::discovery::Descriptor;
use sealpost_wire::RelayRef;
use sealpost_wire::directory::Epoch;
use sealpost_wire::manifest::{KeyServiceEpoch, Manifest};
use sealpost_wire::time::Day;

use super::terms::{EpochTerms, Terms};
use crate::error::ErrorKind;
use crate::store::lookups::Basis;

/// The directory of one's own relay, checked.
#[derive(Debug, Clone)]
pub(crate) struct Directory {
    pub(crate) attester: Option<RelayRef>,
    /// What is open, the epoch of the day first, then the one before it.
    pub(crate) epochs: Vec<Descriptor>,
}

impl Directory {
    /// Reads a manifest whose signature held.
    ///
    /// # Errors
    /// [`ErrorKind::NoDirectory`], [`ErrorKind::DirectoryRefused`], or [`ErrorKind::EpochOver`] when nothing is open.
    pub(crate) fn of(manifest: &Manifest, today: Day) -> Result<Self, ErrorKind> {
        let directory = manifest.directory.as_ref().ok_or(ErrorKind::NoDirectory)?;
        let attester = directory.attester.as_deref().map(str::parse).transpose();
        let attester = attester.map_err(|_| ErrorKind::DirectoryRefused)?;
        let mut epochs = Vec::new();
        for epoch in near(today) {
            let mut described = directory.epochs.iter().filter(|descriptor| descriptor.epoch == epoch);
            match (described.next(), described.next()) {
                (None, _) => {}
                (Some(one), None) => epochs.push(Descriptor::check(one).map_err(|_| ErrorKind::DirectoryRefused)?),
                (Some(_), Some(_)) => return Err(ErrorKind::DirectoryRefused),
            }
        }
        if epochs.is_empty() { Err(ErrorKind::EpochOver) } else { Ok(Self { attester, epochs }) }
    }

    /// Where to look for numbers, in this order: in the epoch of the day, or in the one after it when that took its place
    /// early; then in the one before.
    pub(super) fn to_look_in(&self, today: Day) -> Vec<Descriptor> {
        let current = Epoch::of(today);
        let has_current = self.epochs.iter().any(|descriptor| descriptor.epoch == current);
        let mut epochs: Vec<_> =
            self.epochs.iter().filter(|descriptor| descriptor.epoch <= current || !has_current).cloned().collect();
        epochs.sort_by_key(|descriptor| std::cmp::Reverse(descriptor.epoch));
        epochs
    }

    pub(super) fn terms(self) -> Terms {
        let epochs = self.epochs.into_iter().map(|descriptor| EpochTerms {
            epoch: descriptor.epoch,
            memory_mib: descriptor.parameters.memory_mib(),
            passes: descriptor.parameters.passes(),
            buckets: descriptor.bits.buckets(),
            key_services: descriptor.references,
        });
        Terms { attester: self.attester, epochs: epochs.collect() }
    }
}

/// The epochs that a directory may have open on a day: the day's, the one before while it lasts, and the one after, which an
/// operator can open early in the place of one whose keys have leaked.
fn near(today: Day) -> impl Iterator<Item = Epoch> {
    let current = Epoch::of(today);
    let before = current.previous().filter(|epoch| epoch.is_open(today));
    [Some(current), before, Some(current.next())].into_iter().flatten()
}

/// The first and the last epoch of which anything is kept on a day.
pub(crate) fn kept_on(today: Day) -> (Epoch, Epoch) {
    let current = Epoch::of(today);
    (current.previous().filter(|epoch| epoch.is_open(today)).unwrap_or(current), current.next())
}

/// A hash of all that decides what is computed in an epoch.
pub(crate) fn basis(descriptor: &Descriptor) -> Basis {
    let mut hasher = blake3::Hasher::new();
    hasher.update(descriptor.salt.as_bytes());
    hasher.update(&descriptor.parameters.memory_mib().to_be_bytes());
    hasher.update(&descriptor.parameters.passes().to_be_bytes());
    for key in descriptor.services.keys() {
        hasher.update(&key.to_bytes());
    }
    *hasher.finalize().as_bytes()
}

/// What a key service says of an epoch, and whether it wants vouchers.
pub(super) struct ServiceWord<'a> {
    epoch: &'a KeyServiceEpoch,
    pub(super) wants_vouchers: bool,
}

impl<'a> ServiceWord<'a> {
    /// What a manifest says of an epoch; `None` when it says nothing of it.
    pub(super) fn of(manifest: &'a Manifest, epoch: Epoch) -> Option<Self> {
        let service = manifest.key_service.as_ref()?;
        let epoch = service.epochs.iter().find(|known| known.epoch == epoch)?;
        Some(Self { epoch, wants_vouchers: service.attester.is_some() })
    }

    /// Whether the directory says the same of its key service at this place.
    pub(super) fn agrees(&self, descriptor: &Descriptor, place: usize) -> bool {
        let key = descriptor.services.keys().get(place).map(|key| HEXLOWER.encode(&key.to_bytes()));
        let part = descriptor.contributions.get(place).map(|part| HEXLOWER.encode(part));
        key.as_ref() == Some(&self.epoch.public_key) && part.as_ref() == Some(&self.epoch.contribution)
    }
}

#[cfg(test)]
mod tests;
