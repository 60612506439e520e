//! A look-up that is under way.

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::report::DiscoveryReport;
use super::trouble::Trouble;
use crate::error::{Error, ErrorKind};

/// Looking up an address book, in the background. Dropped, it is cancelled.
#[derive(Debug)]
pub struct DiscoveryJob {
    progress: watch::Receiver<Progress>,
    stop: CancellationToken,
    task: Option<JoinHandle<Result<DiscoveryReport, Trouble>>>,
}

/// How far a look-up has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Numbers that are hashed, of those that were not hashed before in this epoch.
    pub hashed: Stage,
    /// Evaluations, of each number by each key service, of those that were not made before.
    pub evaluated: Stage,
    /// Buckets that are read, of those that are due today; some are read for show.
    pub read: Stage,
    /// Numbers that were found so far, those found before included.
    pub found: usize,
}

/// How far one stage has come. What is to be done is known when the stage before is over; until then it is an estimate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stage {
    /// Done.
    pub done: usize,
    /// To be done in all.
    pub of: usize,
}

impl DiscoveryJob {
    pub(super) fn start<F>(
        runtime: &Handle,
        stop: CancellationToken,
        work: impl FnOnce(watch::Sender<Progress>, CancellationToken) -> F,
    ) -> Self
    where
        F: Future<Output = Result<DiscoveryReport, Trouble>> + Send + 'static,
    {
        let (sender, progress) = watch::channel(Progress::default());
        let task = runtime.spawn(work(sender, stop.clone()));
        Self { progress, stop, task: Some(task) }
    }

    /// How far it has come.
    #[must_use]
    pub fn progress(&self) -> Progress {
        *self.progress.borrow()
    }

    /// Waits until it has come further; `None` once it is over. Safe to cancel.
    pub async fn next(&mut self) -> Option<Progress> {
        self.progress.changed().await.ok()?;
        Some(*self.progress.borrow_and_update())
    }

    /// Lets it end soon: within a hash or a request. What was computed stays; [`DiscoveryJob::finish`] tells what came of it.
    pub fn cancel(&self) {
        self.stop.cancel();
    }

    /// Waits until it is over.
    ///
    /// Servers that are away, and the like, are no error: the report says of whom it is not known why.
    ///
    /// # Errors
    /// When nothing could be looked up at all: [`ErrorKind::NoDirectory`], [`ErrorKind::DirectoryRefused`], the kinds of
    /// trouble with the network where one's own relay is not reached, [`ErrorKind::NoConsent`] when it was revoked
    /// meanwhile, or trouble with storage.
    pub async fn finish(mut self) -> Result<DiscoveryReport, Error> {
        match self.task.take() {
            Some(task) => Ok(task.await.unwrap_or(Err(Trouble::Kind(ErrorKind::Internal)))?),
            None => Err(ErrorKind::Internal.into()),
        }
    }
}

impl Drop for DiscoveryJob {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
