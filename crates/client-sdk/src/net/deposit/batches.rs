//! Which deposits share a frame.

use sealpost_wire::Ticket;
use sealpost_wire::frame::MAX_DEPOSITS;
use tokio::sync::mpsc;

use super::Entry;

/// What a frame has around its deposits, and a deposit around its envelope, at most: a ticket, 80 bytes of keys and id,
/// and some 30 of CBOR.
const OVERHEAD: usize = Ticket::LENGTH + 128;

/// Cuts a queue of deposits into frames, in order.
pub(super) struct Batches {
    queue: mpsc::Receiver<Entry>,
    /// Came after what filled the last frame.
    next: Option<Entry>,
    longest_frame: usize,
}

impl Batches {
    pub(super) const fn new(queue: mpsc::Receiver<Entry>, longest_frame: usize) -> Self {
        Self { queue, next: None, longest_frame }
    }

    /// Waits for a deposit and takes those behind it that are ready and fit into its frame; none when the queue has ended.
    pub(super) async fn next(&mut self) -> Option<Vec<Entry>> {
        let first = match self.next.take() {
            Some(entry) => entry,
            None => self.queue.recv().await?,
        };
        let mut total = OVERHEAD + length(&first);
        let mut batch = vec![first];
        while batch.len() < MAX_DEPOSITS {
            let Ok(entry) = self.queue.try_recv() else { break };
            total += length(&entry);
            if total > self.longest_frame {
                self.next = Some(entry);
                break;
            }
            batch.push(entry);
        }
        Some(batch)
    }
}

fn length(entry: &Entry) -> usize {
    entry.deposit.envelope.as_bytes().len() + OVERHEAD
}
