//! The directory: publish, withdraw, read buckets; and the epochs in which that is done.
//!
//! What is inside a slot, and whose it is, the relay cannot tell. It holds an entry to the attester's word where there is an
//! attester, and hands out whole buckets.

mod descriptors;
mod filling;
mod told;

use std::num::NonZeroU32;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use sealpost_blind::directory::Bucket;
use sealpost_wire::RelayRef;
use sealpost_wire::codec::V1;
use sealpost_wire::directory::{Attestation, BucketRead, Epoch};
use sealpost_wire::manifest::{self, Argon2};
use sealpost_wire::request::{ClosedReply, Listing, Publish, Published, Refusal, Withdraw};
use sealpost_wire::statement::Closed;
use sealpost_wire::ticket::TicketKind;
use sealpost_wire::time::Day;
use tokio::sync::watch;

pub use descriptors::{KeyServiceManifests, NotComposed};
use filling::Filler;
use told::Told;

use super::{Denial, Inner, Relay};
use crate::store::{EntryOwner, NewEntry, NoBucket, NotPlaced, Place};

/// What an operator decides of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectorySettings {
    /// The key services, up to two, in the order in which descriptors name them.
    pub key_services: Vec<RelayRef>,
    /// The attester without whose word nobody is listed; without one, anyone may publish any number.
    pub attester: Option<RelayRef>,
    /// The cost of the slow hash, for epochs that are opened from now on.
    pub argon2: Argon2,
    /// How many entries are taken a minute, of all together.
    pub publishes_per_minute: NonZeroU32,
}

/// A relay's directory, beside what the store keeps of it.
pub(super) struct Directory {
    settings: DirectorySettings,
    rate: DefaultDirectRateLimiter,
    filler: Filler,
    told: Told,
}

/// How long a client waits when entries come too fast, in seconds.
const CROWDED: u16 = 10;

impl Directory {
    pub(super) fn new(settings: DirectorySettings) -> Self {
        Self {
            rate: RateLimiter::direct(Quota::per_minute(settings.publishes_per_minute)),
            filler: Filler::new(&mut rand::rng()),
            told: Told::new(settings.attester.as_ref()),
            settings,
        }
    }

    /// When the number was proved, if the attester says so of exactly this entry; none where there is no attester.
    fn proof(&self, request: &Publish, today: Day) -> Result<Option<Day>, Denial> {
        let Some(attester) = &self.settings.attester else { return Ok(None) };
        let attestation = request.attestation.as_ref().and_then(|signed| signed.verify(&attester.operator));
        let attestation = attestation.filter(|attestation| is_of(attestation, request) && attestation.issued <= today);
        attestation.map(|attestation| Some(attestation.issued)).ok_or(Denial::of(Refusal::NotAttested))
    }
}

fn is_of(attestation: &Attestation, request: &Publish) -> bool {
    let Attestation { version: V1, epoch, prefix, tag, entry, issued: _ } = attestation;
    (*epoch, *prefix, *tag) == (request.epoch, request.prefix, request.slot.tag())
        && entry.matches(&request.entry.hash())
}

impl Relay {
    /// Lists an entry, or tells from when on it will be.
    ///
    /// # Errors
    /// *no such request*, where there is no directory; *no epoch*; *not attested*, one value for an attestation that is
    /// missing, forged, old or another entry's; *denied*, where another stands there and there are no attestations; *limit*,
    /// when the bucket is full for good; where there are tickets, *ticket needed* and *ticket spent*; *try later*.
    pub async fn publish(&self, request: Publish) -> Result<Published, Denial> {
        let directory = self.directory()?;
        let today = self.0.day();
        self.0.open_epoch(request.epoch, today)?;
        let proved = directory.proof(&request, today)?;
        directory.rate.check().map_err(|_| self.slowed())?;
        self.0.pay(TicketKind::Publish, request.ticket.as_ref(), &request).await?;
        let Publish { epoch, prefix, slot, entry, .. } = request;
        let entry = NewEntry { epoch, prefix, slot, owner: entry.hash(), proved };
        let placed = self.0.store.publish(entry, today).await??;
        directory.told.set_bits(epoch, placed.bits);
        self.0.counts.published.add(1);
        let (listing, day) = match placed.place {
            Place::Listed { contested } => (Listing::Listed, contested),
            Place::Waiting(from) => (Listing::Waiting, Some(from)),
        };
        Ok(Published { version: V1, listing, day })
    }

    /// Takes an entry out and states so. No bucket that is read from then on has it.
    ///
    /// # Errors
    /// *no such request*, where there is no directory; *denied*, also when there is no such entry; *try later*.
    pub async fn withdraw(&self, request: Withdraw) -> Result<ClosedReply, Denial> {
        self.directory()?;
        let Withdraw { version: _, epoch, prefix, tag, entry } = request;
        self.0.store.withdraw(EntryOwner { epoch, prefix, tag, owner: entry.hash() }).await??;
        self.0.counts.withdrawn.add(1);
        Ok(self.0.state(Closed::Entry(epoch, tag)))
    }

    /// A whole bucket.
    ///
    /// # Errors
    /// *no such request*, where there is no directory; *no epoch*; *other bits*; *try later*.
    pub async fn bucket(&self, read: BucketRead) -> Result<Bucket, Denial> {
        let directory = self.directory()?;
        self.0.open_epoch(read.epoch, self.0.day())?;
        let slots = self.0.store.bucket(read).await??;
        let bucket = directory.filler.fill(read, &slots).ok_or(Denial::of(Refusal::Limit))?;
        self.0.counts.buckets_read.add(1);
        Ok(bucket)
    }

    /// What the manifest says of the directory, and when that changes; none where there is no directory.
    #[must_use]
    pub fn directory_told(&self) -> Option<watch::Receiver<manifest::Directory>> {
        self.0.listed.as_ref().map(|directory| directory.told.watch())
    }

    fn directory(&self) -> Result<&Directory, Denial> {
        self.0.listed.as_ref().ok_or(Denial::of(Refusal::NoSuchRequest))
    }

    fn slowed(&self) -> Denial {
        self.0.counts.slowed.add(1);
        Denial::try_later(CROWDED)
    }
}

impl Inner {
    /// An epoch that was opened ahead of its time is used ahead of its time; one that has closed is closed.
    fn open_epoch(&self, epoch: Epoch, today: Day) -> Result<(), Denial> {
        if today <= epoch.closes() { Ok(()) } else { Err(Denial::of(Refusal::NoEpoch)) }
    }
}

impl From<NotPlaced> for Denial {
    fn from(refused: NotPlaced) -> Self {
        Self::of(match refused {
            NotPlaced::NoEpoch => Refusal::NoEpoch,
            NotPlaced::NotProved => Refusal::NotAttested,
            NotPlaced::Denied => Refusal::Denied,
            NotPlaced::Full => Refusal::Limit,
        })
    }
}

impl From<NoBucket> for Denial {
    fn from(refused: NoBucket) -> Self {
        Self::of(match refused {
            NoBucket::NoEpoch => Refusal::NoEpoch,
            NoBucket::OtherBits => Refusal::OtherBits,
        })
    }
}
