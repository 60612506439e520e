//! Work that a thread of its own does ahead of whoever needs it.

use std::io;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

/// What an iterator gives, some of it before it is asked for. The thread ends with the iterator, or once this is dropped.
pub(super) struct Ahead<T>(Receiver<T>);

impl<T: Send + 'static> Ahead<T> {
    /// Has a thread work through it, `most` items ahead at most.
    ///
    /// # Errors
    /// The system's, when it gives no thread.
    pub(super) fn of(work: impl Iterator<Item = T> + Send + 'static, most: usize) -> io::Result<Self> {
        let (done, ahead) = sync_channel(most);
        let mut work = work;
        thread::Builder::new().name("archive".into()).spawn(move || work.try_for_each(|item| done.send(item)))?;
        Ok(Self(ahead))
    }
}

impl<T> Iterator for Ahead<T> {
    type Item = T;

    /// None at the end of the iterator, or when it has panicked: whoever must know gives an end of its own.
    fn next(&mut self) -> Option<T> {
        self.0.recv().ok()
    }
}
