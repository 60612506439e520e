//! Looking for numbers in one epoch: hash, have evaluated, read.

use std::collections::{BTreeMap, HashMap, HashSet};

use sealpost_blind::PrfOutput;
use sealpost_blind::directory::Bucket;
use sealpost_blind::discovery::{Descriptor, Lookup};
use sealpost_wire::directory::BucketRead;
use sealpost_wire::request::Refusal;
use sealpost_wire::time::Day;
use zeroize::Zeroizing;

use super::blocking::blocking;
use super::buckets::{Reader, plan};
use super::directory::basis;
use super::evaluating::{Asking, Pending};
use super::hashing::{Hashed, Job, hash_all};
use super::job::{Progress, Stage};
use super::keeping::{Keeper, Kept};
use super::report::Reason;
use super::run::{Run, Wanted};
use super::trouble::Trouble;
use crate::error::ErrorKind;
use crate::event::Event;
use crate::net::NetError;
use crate::store::lookups::Computed;
use crate::store::numbers::NumberHash;
use crate::store::{consents, lookups, numbers};

/// At most so many hashes are stored at once.
const HASHES_AT_ONCE: usize = 64;

/// What a round did not do, and why.
#[derive(Default)]
pub(super) struct Shortfall {
    hashing: Option<Reason>,
    services: [Option<Reason>; 2],
    /// How many of the services there are.
    of: usize,
    reading: Option<Reason>,
    bad: HashSet<NumberHash>,
}

impl Shortfall {
    /// Why it is not known whether a number is listed in this epoch; `None` when it is known.
    pub(super) fn reason(&self, number: NumberHash, computed: Option<&Computed>, day: Day) -> Option<Reason> {
        let cancelled = |why: Option<Reason>| Some(why.unwrap_or(Reason::Cancelled));
        let Some(computed) = computed else { return cancelled(self.hashing) };
        let missing = computed.outputs.iter().zip(&self.services).take(self.of).find(|(output, _)| output.is_none());
        if let Some((_, why)) = missing {
            return cancelled(*why);
        }
        if self.bad.contains(&number) {
            return Some(Reason::BadRecord);
        }
        if computed.read.is_some_and(|read| read >= day) { None } else { cancelled(self.reading) }
    }
}

/// One epoch's part of a run.
pub(super) struct Round<'a> {
    run: &'a Run,
    descriptor: Descriptor,
    wanted: Vec<Wanted>,
    shortfall: Shortfall,
}

/// A number whose bucket is due.
struct Due {
    hash: NumberHash,
    name: Zeroizing<String>,
    lookup: Lookup,
}

impl<'a> Round<'a> {
    pub(super) fn new(run: &'a Run, descriptor: Descriptor, wanted: Vec<Wanted>) -> Self {
        let shortfall = Shortfall { of: descriptor.references.len(), ..Shortfall::default() };
        Self { run, descriptor, wanted, shortfall }
    }

    /// Does as much as can be done, and says what could not.
    ///
    /// # Errors
    /// Trouble with the store, where nothing can go on.
    pub(super) async fn go(mut self) -> Result<Shortfall, Trouble> {
        let (epoch, basis) = (self.descriptor.epoch, basis(&self.descriptor));
        blocking(&self.run.inner.store, move |store| {
            store.write(|tx| {
                consents::discovery(tx)?;
                lookups::enter(tx, epoch, &basis)
            })
        })
        .await?;
        self.hash().await?;
        self.evaluate().await?;
        self.read().await?;
        Ok(self.shortfall)
    }

    async fn computed(&self) -> Result<HashMap<NumberHash, Computed>, Trouble> {
        let epoch = self.descriptor.epoch;
        blocking(&self.run.inner.store, move |store| store.read(|tx| lookups::all(tx, epoch))).await
    }

    async fn hash(&mut self) -> Result<(), Trouble> {
        let known = self.computed().await?;
        let missing = self.wanted.iter().filter(|wanted| !known.contains_key(&wanted.hash));
        let jobs: Vec<Job<_>> = missing.map(|wanted| (wanted.hash, wanted.number.clone())).collect();
        self.expect(jobs.len(), |progress| &mut progress.hashed);
        let mut results = hash_all(jobs, &self.descriptor, &self.run.stop);
        let mut hashed = Vec::new();
        while results.recv_many(&mut hashed, HASHES_AT_ONCE).await > 0 {
            self.keep_hashes(std::mem::take(&mut hashed)).await?;
        }
        Ok(())
    }

    async fn keep_hashes(&mut self, hashed: Vec<Hashed<NumberHash>>) -> Result<(), Trouble> {
        let epoch = self.descriptor.epoch;
        let mut numbers = Vec::with_capacity(hashed.len());
        for result in hashed {
            match result {
                Hashed::Number(number, stretched) => numbers.push((number, stretched)),
                Hashed::OutOfMemory => self.shortfall.hashing = Some(Reason::Memory),
            }
        }
        let count = numbers.len();
        blocking(&self.run.inner.store, move |store| {
            store.write(|tx| {
                consents::discovery(tx)?;
                numbers.iter().try_for_each(|(number, stretched)| lookups::set_hashed(tx, epoch, *number, stretched))
            })
        })
        .await?;
        self.advance(count, |progress| &mut progress.hashed);
        Ok(())
    }

    /// Both key services at once: neither waits for the other.
    async fn evaluate(&mut self) -> Result<(), Trouble> {
        let known = self.computed().await?;
        let both = async { tokio::join!(self.ask(0, &known), self.ask(1, &known)) };
        // What is dropped here was not answered, or is being stored.
        let Some((first, second)) = self.run.stop.run_until_cancelled(both).await else { return Ok(()) };
        for (place, outcome) in [first, second].into_iter().enumerate() {
            let reason = outcome.err().map(of_key_service).transpose()?;
            self.shortfall.services.iter_mut().skip(place).take(1).for_each(|service| *service = reason);
        }
        Ok(())
    }

    async fn ask(&self, place: usize, known: &HashMap<NumberHash, Computed>) -> Result<(), Trouble> {
        if place >= self.descriptor.references.len() {
            return Ok(());
        }
        let lacks = |computed: &&Computed| computed.outputs.get(place).is_some_and(Option::is_none);
        let computed =
            |wanted: &Wanted| known.get(&wanted.hash).filter(lacks).map(|one| (wanted.hash, one.stretched.clone()));
        let pending: Vec<Pending> = self.wanted.iter().filter_map(computed).collect();
        self.expect(pending.len(), |progress| &mut progress.evaluated);
        let Run { ways, inner, .. } = self.run;
        let asking = Asking { ways, store: &inner.store, descriptor: &self.descriptor, place };
        asking.evaluate(&pending, |count| self.advance(count, |progress| &mut progress.evaluated)).await
    }

    async fn read(&mut self) -> Result<(), Trouble> {
        let run = self.run;
        let reading = async {
            let mut due = self.due().await?;
            let outcome = self.read_all(&mut due).await;
            match outcome {
                // Its buckets have split since.
                Err(Trouble::Network(NetError::Refused(refused))) if refused.reason == Refusal::OtherBits => {
                    self.look_again().await?;
                    self.read_all(&mut due).await
                }
                outcome => outcome,
            }
        };
        match run.stop.run_until_cancelled(reading).await {
            None | Some(Ok(())) => Ok(()),
            Some(Err(Trouble::Store(error))) => Err(error.into()),
            Some(Err(trouble)) => {
                self.shortfall.reading = Some((&trouble).into());
                Ok(())
            }
        }
    }

    /// Learns how many buckets there are by now.
    async fn look_again(&mut self) -> Result<(), Trouble> {
        let directory = self.run.ways.directory(self.run.day).await?;
        let same = directory.epochs.into_iter().find(|descriptor| descriptor.epoch == self.descriptor.epoch);
        let now = same.ok_or(ErrorKind::EpochOver)?;
        if basis(&now) != basis(&self.descriptor) {
            return Err(ErrorKind::DirectoryRefused.into());
        }
        self.descriptor = now;
        Ok(())
    }

    /// The numbers whose place is known, and whose bucket was not read today.
    async fn due(&self) -> Result<Vec<Due>, Trouble> {
        let known = self.computed().await?;
        let due = |wanted: &Wanted| {
            let computed = known.get(&wanted.hash).filter(|computed| computed.read != Some(self.run.day))?;
            let outputs: Option<Vec<&PrfOutput>> =
                computed.outputs.iter().take(self.descriptor.references.len()).map(Option::as_ref).collect();
            let Descriptor { epoch, services, .. } = &self.descriptor;
            let lookup = services.lookup(*epoch, &computed.stretched, &outputs?).ok()?;
            Some(Due { hash: wanted.hash, name: wanted.name.clone(), lookup })
        };
        Ok(self.wanted.iter().filter_map(due).collect())
    }

    /// Reads the buckets of all that are due; what was read is due no more.
    async fn read_all(&mut self, due: &mut Vec<Due>) -> Result<(), Trouble> {
        let Descriptor { epoch, bits, .. } = self.descriptor;
        let mut buckets: BTreeMap<u32, Vec<Due>> = BTreeMap::new();
        for one in due.drain(..) {
            buckets.entry(one.lookup.prefix.bucket(bits)).or_default().push(one);
        }
        let key = blocking(&self.run.inner.store, |store| store.read(numbers::key)).await?;
        let seed = key.ok_or(ErrorKind::NoConsent)?.seed_of(epoch);
        let reads = plan(&buckets.keys().copied().collect(), bits, seed, &mut rand::rng());
        self.expect(reads.len(), |progress| &mut progress.read);
        let mut reader = Reader::new(&self.run.ways, self.run.inner.options.lookup_pace);
        for number in reads {
            let bucket = match reader.read(BucketRead { epoch, bits, number }).await {
                Ok(bucket) => bucket,
                Err(error) => {
                    due.extend(buckets.into_values().flatten());
                    return Err(error.into());
                }
            };
            self.advance(1, |progress| &mut progress.read);
            if let Some(wanted) = buckets.remove(&number) {
                self.keep(bucket, wanted).await?;
            }
        }
        Ok(())
    }

    /// Looks into a bucket for those who are wanted in it.
    async fn keep(&mut self, bucket: Bucket, wanted: Vec<Due>) -> Result<(), Trouble> {
        let (epoch, today) = (self.descriptor.epoch, self.run.day);
        let own = self.run.inner.identity.public().hash();
        let outcomes = blocking(&self.run.inner.store, move |store| {
            store.write(|tx| {
                consents::discovery(tx)?;
                let keeper = Keeper { own: &own, today };
                let outcome = |due: &Due| {
                    let kept = match bucket.find(&due.lookup) {
                        Ok(None) => None,
                        Ok(Some(record)) => Some(keeper.keep(tx, due.hash, &due.name, &record)?),
                        Err(_) => Some(Kept::Bad),
                    };
                    if kept != Some(Kept::Bad) {
                        lookups::set_read(tx, epoch, due.hash, keeper.today)?;
                    }
                    Ok((due.hash, kept))
                };
                wanted.iter().map(outcome).collect::<Result<Vec<_>, _>>()
            })
        })
        .await?;
        self.tell(outcomes);
        Ok(())
    }

    fn tell(&mut self, outcomes: Vec<(NumberHash, Option<Kept>)>) {
        for (number, kept) in outcomes {
            match kept {
                Some(Kept::Bad) => drop(self.shortfall.bad.insert(number)),
                Some(Kept::Changed { contact, is_news: true }) => {
                    self.run.inner.tell(Event::IdentityChanged { contact });
                }
                Some(Kept::Found { is_new: true, .. }) => {
                    self.run.progress.send_modify(|progress| progress.found += 1);
                }
                Some(Kept::Found { .. } | Kept::Changed { .. } | Kept::Own) | None => {}
            }
        }
        // Contacts may have come, and what waits for one may find another way.
        self.run.inner.changed.notify_one();
    }

    fn expect(&self, count: usize, stage: impl FnOnce(&mut Progress) -> &mut Stage) {
        self.run.progress.send_modify(|progress| stage(progress).of += count);
    }

    fn advance(&self, count: usize, stage: impl FnOnce(&mut Progress) -> &mut Stage) {
        self.run.progress.send_modify(|progress| stage(progress).done += count);
    }
}

/// What trouble with a key service means for those it was asked about. Trouble with the store is for all.
fn of_key_service(trouble: Trouble) -> Result<Reason, Trouble> {
    match trouble {
        Trouble::Store(error) => Err(error.into()),
        trouble => Ok(match trouble.kind() {
            ErrorKind::NotProved => Reason::ProofNeeded,
            ErrorKind::Unreachable => Reason::KeyServiceUnreachable,
            ErrorKind::EpochOver => Reason::EpochOver,
            _ => Reason::KeyServiceRefused,
        }),
    }
}
