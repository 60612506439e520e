//! Keeps one's own number in the directory, where that was wanted.
//!
//! A number is published once its card's shelf is stocked, then again every few days: that renews its record and its lease,
//! and only the answer says that somebody else claims the number. Each epoch's entry goes on a connection of its own, some
//! time apart from the other's, so that nothing ties the two together.

mod due;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use rand::Rng;
use rusqlite::Transaction;
use sealpost_blind::directory::Record;
use sealpost_blind::discovery::{Descriptor, Lookup};
use sealpost_wire::codec::V1;
use sealpost_wire::directory::Epoch;
use sealpost_wire::request::{Publish, Published, Refusal};
use sealpost_wire::ticket::TicketKind;
use sealpost_wire::time::Day;
use tokio::time::{Instant, sleep};

use super::context::Context;
use crate::clock;
use crate::discovery::{Asking, Directory, Trouble, Ways};
use crate::error::ErrorKind;
use crate::event::Event;
use crate::net::{Backoff, NetError};
use crate::permit::DiscoveryPermit;
use crate::store::entries::{Entry, Place, Publication, Standing};
use crate::store::lookups::Computed;
use crate::store::{StoreError, entries, lookups};
use crate::tickets::{Desk, TicketTrouble};
use due::{Ready, Wanted, is_due, standing};

/// How long a record holds: as long as what lies on a shelf does, since that is what it leads to.
const RECORD_DAYS: u32 = 30;
/// How often what is due by the day is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(3_600);
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

/// Runs until the engine stops.
pub(super) async fn run(context: Context) {
    let stop = context.stop.clone();
    let mut keeper = Keeper { context, told: HashSet::new(), renewed: None };
    let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
    while !stop.is_cancelled() {
        keeper.context.beats.mark_unchanged();
        let Some(outcome) = stop.run_until_cancelled(keeper.round()).await else { break };
        match outcome {
            Ok(()) => {
                backoff.succeeded();
                keeper.rest().await;
            }
            Err(trouble) => {
                keeper.note(&trouble);
                let pause = backoff.after_failure(None, &mut rand::rng());
                let _stopped = stop.run_until_cancelled(sleep(pause)).await;
            }
        }
    }
}

struct Keeper {
    context: Context,
    /// The epochs of which it was told that a proof is due.
    told: HashSet<Epoch>,
    /// When the directory's manifest was fetched because it lacked something.
    renewed: Option<Instant>,
}

impl Keeper {
    async fn round(&mut self) -> Result<(), Trouble> {
        let today = clock::today();
        let wanted = self.context.blocking(|shared| shared.store.read(due::wanted)).await?;
        let Some((on_record, wanted)) = wanted else { return Ok(()) };
        let permit = DiscoveryPermit::of_consent(&on_record);
        // The number stands in the directory of the relay that its card is on.
        let relay = wanted.card.relay.clone();
        let ways = Ways::new(self.context.shared.network.clone(), permit, &self.context.shared.inner, relay);
        let directory = self.directory(&ways, today).await?;
        let ready = self.ready(&wanted, &directory).await?;
        self.tell_what_is_due(&wanted, &directory, &ready, today);
        let mut is_first = true;
        for ready in ready.into_iter().filter(|ready| is_due(&ready.entry, today)) {
            if !std::mem::take(&mut is_first) {
                let spread = self.context.shared.inner.options.leaving_spread;
                let pause = rand::rng().random_range(Duration::ZERO..=spread);
                sleep(pause).await;
            }
            self.publish(&ways, &wanted, ready, today).await?;
        }
        Ok(())
    }

    /// What is known of the directory; fetched anew, at most once an hour, when an epoch that must be open is missing.
    async fn directory(&mut self, ways: &Ways, today: Day) -> Result<Directory, Trouble> {
        let known = ways.network.relay(&ways.relay, crate::net::Reach::Anywhere).await?;
        let directory = Directory::of(&known.manifest, today);
        let is_whole = |directory: &Directory| {
            let has = |epoch: Epoch| directory.epochs.iter().any(|descriptor| descriptor.epoch == epoch);
            Epoch::open_on(today).all(has)
        };
        let fetched = self.renewed.is_some_and(|last| last.elapsed() < LOOK_EVERY);
        if fetched || directory.as_ref().is_ok_and(is_whole) {
            return Ok(directory?);
        }
        self.renewed = Some(Instant::now());
        ways.directory(today).await
    }

    /// The epochs for which there is all that is needed.
    async fn ready(&self, wanted: &Wanted, directory: &Directory) -> Result<Vec<Ready>, StoreError> {
        let (wanted, directory) = (wanted.clone(), directory.clone());
        self.context.blocking(move |shared| shared.store.read(|tx| due::ready(tx, &wanted, &directory))).await
    }

    fn tell_what_is_due(&mut self, wanted: &Wanted, directory: &Directory, ready: &[Ready], today: Day) {
        let is_listed = |entry: &&Entry| matches!(entry.standing, Some((Standing::Listed | Standing::Contested(_), _)));
        for descriptor in &directory.epochs {
            let epoch = descriptor.epoch;
            if ready.iter().any(|ready| ready.entry.epoch == epoch) {
                self.told.remove(&epoch);
                continue;
            }
            // Nobody looks into an epoch that is over once there is an entry in the next.
            let is_superseded = ready.iter().any(|ready| ready.entry.epoch > epoch);
            if !is_superseded && self.told.insert(epoch) {
                let until = wanted
                    .entries
                    .iter()
                    .filter(is_listed)
                    .filter(|entry| entry.epoch < epoch)
                    .max_by_key(|entry| entry.epoch);
                let by = until.map_or(today, |entry| entry.epoch.closes().plus(1));
                self.context.tell(Event::NumberProofDue { by });
            }
        }
    }

    async fn publish(&mut self, ways: &Ways, wanted: &Wanted, ready: Ready, today: Day) -> Result<(), Trouble> {
        let Ready { descriptor, entry } = ready;
        let lookup = self.lookup(ways, &descriptor, wanted.publication).await?;
        let (epoch, number) = (descriptor.epoch, entry.number);
        let place = Place { prefix: lookup.prefix, tag: lookup.tag };
        let shared = Arc::clone(&self.context.shared);
        let _furnishing = shared.furnishing.lock().await;
        // From here on it may stand there, so from here on there is something to withdraw.
        if !self.write_while_wanted(wanted.publication, move |tx| entries::set_place(tx, epoch, number, &place)).await?
        {
            return Ok(());
        }
        let last_day = today.plus(RECORD_DAYS).min(epoch.closes());
        let record = Record { card: wanted.card.to_record(), last_day };
        let request = Publish {
            version: V1,
            epoch,
            prefix: lookup.prefix,
            slot: record.seal(&lookup.tag, &lookup.key, &mut rand::rng()),
            entry: entry.key.clone(),
            attestation: entry.proof.as_ref().map(|(word, _)| word.clone()),
            ticket: None,
        };
        let outcome = self.paid(ways, request).await?;
        self.after(wanted.publication, &entry, outcome, today).await
    }

    /// Publishes with a ticket, where the relay asks for one.
    async fn paid(&self, ways: &Ways, request: Publish) -> Result<Result<Published, NetError>, Trouble> {
        let purpose: [&[u8]; 2] = [&request.epoch.0.to_be_bytes(), request.slot.as_bytes()];
        let mut paying = self.context.shared.tickets.paying(Desk::relay(&ways.relay), TicketKind::Publish, &purpose);
        loop {
            let request = Publish { ticket: paying.next().await?, ..request.clone() };
            let outcome = ways.network.directory(&ways.permit, &ways.relay).await?.call(&request).await;
            match paying.settle(outcome).await {
                Ok(None) => {}
                Ok(Some(published)) => return Ok(Ok(published)),
                Err(TicketTrouble::Network(error)) => return Ok(Err(error)),
                Err(trouble) => return Err(trouble.into()),
            }
        }
    }

    /// Where the number stands in an epoch, from what was computed, and from what the key services still have to.
    async fn lookup(&self, ways: &Ways, descriptor: &Descriptor, own: Publication) -> Result<Lookup, Trouble> {
        for place in 0..descriptor.references.len() {
            let computed = self.computed(descriptor, own).await?;
            if computed.outputs.get(place).is_some_and(Option::is_none) {
                let asking = Asking { ways, store: &self.context.shared.store, descriptor, place };
                asking.evaluate(&[(own.number, computed.stretched)], |_| {}).await?;
            }
        }
        let computed = self.computed(descriptor, own).await?;
        let outputs: Vec<_> = computed.outputs.iter().flatten().collect();
        let lookup = descriptor.services.lookup(descriptor.epoch, &computed.stretched, &outputs);
        Ok(lookup.map_err(|_| ErrorKind::Internal)?)
    }

    async fn computed(&self, descriptor: &Descriptor, own: Publication) -> Result<Computed, Trouble> {
        let epoch = descriptor.epoch;
        let find = move |tx: &Transaction<'_>| lookups::one(tx, epoch, own.number);
        let computed = self.context.blocking(move |shared| shared.store.read(find)).await?;
        Ok(computed.ok_or(ErrorKind::NoConsent)?)
    }

    async fn after(
        &mut self,
        own: Publication,
        entry: &Entry,
        outcome: Result<Published, NetError>,
        today: Day,
    ) -> Result<(), Trouble> {
        let (epoch, number) = (entry.epoch, entry.number);
        let standing = match outcome {
            Ok(published) => standing(published).ok_or(ErrorKind::Refused)?,
            Err(NetError::Refused(refused)) if refused.reason == Refusal::Limit => Standing::Full,
            Err(NetError::Refused(refused)) if refused.reason == Refusal::NotAttested => {
                self.write_while_wanted(own, move |tx| entries::set_proof(tx, epoch, number, None)).await?;
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        let stored =
            self.write_while_wanted(own, move |tx| entries::set_standing(tx, epoch, number, standing, today)).await?;
        let former = entry.standing.map(|(standing, _)| standing);
        if stored && former != Some(standing) {
            self.tell(standing);
        }
        Ok(())
    }

    /// Changes an entry, unless it was withdrawn meanwhile; whether it was not.
    async fn write_while_wanted(
        &self,
        own: Publication,
        work: impl FnOnce(&Transaction<'_>) -> Result<(), StoreError> + Send + 'static,
    ) -> Result<bool, StoreError> {
        let write = move |tx: &Transaction<'_>| {
            let is_wanted = entries::publication(tx)? == Some(own);
            if is_wanted {
                work(tx)?;
            }
            Ok(is_wanted)
        };
        let written = self.context.blocking(move |shared| shared.store.write(write)).await?;
        self.context.changed();
        Ok(written)
    }

    fn tell(&self, standing: Standing) {
        match standing {
            Standing::Listed => self.context.tell(Event::Listed),
            Standing::Contested(until) => self.context.tell(Event::NumberClaimed { until }),
            Standing::Waiting(from) => self.context.tell(Event::NumberWaiting { from }),
            Standing::Full => {}
        }
    }

    fn note(&self, trouble: &Trouble) {
        match trouble {
            Trouble::Network(error) => self.context.note(error),
            Trouble::Store(error) => self.context.note_store(error),
            Trouble::Kind(_) => {}
        }
        if !matches!(trouble.kind(), ErrorKind::Unreachable | ErrorKind::NoConsent | ErrorKind::OptedOut) {
            self.context.tell(Event::DirectoryTrouble(trouble.kind()));
        }
    }

    /// Waits for a change of the store, or for the next thing that is due by the day.
    async fn rest(&mut self) {
        tokio::select! {
            () = self.context.stop.cancelled() => {}
            _ = self.context.beats.changed() => {}
            () = sleep(LOOK_EVERY) => {}
        }
    }
}
