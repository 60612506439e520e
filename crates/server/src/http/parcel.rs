//! Long replies: they count against a budget of all connections, and are given up when nobody takes them.
//!
//! Over HTTP/2 a peer can leave a reply untaken for ever by not opening its window, so a limit on writes is not enough.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

/// Replies up to this length are not counted: what is bounded by the number of requests is bounded enough.
const SHORT: usize = 64 * 1024;
/// How much is handed on at a time, so that what is not taken stays here.
const SLICE: usize = 16 * 1024;
/// What one permit of the budget stands for, in bytes.
const PERMIT: usize = 1024;

/// Room for long replies.
#[derive(Clone)]
pub struct Budget {
    room: Arc<Semaphore>,
    patience: Duration,
}

/// There is no room now.
#[derive(Debug)]
pub(super) struct NoRoom;

impl Budget {
    /// Room for `bytes` in all; each reply is given up after `patience`.
    pub(crate) fn new(bytes: usize, patience: Duration) -> Self {
        let permits = (bytes / PERMIT).min(Semaphore::MAX_PERMITS);
        Self { room: Arc::new(Semaphore::new(permits)), patience }
    }

    /// A body of `bytes`.
    ///
    /// # Errors
    /// [`NoRoom`].
    pub(super) fn body(&self, bytes: Vec<u8>) -> Result<Body, NoRoom> {
        if bytes.len() <= SHORT {
            return Ok(bytes.into());
        }
        let permits = u32::try_from(bytes.len().div_ceil(PERMIT)).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).try_acquire_many_owned(permits).map_err(|_| NoRoom)?;
        let parcel = Parcel(Arc::new(Mutex::new(Some(Held { rest: bytes.into(), _room: room }))));
        parcel.give_up_after(self.patience);
        Ok(Body::new(parcel))
    }
}

struct Held {
    rest: Bytes,
    _room: OwnedSemaphorePermit,
}

/// A reply that is being taken; empty once it was taken or given up.
struct Parcel(Arc<Mutex<Option<Held>>>);

impl Parcel {
    /// Frees what is left after `patience`; when the reply was taken before, there is nothing left.
    fn give_up_after(&self, patience: Duration) {
        let held = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            sleep(patience).await;
            let left = held.upgrade().and_then(|held| held.lock().unwrap_or_else(PoisonError::into_inner).take());
            drop(left);
        });
    }

    fn next(&self) -> Option<Result<Bytes, io::Error>> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Held { rest, .. }) = held.as_mut() else { return Some(Err(io::ErrorKind::TimedOut.into())) };
        if rest.is_empty() {
            return None;
        }
        let slice = rest.split_to(SLICE.min(rest.len()));
        Some(Ok(slice))
    }

    fn left(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map_or(0, |held| held.rest.len())
    }
}

impl HttpBody for Parcel {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(self.next().map(|slice| slice.map(Frame::data)))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left() as u64)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    const LONG: usize = 100 * 1024;

    fn budget(bytes: usize, patience: Duration) -> Budget {
        Budget::new(bytes, patience)
    }

    #[tokio::test]
    async fn a_long_reply_comes_whole_and_frees_its_room() {
        let budget = budget(LONG, Duration::from_secs(60));
        let bytes: Vec<u8> = (0..LONG).map(|index| index as u8).collect();
        for _ in 0..2 {
            let body = budget.body(bytes.clone()).unwrap();
            assert_eq!(body.size_hint().exact(), Some(LONG as u64));
            assert_eq!(body.collect().await.unwrap().to_bytes(), bytes);
        }
    }

    #[tokio::test]
    async fn long_replies_beyond_the_budget_are_not_begun_and_short_ones_are() {
        let budget = budget(LONG, Duration::from_secs(60));
        let first = budget.body(vec![0; LONG]).unwrap();
        assert!(budget.body(vec![0; LONG]).is_err());
        assert!(budget.body(vec![0; SHORT]).is_ok());
        drop(first);
        assert!(budget.body(vec![0; LONG]).is_ok());
    }

    #[tokio::test]
    async fn a_reply_that_is_not_taken_is_given_up() {
        let budget = budget(LONG, Duration::from_millis(20));
        let untaken = budget.body(vec![0; LONG]).unwrap();
        while budget.body(vec![0; LONG]).is_err() {
            sleep(Duration::from_millis(5)).await;
        }
        assert!(untaken.collect().await.is_err());
    }
}
