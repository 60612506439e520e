//! The socket for many deposits in flight at once.

mod batches;

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use sealpost_wire::codec::{List, V1};
use sealpost_wire::frame::{DepositFrame, MAX_DEPOSITS, OutcomeFrame, Tagged, TaggedOutcome};
use sealpost_wire::request::{Deposit, Deposited, MAX_BATCH};
use sealpost_wire::{from_bytes, to_bytes};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::{Sleep, sleep};
use tokio_util::task::AbortOnDropHandle;

use self::batches::Batches;
use super::socket::{Socket, SocketReceiver, SocketSender};
use super::{NetError, ProtocolError, Stage};

/// The longest [`OutcomeFrame`], each outcome with its tag and its time to wait.
pub(super) const LONGEST_FRAME: usize = MAX_BATCH * 16 + 64;
/// Deposits without an outcome yet, at most.
const IN_FLIGHT: usize = 4 * MAX_DEPOSITS;

/// A socket for deposits to one recipient. Dropped, it is cut, and what is pending ends with [`NetError::Closed`].
pub(crate) struct DepositSocket {
    queue: mpsc::Sender<Entry>,
    room: Arc<Semaphore>,
    patience: Duration,
    _router: AbortOnDropHandle<()>,
}

/// What will become of one deposit.
///
/// Its errors mean that the outcome is unknown: the same deposit, under the same id, may be tried again. Only after
/// [`NetError::Tripwire`] it is known that nothing was sent.
pub(crate) struct PendingOutcome {
    outcome: oneshot::Receiver<Result<Deposited, NetError>>,
    deadline: Pin<Box<Sleep>>,
}

struct Entry {
    deposit: Deposit,
    answer: Answer,
}

struct Answer {
    outcome: oneshot::Sender<Result<Deposited, NetError>>,
    _room: OwnedSemaphorePermit,
}

impl DepositSocket {
    /// Makes frames of at most `longest_frame` bytes, as far as one deposit for each lets it.
    pub(super) fn new(socket: Socket, longest_frame: usize, patience: Duration) -> Self {
        let (queue, entries) = mpsc::channel(IN_FLIGHT);
        let router = AbortOnDropHandle::new(tokio::spawn(route(socket, Batches::new(entries, longest_frame))));
        Self { queue, room: Arc::new(Semaphore::new(IN_FLIGHT)), patience, _router: router }
    }

    /// Queues a deposit behind those before it; waits while too many are without an outcome.
    ///
    /// Deposits reach the relay in the order of these calls. Those that are ready together share a frame.
    ///
    /// # Errors
    /// [`NetError::Closed`] when the socket has ended.
    pub(crate) async fn deposit(&self, deposit: Deposit) -> Result<PendingOutcome, NetError> {
        let room = Arc::clone(&self.room).acquire_owned().await.map_err(|_| NetError::Closed)?;
        let (sender, outcome) = oneshot::channel();
        let answer = Answer { outcome: sender, _room: room };
        self.queue.send(Entry { deposit, answer }).await.map_err(|_| NetError::Closed)?;
        Ok(PendingOutcome { outcome, deadline: Box::pin(sleep(self.patience)) })
    }
}

impl Future for PendingOutcome {
    type Output = Result<Deposited, NetError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Poll::Ready(outcome) = Pin::new(&mut self.outcome).poll(cx) {
            return Poll::Ready(outcome.unwrap_or(Err(NetError::Closed)));
        }
        ready!(self.deadline.as_mut().poll(cx));
        Poll::Ready(Err(NetError::TimedOut(Stage::Request)))
    }
}

/// Answers by the tags of their deposits.
#[derive(Default)]
struct Pending(Mutex<HashMap<u32, Answer>>);

impl Pending {
    fn lock(&self) -> MutexGuard<'_, HashMap<u32, Answer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn resolve(&self, told: TaggedOutcome) -> Result<(), NetError> {
        let answer = self.lock().remove(&told.tag).ok_or(NetError::Protocol(ProtocolError::UnknownTag))?;
        let deposited = Deposited { version: V1, outcome: told.outcome, retry_after: told.retry_after };
        // Whoever asked may have given up.
        let _given_up = answer.outcome.send(Ok(deposited));
        Ok(())
    }

    /// Fails the deposits of one frame, whose tags follow each other.
    fn fail_between(&self, first: u32, last: u32, error: &NetError) {
        let span = last.wrapping_sub(first);
        for (_, answer) in self.lock().extract_if(|tag, _| tag.wrapping_sub(first) <= span) {
            let _given_up = answer.outcome.send(Err(error.clone()));
        }
    }

    fn fail(&self, error: &NetError) {
        for (_, answer) in self.lock().drain() {
            let _given_up = answer.outcome.send(Err(error.clone()));
        }
    }
}

async fn route(Socket { sender, receiver }: Socket, batches: Batches) {
    let pending = Pending::default();
    let end = tokio::select! {
        biased;
        end = listen(receiver, &pending) => end,
        end = feed(&sender, batches, &pending) => end,
    };
    pending.fail(&end);
}

/// Sends deposits, as many in one frame as are ready and fit.
async fn feed(sender: &SocketSender, mut batches: Batches, pending: &Pending) -> NetError {
    let mut tag = 0_u32;
    while let Some(batch) = batches.next().await {
        let first = tag.wrapping_add(1);
        let mut tagged = |Entry { deposit, answer }| {
            tag = tag.wrapping_add(1);
            pending.lock().insert(tag, answer);
            Tagged { tag, deposit }
        };
        // A batch is no longer than a list.
        let deposits = List::new(batch.into_iter().map(&mut tagged).collect()).unwrap_or_default();
        match sender.send(to_bytes(&DepositFrame { version: V1, deposits })).await {
            Ok(()) => {}
            // Why it ended is heard on the other side.
            Err(NetError::Closed) => return std::future::pending().await,
            // Nothing of this frame was sent. What was sent before may have arrived.
            Err(error) => {
                pending.fail_between(first, tag, &error);
                return NetError::Closed;
            }
        }
    }
    NetError::Closed
}

/// Tells outcomes to those who wait for them.
async fn listen(mut receiver: SocketReceiver, pending: &Pending) -> NetError {
    loop {
        let told = receiver.next().await.and_then(|payload| {
            let frame: OutcomeFrame = from_bytes(&payload).map_err(|_| NetError::Protocol(ProtocolError::Body))?;
            frame.outcomes.into_vec().into_iter().try_for_each(|outcome| pending.resolve(outcome))
        });
        if let Err(end) = told {
            return end;
        }
    }
}

#[cfg(test)]
mod tests;
