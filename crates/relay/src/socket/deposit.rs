//! The sender's socket: deposits come in, outcomes go out.

use std::time::Instant;

use bytes::Bytes;
use sealpost_wire::codec::{List, V1};
use sealpost_wire::frame::{DepositFrame, OutcomeFrame, TaggedOutcome};
use sealpost_wire::request::{Deposit, Deposited, MAX_BATCH};
use sealpost_wire::{from_bytes, to_bytes};

use super::line::{Ending, Line};
use crate::program::RelayProgram;

/// Serves until the end that it returns. One batch is answered before the next is read, so a sender that is ahead of the
/// store waits in its own buffers.
pub(super) async fn run(line: &mut Line, program: &RelayProgram) -> Ending {
    loop {
        if let Err(ending) = turn(line, program).await {
            return ending;
        }
    }
}

async fn turn(line: &mut Line, program: &RelayProgram) -> Result<(), Ending> {
    let messages = line.hear().await?;
    let (tags, deposits) = read(&messages)?;
    // What was read holds deposit keys and need not outlive this.
    drop(messages);
    let begun = Instant::now();
    let outcomes = program.relay.deposit_many(deposits).await;
    program.metrics.deposit_batch(begun.elapsed());
    let told: Vec<_> = tags.into_iter().zip(outcomes).map(tell).collect();
    line.say(told.chunks(MAX_BATCH).map(frame)).await
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

fn tell((tag, deposited): (u32, Deposited)) -> TaggedOutcome {
    TaggedOutcome { tag, outcome: deposited.outcome, retry_after: deposited.retry_after }
}

/// One frame of at most a batch of outcomes.
fn frame(outcomes: &[TaggedOutcome]) -> Vec<u8> {
    to_bytes(&OutcomeFrame { version: V1, outcomes: List::new(outcomes.to_vec()).unwrap_or_default() })
}
