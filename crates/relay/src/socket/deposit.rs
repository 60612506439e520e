//! The sender's socket: deposits come in, outcomes go out.

use std::time::Instant;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use sealpost_wire::codec::{List, V1};
use sealpost_wire::frame::{DepositFrame, OutcomeFrame, TaggedOutcome};
use sealpost_wire::request::{Deposit, Deposited, MAX_BATCH};
use sealpost_wire::{from_bytes, to_bytes};

use super::line::{Ending, Line};
use crate::program::RelayProgram;

/// Batches of one sender that wait for their outcomes: with few, what comes meanwhile would be neither delivered nor put off.
const BATCHES: usize = 64;

/// Batches whose outcomes are still to be told; those that are put off before those that wait.
type Waiting = FuturesUnordered<BoxFuture<'static, Vec<TaggedOutcome>>>;

/// Serves until the end that it returns. A sender that is ahead of the store waits in its own buffers.
pub(super) async fn run(line: &mut Line, program: &RelayProgram) -> Ending {
    let mut waiting = Waiting::new();
    loop {
        let done = tokio::select! {
            heard = line.hear(), if waiting.len() < BATCHES => match heard {
                Ok(messages) => begin(&mut waiting, messages, program).await,
                Err(ending) => Err(ending),
            },
            Some(outcomes) = waiting.next() => tell(line, &outcomes).await,
        };
        if let Err(ending) = done {
            return settle(line, waiting, ending).await;
        }
    }
}

/// Hands what was read to the store, behind all that was read before.
async fn begin(waiting: &mut Waiting, messages: Vec<Bytes>, program: &RelayProgram) -> Result<(), Ending> {
    let (tags, deposits) = read(&messages)?;
    // What was read holds deposit keys and need not outlive this.
    drop(messages);
    let (begun, batches) = (Instant::now(), program.metrics.deposit_batches());
    let depositing = match waiting.is_empty() {
        true => program.relay.begin_deposits(deposits).await,
        false => program.relay.begin_more_deposits(deposits).await,
    };
    waiting.push(Box::pin(async move {
        let outcomes = depositing.outcomes().await;
        batches.record(begun.elapsed());
        tags.into_iter().zip(outcomes).map(tagged).collect()
    }));
    Ok(())
}

/// Tells whoever is still there what became of all that was begun.
async fn settle(line: &mut Line, mut waiting: Waiting, ending: Ending) -> Ending {
    if matches!(ending, Ending::Left | Ending::Silent) {
        return ending;
    }
    while let Some(outcomes) = waiting.next().await {
        if let Err(ending) = tell(line, &outcomes).await {
            return ending;
        }
    }
    ending
}

fn read(messages: &[Bytes]) -> Result<(Vec<u32>, Vec<Deposit>), Ending> {
    let (mut tags, mut deposits) = (Vec::new(), Vec::new());
    for message in messages {
        let frame: DepositFrame = from_bytes(message).map_err(|_| Ending::Malformed)?;
        for tagged in frame.deposits.into_vec() {
            tags.push(tagged.tag);
            deposits.push(tagged.deposit);
        }
    }
    Ok((tags, deposits))
}

fn tagged((tag, deposited): (u32, Deposited)) -> TaggedOutcome {
    TaggedOutcome { tag, outcome: deposited.outcome, retry_after: deposited.retry_after }
}

async fn tell(line: &mut Line, outcomes: &[TaggedOutcome]) -> Result<(), Ending> {
    line.say(outcomes.chunks(MAX_BATCH).map(frame)).await
}

/// One frame of at most a batch of outcomes.
fn frame(outcomes: &[TaggedOutcome]) -> Vec<u8> {
    to_bytes(&OutcomeFrame { version: V1, outcomes: List::new(outcomes.to_vec()).unwrap_or_default() })
}
