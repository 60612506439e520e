//! What all need that ask a store: owners, envelopes, a time.

use std::path::Path;

use sealpost_relay::store::embedded::Options;
use sealpost_relay::store::{MailboxOwner, Moment, NewEnvelope, Quota, Right, Store};
use sealpost_wire::request::MailboxKind;
use sealpost_wire::time::{Day, Hour};
use sealpost_wire::{AtRest, CollectKey, EnvelopeId, MailboxId, SizeClass};

pub(crate) const NOW: Hour = Hour(480_000);
/// How long envelopes are kept, in hours.
pub(crate) const HOURS: u32 = 300;

/// What an embedded store below that directory is opened with.
pub(crate) fn options(directory: &Path) -> Options {
    Options {
        directory: directory.join("store"),
        quota: Quota { envelopes: 2_000, bytes: 1 << 30, items: 100 },
        index_bytes: 1 << 26,
        cache_bytes: 1 << 24,
        disk_reserve_bytes: 0,
    }
}

pub(crate) fn moment() -> Moment {
    Moment { now: NOW, lease: Day(NOW.0 / 24 + 90) }
}

/// The owner of a mailbox, of up to 256.
pub(crate) fn owner(number: usize) -> MailboxOwner {
    let byte = u8::try_from(number).unwrap();
    MailboxOwner { id: MailboxId::from_bytes([byte; 32]), collect: CollectKey::new([byte; 32]).hash() }
}

/// Opens a mailbox for each.
pub(crate) async fn open(store: &dyn Store, owners: &[MailboxOwner]) {
    for owner in owners {
        store.open_mailbox(*owner, MailboxKind::Pairwise, moment()).await.unwrap().unwrap();
    }
}

/// An envelope for an owner.
pub(crate) fn envelope(owner: &MailboxOwner, id: EnvelopeId, class: SizeClass) -> NewEnvelope {
    NewEnvelope {
        mailbox: owner.id,
        collect: owner.collect,
        id,
        sealed: AtRest::new(vec![0xA5; class.stored_length()].into()).unwrap(),
        expires: Hour(NOW.0 + HOURS),
        right: Right::Full,
    }
}
