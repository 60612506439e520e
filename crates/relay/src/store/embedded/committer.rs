//! The thread that makes batches durable.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use super::Shared;
use super::batch::Batch;
use super::clerk::Command;

/// Called when a batch is durable; dropped when it is not to be.
pub(super) type Answer = Box<dyn FnOnce() + Send>;

/// A batch and who is answered when it is durable.
pub(super) type Job = (Arc<Batch>, Vec<Answer>);

/// Starts the thread: what is sent to it is written in order, and the clerk is told of each.
pub(super) fn spawn(shared: Arc<Shared>, clerk: Sender<Command>) -> io::Result<(JoinHandle<()>, Sender<Job>)> {
    let (batches, inbox) = channel();
    let thread = thread::Builder::new().name("store-committer".into()).spawn(move || run(&shared, &clerk, &inbox))?;
    Ok((thread, batches))
}

fn run(shared: &Shared, clerk: &Sender<Command>, inbox: &Receiver<Job>) {
    while let Ok((batch, answers)) = inbox.recv() {
        let committed = commit(shared, &batch);
        if committed {
            answers.into_iter().for_each(|answer| answer());
        } else {
            // Before anyone hears that the store is out, which dropping the answers tells.
            shared.ready.store(false, Ordering::Relaxed);
            drop(answers);
        }
        drop(batch);
        if clerk.send(Command::Committed(committed)).is_err() {
            return;
        }
    }
}

/// A panic inside the database counts as its failure, and the database is opened again.
fn commit(shared: &Shared, batch: &Batch) -> bool {
    let written = catch_unwind(AssertUnwindSafe(|| shared.write(|disk| disk.commit(batch))));
    written.is_ok_and(|written| written.is_ok())
}
