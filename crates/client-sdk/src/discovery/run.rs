//! A look-up from its beginning to its end.
//!
//! Stage by stage, for all numbers at once: were they taken through one by one, a bucket would be read as often as it has
//! numbers in it, and in an order that tells something. What a stage has done is in the store before the next begins, so a
//! run that ends anywhere is taken up by the next one.

use std::collections::HashMap;
use std::sync::Arc;

use sealpost_blind::discovery::Descriptor;
use sealpost_identity::{AddressBook, PhoneNumber};
use sealpost_wire::directory::Epoch;
use sealpost_wire::time::Day;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::blocking::blocking;
use super::job::Progress;
use super::patience::Patience;
use super::report::{DiscoveryReport, Reason};
use super::round::{Round, Shortfall};
use super::trouble::Trouble;
use super::ways::Ways;
use crate::client::Inner;
use crate::error::ErrorKind;
use crate::store::found::FoundRow;
use crate::store::lookups::Computed;
use crate::store::numbers::NumberHash;
use crate::store::{consents, entries, found, lookups, numbers};

/// A number to look up, and what its owner is called.
#[derive(Clone)]
pub(super) struct Wanted {
    pub(super) hash: NumberHash,
    pub(super) number: PhoneNumber,
    pub(super) name: Zeroizing<String>,
}

/// A look-up under way.
pub(super) struct Run {
    pub(super) inner: Arc<Inner>,
    pub(super) ways: Ways,
    pub(super) progress: watch::Sender<Progress>,
    pub(super) stop: CancellationToken,
    /// The day on which it began, which counts for all of it: what was read on it is not read again.
    pub(super) day: Day,
}

impl Run {
    /// Looks up everyone of the book.
    pub(super) async fn run(self, book: AddressBook) -> Result<DiscoveryReport, Trouble> {
        let Some(_alone) = self.stop.run_until_cancelled(self.inner.looking_up.lock()).await else {
            return Ok(unlooked(&book));
        };
        let wanted = self.wanted(book).await?;
        let mut rounds = Vec::new();
        for (turn, descriptor) in self.epochs(&wanted).await?.into_iter().enumerate() {
            // Whoever is found in the epoch of the day is not looked for in the one before.
            let left = if turn == 0 { wanted.clone() } else { self.not_found_yet(&wanted).await? };
            let epoch = descriptor.epoch;
            rounds.push((epoch, Round::new(&self, descriptor, left).go().await?));
        }
        self.report(wanted, &rounds).await
    }

    /// The book's numbers under their hashes, without one's own.
    async fn wanted(&self, book: AddressBook) -> Result<Vec<Wanted>, Trouble> {
        let wanted = blocking(&self.inner.store, move |store| {
            let (key, own) = store.read(|tx| {
                consents::discovery(tx)?;
                Ok((numbers::key(tx)?, entries::publication(tx)?.map(|own| own.number)))
            })?;
            let wanted = |contact: sealpost_identity::numbers::Contact<'_>| {
                let hash = key.as_ref()?.hash(contact.number);
                let name = Zeroizing::new(contact.name.to_owned());
                (own != Some(hash)).then(|| Wanted { hash, number: contact.number.clone(), name })
            };
            Ok(book.iter().filter_map(wanted).collect::<Vec<_>>())
        })
        .await?;
        let before = self.found(&wanted).await?.len();
        self.progress.send_modify(|progress| progress.found = before);
        Ok(wanted)
    }

    /// What to look in; nothing when there is nobody to look for, or when it was cancelled.
    async fn epochs(&self, wanted: &[Wanted]) -> Result<Vec<Descriptor>, Trouble> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let mut patience = Patience::new();
        let directory = async {
            loop {
                match self.ways.directory(self.day).await {
                    Err(Trouble::Network(error)) => patience.after(error).await?,
                    outcome => return outcome,
                }
            }
        };
        let directory = self.stop.run_until_cancelled(directory).await.transpose()?;
        Ok(directory.map(|directory| directory.to_look_in(self.day)).unwrap_or_default())
    }

    async fn not_found_yet(&self, wanted: &[Wanted]) -> Result<Vec<Wanted>, Trouble> {
        let found = self.found(wanted).await?;
        Ok(wanted.iter().filter(|wanted| !found.contains_key(&wanted.hash)).cloned().collect())
    }

    async fn found(&self, wanted: &[Wanted]) -> Result<HashMap<NumberHash, FoundRow>, Trouble> {
        let all = blocking(&self.inner.store, |store| store.read(found::all)).await?;
        let all: HashMap<_, _> = all.into_iter().map(|row| (row.number, row)).collect();
        Ok(if wanted.is_empty() { HashMap::new() } else { filtered(all, wanted) })
    }

    async fn report(&self, wanted: Vec<Wanted>, rounds: &[(Epoch, Shortfall)]) -> Result<DiscoveryReport, Trouble> {
        let found = self.found(&wanted).await?;
        let epochs: Vec<_> = rounds.iter().map(|(epoch, _)| *epoch).collect();
        let computed = blocking(&self.inner.store, move |store| {
            store.read(|tx| epochs.iter().map(|epoch| lookups::all(tx, *epoch)).collect::<Result<Vec<_>, _>>())
        })
        .await?;
        let Progress { hashed, evaluated, read, .. } = *self.progress.borrow();
        let mut report = DiscoveryReport {
            hashed: hashed.done,
            evaluated: evaluated.done,
            read: read.done,
            ..DiscoveryReport::default()
        };
        for Wanted { hash, name, .. } in wanted {
            let name = String::clone(&name);
            if let Some(row) = found.get(&hash) {
                report.found.push((name, row.contact));
                report.changed.extend(row.other.as_ref().map(|_| row.contact));
                continue;
            }
            match self.why_unknown(hash, rounds, &computed) {
                Some(reason) => report.still_unknown.push((name, reason)),
                None => report.not_found.push(name),
            }
        }
        Ok(report)
    }

    /// Why it is not known whether a number is listed; `None` when it was looked for everywhere, and is not.
    fn why_unknown(
        &self,
        number: NumberHash,
        rounds: &[(Epoch, Shortfall)],
        computed: &[HashMap<NumberHash, Computed>],
    ) -> Option<Reason> {
        if rounds.is_empty() {
            return Some(Reason::Cancelled);
        }
        let each = rounds.iter().zip(computed);
        each.filter_map(|((_, shortfall), computed)| shortfall.reason(number, computed.get(&number), self.day)).next()
    }
}

fn filtered(mut all: HashMap<NumberHash, FoundRow>, wanted: &[Wanted]) -> HashMap<NumberHash, FoundRow> {
    wanted.iter().filter_map(|wanted| all.remove_entry(&wanted.hash)).collect()
}

/// What there is to say of a book that was cancelled before its turn came.
fn unlooked(book: &AddressBook) -> DiscoveryReport {
    let still_unknown = book.iter().map(|contact| (contact.name.to_owned(), Reason::Cancelled)).collect();
    DiscoveryReport { still_unknown, ..DiscoveryReport::default() }
}

impl From<&Trouble> for Reason {
    /// What trouble with the directory means for those who were to be looked up.
    fn from(trouble: &Trouble) -> Self {
        match trouble.kind() {
            ErrorKind::Unreachable => Self::DirectoryUnreachable,
            ErrorKind::EpochOver => Self::EpochOver,
            _ => Self::DirectoryRefused,
        }
    }
}
