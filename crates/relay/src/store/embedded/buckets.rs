//! The thread that reads buckets.
//!
//! A reading costs no more than waking a thread for it would. One thread for all of them is woken once and reads on while
//! there are more; and a disk that is slow holds up no other request.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use sealpost_wire::directory::{BucketRead, Slot};
use tokio::sync::oneshot;

use super::Shared;
use crate::store::{NoBucket, Reply, Unavailable};

/// Readings that may wait for their turn.
const MOST_WAITING: usize = 4_096;

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
    for Reading { read, answer } in inbox {
        if answer.is_closed() {
            continue;
        }
        // Without an answer, the store is out.
        if let Ok(slots) = shared.with(|disk| disk.bucket(read)) {
            let _left = answer.send(slots);
        }
    }
}
