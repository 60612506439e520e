//! Work for the processor, beside the threads that serve connections.

use std::sync::Arc;
use std::thread::available_parallelism;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// Runs work on as many threads at once as there are cores; the rest waits, and costs nothing when nobody waits for it
/// any more.
pub(crate) struct Pool(Arc<Semaphore>);

/// The work was not done: it failed, or everything is ending.
#[derive(Debug)]
pub(crate) struct Undone;

impl Pool {
    pub(crate) fn new() -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Semaphore::new(cores)))
    }

    /// Does `work`, in its turn.
    pub(crate) async fn run<T, W>(&self, work: W) -> Result<T, Undone>
    where
        T: Send + 'static,
        W: FnOnce() -> T + Send + 'static,
    {
        let turn = Arc::clone(&self.0).acquire_owned().await.map_err(|_| Undone)?;
        let done = spawn_blocking(move || {
            // Ends with the work, also when nobody waits for it any more.
            let _turn = turn;
            work()
        });
        done.await.map_err(|_| Undone)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn no_more_runs_at_once_than_there_are_cores_even_if_nobody_waits_for_it() {
        static RUNNING: AtomicUsize = AtomicUsize::new(0);
        static MOST: AtomicUsize = AtomicUsize::new(0);
        fn work() {
            MOST.fetch_max(RUNNING.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(2));
            RUNNING.fetch_sub(1, Ordering::SeqCst);
        }
        let pool = Pool(Arc::new(Semaphore::new(2)));
        for _ in 0..10 {
            let _given_up = tokio::time::timeout(Duration::from_micros(100), pool.run(work)).await;
        }
        for _ in 0..10 {
            pool.run(work).await.unwrap();
        }
        let both = futures_util::future::join_all((0..20).map(|_| pool.run(work))).await;
        assert!(both.iter().all(Result::is_ok));
        assert_eq!(MOST.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn work_that_panics_is_undone_and_gives_its_turn_back() {
        let pool = Pool(Arc::new(Semaphore::new(1)));
        assert!(pool.run(|| panic!("a fault of ours")).await.is_err());
        assert_eq!(pool.run(|| 7).await.unwrap(), 7);
    }
}
