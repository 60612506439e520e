//! Carrying a whole store away, and filling a new one.
//!
//! It is read object by object, so that what relays change meanwhile is there or not, but never half. It is filled by
//! commands that may come twice.

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
use crate::store::dump::{DumpError, Giver, Taker};
use filling::Filler;

/// Commands that are under way at once.
const MOST_UNDER_WAY: usize = 512;
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
        for number in 0..GROUPS {
            store.objects(&store.keys.group(number), live).await?;
        }
        store.epochs(live).await?;
        for number in 0..GROUPS {
            store.spent(&store.keys.group(number), live).await?;
        }
        Ok(())
    })
}

/// Puts all that is given into an empty store. `mark` names what it is filled from: one that was interrupted, and began with
/// the same mark, is filled again.
///
/// # Errors
/// [`DumpError`]; [`DumpError::NotEmpty`] where there is anything else.
pub(crate) fn fill(options: &Options, mark: &[u8; 32], give: Giver<'_>) -> Result<(), Failed> {
    run(async {
        let store = Store::open(options).await?;
        let mut filler = Filler::new(&store, store.begin(mark).await?);
        while let Some(record) = give().map_err(DumpError::Archive)? {
            filler.put(record).await?;
        }
        filler.finish().await?;
        store.end(options.durability).await
    })
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

    /// Marks the store as one that is being filled; tells whether that was begun before.
    async fn begin(&self, mark: &[u8; 32]) -> Result<bool, Failed> {
        let (tag, key) = self.mark();
        let begun = optional_bytes(self.ask(&tag, cmd("GET").arg(&key)).await?)?;
        if begun.as_deref() == Some(mark) {
            return Ok(true);
        }
        if begun.is_some() || !self.is_empty().await? {
            return Err(DumpError::NotEmpty);
        }
        self.ask(&tag, cmd("SET").arg(&key).arg(mark)).await?;
        Ok(false)
    }

    /// Takes the mark away, once replicas have all of it where they must.
    async fn end(&self, durability: Durability) -> Result<(), Failed> {
        if let Durability::Replicas(replicas) = durability {
            for node in self.link.masters().await? {
                let answer = self.link.ask_node(&node, cmd("WAIT").arg(replicas).arg(REPLICATED)).await?;
                if !matches!(answer, Value::Int(reached) if reached >= i64::from(replicas)) {
                    return Err(DumpError::Store);
                }
            }
        }
        let (tag, key) = self.mark();
        self.ask(&tag, cmd("UNLINK").arg(&key)).await?;
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
