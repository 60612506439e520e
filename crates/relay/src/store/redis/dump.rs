//! Carrying a whole store away, and filling a new one.
//!
//! It is read object by object, so that what relays change meanwhile is there or not, but never half. It is filled by
//! commands that may come twice, and notes from time to time how far it is.

mod filling;
mod reading;

use futures_util::future::try_join_all;
use redis::{Cmd, Value, cmd};
use sealpost_wire::time::Hour;
use tokio::runtime::Builder;

use super::answer::{Fault, optional_bytes};
use super::check::check;
use super::format;
use super::keys::{GROUPS, Keys, Tag};
use super::link::Link;
use super::open::{OpenError, connect};
use super::options::{Durability, Options};
use crate::store::dump::{DumpError, Filling, Giver, Part, Taker};
use filling::{Filler, Way};

/// Commands that are under way at once; in tests, so few that a filling can be interrupted in many places.
const MOST_UNDER_WAY: usize = if cfg!(test) { 2 } else { 512 };
/// How long replicas may take for the end of what a store was filled with, in milliseconds.
const REPLICATED: u32 = 60_000;

type Failed = DumpError<OpenError>;

/// Gives everything that is of use at `now`. The store stays as it is.
///
/// # Errors
/// [`DumpError`].
pub(crate) fn dump(options: &Options, now: Hour, take: Taker<'_>) -> Result<(), Failed> {
    run(async {
        let store = Store::open(options).await?;
        let live: Taker<'_> = &mut |record| if record.is_live(now) { take(record) } else { Ok(()) };
        store.all_objects(now, live).await?;
        store.epochs(live).await?;
        for number in 0..GROUPS {
            store.spent(&store.keys.group(number), live).await?;
        }
        Ok(())
    })
}

/// Gives what is in mailboxes and on shelves alone.
///
/// # Errors
/// [`DumpError`].
pub(crate) fn dump_objects(options: &Options, now: Hour, take: Taker<'_>) -> Result<(), Failed> {
    run(async {
        let live: Taker<'_> = &mut |record| if record.is_live(now) { take(record) } else { Ok(()) };
        Store::open(options).await?.all_objects(now, live).await
    })
}

/// Puts all that is given into an empty store, or into one that has the first part. What was interrupted goes on.
///
/// # Errors
/// [`DumpError`]; [`DumpError::NotEmpty`] where there is anything else.
pub(crate) fn fill(options: &Options, filling: &Filling, give: Giver<'_>) -> Result<(), Failed> {
    run(async {
        let store = Store::open(options).await?;
        let (noted, way) = match store.begin(filling).await? {
            Begun::At(noted, way) => (noted, way),
            Begun::Done => return Ok(()),
        };
        for _ in 0..noted {
            give().map_err(DumpError::Archive)?;
        }
        let mut filler = Filler::new(&store, way, Note { mark: filling.mark, records: noted });
        while let Some(record) = give().map_err(DumpError::Archive)? {
            filler.put(record).await?;
        }
        filler.finish().await?;
        store.end(filling, options.durability).await
    })
}

/// Has relays take a store that was filled to its end.
///
/// # Errors
/// [`DumpError`].
pub(crate) fn adopt(options: &Options) -> Result<(), Failed> {
    run(async {
        let store = Store::open(options).await?;
        let (tag, key) = store.mark();
        match optional_bytes(store.ask(&tag, cmd("GET").arg(&key)).await?)?.as_deref().map(Note::from_bytes) {
            None => Ok(()),
            Some(Some(note)) if note.records == u64::MAX => {
                Ok(store.ask(&tag, cmd("UNLINK").arg(&key)).await.map(drop)?)
            }
            Some(_) => Err(DumpError::Store),
        }
    })
}

/// How far a store is filled, and with what.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Note {
    mark: [u8; 32],
    /// So many records of it; [`u64::MAX`] when it is all of them.
    records: u64,
}

impl Note {
    fn to_bytes(self) -> [u8; 40] {
        let mut bytes = [0; 40];
        let (mark, records) = bytes.split_at_mut(32);
        mark.copy_from_slice(&self.mark);
        records.copy_from_slice(&self.records.to_be_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (mark, records) = bytes.split_first_chunk::<32>()?;
        Some(Self { mark: *mark, records: u64::from_be_bytes(records.try_into().ok()?) })
    }
}

/// How a filling begins.
enum Begun {
    /// Behind so many records.
    At(u64, Way),
    /// All of it is there.
    Done,
}

fn run<T>(work: impl Future<Output = Result<T, Failed>>) -> Result<T, Failed> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| DumpError::Open(OpenError::Thread(error)))?.block_on(work)
}

pub(super) struct Store {
    pub(super) link: Link,
    keys: Keys,
}

impl From<Fault> for Failed {
    fn from(_: Fault) -> Self {
        Self::Store
    }
}

impl Store {
    pub(super) async fn open(options: &Options) -> Result<Self, Failed> {
        let opened = connect(options).await.map_err(DumpError::Open)?;
        check(&opened.link, options.durability).await.map_err(DumpError::Open)?;
        let keys = Keys::new(options.namespace.clone());
        format::look(&opened.link, &keys).await.map_err(DumpError::Open)?;
        Ok(Self { link: opened.link, keys })
    }

    async fn ask(&self, tag: &Tag, command: &Cmd) -> Result<Value, Fault> {
        self.link.ask(tag, command).await
    }

    /// Where it is said that the store is being filled.
    fn mark(&self) -> (Tag, String) {
        let tag = self.keys.shared();
        let key = tag.key("f");
        (tag, key)
    }

    /// Marks the store as one that is being filled, or finds how far it is.
    async fn begin(&self, filling: &Filling) -> Result<Begun, Failed> {
        let (tag, key) = self.mark();
        let Some(noted) = optional_bytes(self.ask(&tag, cmd("GET").arg(&key)).await?)? else {
            if matches!(filling.part, Part::Rest { .. }) {
                return Err(DumpError::NoFirst);
            }
            if !self.is_empty().await? {
                return Err(DumpError::NotEmpty);
            }
            self.note(Note { mark: filling.mark, records: 0 }).await?;
            return Ok(Begun::At(0, Way::Fresh));
        };
        let noted = Note::from_bytes(&noted).ok_or(DumpError::Store)?;
        match filling.part {
            _ if noted.mark == filling.mark && noted.records == u64::MAX => Ok(Begun::Done),
            Part::Rest { .. } if noted.mark == filling.mark => Ok(Begun::At(noted.records, Way::Upon)),
            _ if noted.mark == filling.mark => Ok(Begun::At(noted.records, Way::Again)),
            Part::Rest { of } if noted == (Note { mark: of, records: u64::MAX }) => {
                self.note(Note { mark: filling.mark, records: 0 }).await?;
                Ok(Begun::At(0, Way::Upon))
            }
            Part::Rest { .. } => Err(DumpError::NoFirst),
            Part::Whole | Part::First => Err(DumpError::NotEmpty),
        }
    }

    async fn note(&self, note: Note) -> Result<(), Fault> {
        let (tag, key) = self.mark();
        self.ask(&tag, cmd("SET").arg(&key).arg(&note.to_bytes())).await.map(drop)
    }

    /// Notes that it is filled, once replicas have all of it where they must.
    async fn end(&self, filling: &Filling, durability: Durability) -> Result<(), Failed> {
        if let Durability::Replicas(replicas) = durability {
            for node in self.link.masters().await? {
                let answer = self.link.ask_node(&node, cmd("WAIT").arg(replicas).arg(REPLICATED)).await?;
                if !matches!(answer, Value::Int(reached) if reached >= i64::from(replicas)) {
                    return Err(DumpError::Store);
                }
            }
        }
        Ok(self.note(Note { mark: filling.mark, records: u64::MAX }).await?)
    }

    async fn all_objects(&self, now: Hour, take: Taker<'_>) -> Result<(), Failed> {
        for number in 0..GROUPS {
            self.objects(&self.keys.group(number), now, take).await?;
        }
        Ok(())
    }

    async fn is_empty(&self) -> Result<bool, Fault> {
        let (epochs, shared) = (self.keys.epochs(), self.keys.shared());
        let mut keys = vec![(epochs.key("n"), epochs), (shared.key("k"), shared)];
        for number in 0..GROUPS {
            let tag = self.keys.group(number);
            keys.extend([(tag.key("l"), tag.clone()), (tag.key("q"), tag)]);
        }
        for part in keys.chunks(MOST_UNDER_WAY) {
            let commands: Vec<(Tag, Cmd)> =
                part.iter().map(|(key, tag)| (tag.clone(), cmd("EXISTS").arg(key).to_owned())).collect();
            let found = try_join_all(commands.iter().map(|(tag, command)| self.ask(tag, command))).await?;
            if !found.iter().all(|count| matches!(count, Value::Int(0))) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn object(tag: &Tag, id: &[u8], end: &str) -> Vec<u8> {
    [tag.as_bytes(), id, end.as_bytes()].concat()
}
