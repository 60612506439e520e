//! What deposits hold in memory until the store has answered them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sealpost_wire::request::Deposit;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::store::{Kept, Reply};

/// What one permit stands for, in bytes.
const PERMIT: usize = 1024;

/// A store that takes longer than this for a batch has enough to do.
const SLOW: Duration = Duration::from_millis(100);
/// So much may be in flight at a slow store too, in bytes: a disk writes few long batches faster than many short ones.
const WHEN_SLOW: usize = 12 * 1024 * 1024;

/// Bounds the bytes of deposits that wait for their answers, and with them how long they wait.
pub(super) struct InFlight {
    room: Arc<Semaphore>,
    total: u32,
    is_slow: AtomicBool,
}

/// Room that is held.
pub(super) type Room = OwnedSemaphorePermit;

impl InFlight {
    pub(super) fn new(bytes: usize) -> Self {
        let total = u32::try_from((bytes / PERMIT).clamp(1, Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX);
        Self { room: Arc::new(Semaphore::new(total as usize)), total, is_slow: AtomicBool::new(false) }
    }

    /// How many bytes wait now, in whole permits.
    pub(super) fn bytes(&self) -> u64 {
        let taken = (self.total as usize).saturating_sub(self.room.available_permits());
        (taken * PERMIT) as u64
    }

    /// Takes note of how long the store has taken.
    pub(super) fn took(&self, time: Duration) {
        self.is_slow.store(time > SLOW, Ordering::Relaxed);
    }

    /// Waits until there is room for `requests`, behind all who waited before; what comes back holds it.
    pub(super) async fn wait(&self, requests: &[Deposit]) -> Option<Room> {
        Arc::clone(&self.room).acquire_many_owned(self.permits(requests)).await.ok()
    }

    /// Room for `requests`, which what comes back holds; none where there is not enough, or too much waits already.
    pub(super) fn enter(&self, requests: &[Deposit]) -> Option<Room> {
        if self.is_slow.load(Ordering::Relaxed) && self.bytes() >= WHEN_SLOW as u64 {
            return None;
        }
        Arc::clone(&self.room).try_acquire_many_owned(self.permits(requests)).ok()
    }

    fn permits(&self, requests: &[Deposit]) -> u32 {
        let bytes: usize = requests.iter().map(|request| request.envelope.class().stored_length()).sum();
        u32::try_from(bytes.div_ceil(PERMIT)).unwrap_or(u32::MAX).min(self.total)
    }
}

/// Deposits that the store was asked to keep.
///
/// They are in memory until it answers, also when whoever sent them resets the stream or leaves: so long they hold
/// their room, or a peer that resets what it sends could fill the memory.
pub(super) struct Underway {
    pub(super) reply: Option<Reply<Vec<Kept>>>,
    pub(super) room: Option<Room>,
}

impl Underway {
    /// The store's answers; none when it is out.
    pub(super) async fn settled(mut self) -> Vec<Kept> {
        let Some(reply) = &mut self.reply else { return Vec::new() };
        let kept = reply.await;
        self.reply = None;
        kept.unwrap_or_default()
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        let (Some(reply), room, Ok(runtime)) = (self.reply.take(), self.room.take(), Handle::try_current()) else {
            return;
        };
        runtime.spawn(async move {
            let _kept_or_not = reply.await;
            drop(room);
        });
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tokio::sync::oneshot;

    use super::*;
    use crate::store::Unavailable;

    #[test]
    fn less_is_taken_while_the_store_is_slow() {
        let in_flight = InFlight::new(4 * WHEN_SLOW);
        let much = in_flight.room.try_acquire_many(u32::try_from(WHEN_SLOW / PERMIT).unwrap());
        assert!(in_flight.enter(&[]).is_some());
        in_flight.took(2 * SLOW);
        assert!(in_flight.enter(&[]).is_none());
        drop(much);
        assert!(in_flight.enter(&[]).is_some(), "a store that has little to do is asked, however slow it was");
    }

    #[tokio::test]
    async fn a_deposit_holds_its_room_until_the_store_answers_even_when_its_sender_has_gone() {
        let in_flight = InFlight::new(64 * PERMIT);
        let (answer, answered) = oneshot::channel();
        let reply: Reply<Vec<Kept>> = Box::pin(async { answered.await.map_err(|_| Unavailable) });
        let room = Arc::clone(&in_flight.room).acquire_many_owned(64).await.ok();
        let mut deposit = Box::pin(Underway { reply: Some(reply), room }.settled());
        assert!((&mut deposit).now_or_never().is_none());
        drop(deposit);
        tokio::task::yield_now().await;
        assert_eq!(in_flight.room.available_permits(), 0);
        answer.send(vec![Kept::Kept]).unwrap();
        assert!(in_flight.room.acquire_many(64).await.is_ok());
    }
}
