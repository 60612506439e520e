//! What the manifest says of the directory.

use sealpost_wire::RelayRef;
use sealpost_wire::directory::{BucketBits, Epoch};
use sealpost_wire::manifest::{self, EpochDescriptor};
use tokio::sync::watch;

/// What is told, and to whom it is told that it has changed.
pub(super) struct Told(watch::Sender<manifest::Directory>);

impl Told {
    /// A directory without epochs.
    pub(super) fn new(attester: Option<&RelayRef>) -> Self {
        let attester = attester.map(ToString::to_string);
        Self(watch::Sender::new(manifest::Directory { attester, epochs: Vec::new() }))
    }

    pub(super) fn watch(&self) -> watch::Receiver<manifest::Directory> {
        self.0.subscribe()
    }

    /// Whether an epoch is told of.
    pub(super) fn has(&self, epoch: Epoch) -> bool {
        self.0.borrow().epochs.iter().any(|told| told.epoch == epoch)
    }

    /// Tells of these epochs, and of no others.
    pub(super) fn set(&self, epochs: Vec<EpochDescriptor>) {
        self.0.send_if_modified(|told| {
            let is_news = told.epochs != epochs;
            told.epochs = epochs;
            is_news
        });
    }

    /// Tells how many buckets an epoch has. They never become fewer, so what comes late changes nothing.
    pub(super) fn set_bits(&self, epoch: Epoch, bits: BucketBits) {
        self.0.send_if_modified(|told| {
            let fewer = |told: &&mut EpochDescriptor| told.epoch == epoch && told.bucket_bits < bits.bits();
            let found = told.epochs.iter_mut().find(fewer);
            found.map(|told| told.bucket_bits = bits.bits()).is_some()
        });
    }
}
