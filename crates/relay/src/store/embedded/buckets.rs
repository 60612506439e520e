//! The thread that reads buckets.
//!
//! A reading costs no more than waking a thread for it would. One thread for all of them is woken once and reads on while
//! there are more; and a disk that is slow holds up no other request.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::{io, iter};

use sealpost_wire::directory::{BucketRead, Slot};
use tokio::sync::oneshot;

use super::Shared;
use crate::store::{NoBucket, Reply, Unavailable};

/// Readings that may wait for their turn.
const MOST_WAITING: usize = 4_096;
/// Readings that are answered together, if so many wait, so that whoever asks is woken once for all of them.
const AT_ONCE: usize = 16;

type Slots = Result<Vec<Slot>, NoBucket>;

/// Has buckets read. The thread ends when it is dropped and nothing waits any more.
pub(super) struct Reader(SyncSender<Reading>);

struct Reading {
    read: BucketRead,
    answer: oneshot::Sender<Slots>,
}

impl Reader {
    pub(super) fn spawn(shared: Arc<Shared>) -> io::Result<(Self, JoinHandle<()>)> {
        let (readings, inbox) = sync_channel(MOST_WAITING);
        let thread = thread::Builder::new().name("store-reader".into()).spawn(move || run(&shared, &inbox))?;
        Ok((Self(readings), thread))
    }

    /// The slots of a bucket; *unavailable* also while too many others wait.
    pub(super) fn read(&self, read: BucketRead) -> Reply<Slots> {
        let (answer, reply) = oneshot::channel();
        let sent = self.0.try_send(Reading { read, answer });
        Box::pin(async move {
            sent.map_err(|_| Unavailable)?;
            reply.await.map_err(|_| Unavailable)
        })
    }
}

fn run(shared: &Shared, inbox: &Receiver<Reading>) {
    for first in inbox {
        let others = inbox.try_iter().take(AT_ONCE - 1);
        let read: Vec<_> = iter::once(first).chain(others).filter_map(|reading| read(shared, reading)).collect();
        for (answer, slots) in read {
            let _left = answer.send(slots);
        }
    }
}

/// Without slots, and so without an answer, whoever asked has left, or the store is out.
fn read(shared: &Shared, Reading { read, answer }: Reading) -> Option<(oneshot::Sender<Slots>, Slots)> {
    if answer.is_closed() {
        return None;
    }
    let slots = shared.with(|disk| disk.bucket(read)).ok()?;
    Some((answer, slots))
}
