//! Things done once, on a connection of their own.

use std::sync::Arc;
use std::time::Duration;

use sealpost_wire::frame::{COLLECT_SOCKET, DEPOSIT_SOCKET};
use sealpost_wire::request::{Outcome, Request};
use tokio::time::sleep;

use super::client::{Socket, Target};
use super::frames::{self, FIRST_TAG};
use super::mailboxes::Mailbox;
use super::mark::Mark;
use super::verify::{Sent, Wrong};
use crate::failure::Failure;

/// What a client reads at once.
const BUFFER: usize = 64 * 1024;
/// How often a relay is asked that does not answer, and how long it is left alone between.
const TRIALS: u32 = 100;
const PAUSE: Duration = Duration::from_millis(100);

/// Asks, again where the connection breaks.
///
/// # Errors
/// [`Failure`], that of a connection only after ten seconds of them.
pub async fn ask<R: Request>(target: &Target, request: &R) -> Result<(), Failure> {
    for _ in 0..TRIALS {
        match ask_once(target, request).await {
            Err(failure) if failure.is_of_the_connection() => sleep(PAUSE).await,
            other => return other,
        }
    }
    Err(Failure::Ended)
}

async fn ask_once<R: Request>(target: &Target, request: &R) -> Result<(), Failure> {
    target.http().await?.ask(request).await
}

/// Deposits so many envelopes in one mailbox, those that are put off again, until all are accepted.
///
/// # Errors
/// [`Failure`].
pub async fn deposit(target: &Target, number: u32, mailbox: &Arc<Mailbox>, count: u32) -> Result<Sent, Failure> {
    let mut socket = target.socket(DEPOSIT_SOCKET, BUFFER).await?;
    let deposits = mailbox.deposits().ok_or(Failure::NoFrame)?;
    let mut sent = Sent::default();
    let mut left: Vec<u32> = (0..count).map(|_| sent.number()).collect();
    for _ in 0..TRIALS {
        let prepared = |of: &u32| {
            let mark = Mark { mailbox: number, number: *of, due: 0 };
            Some((deposits.of(*of)?, FIRST_TAG + of, mark.id()))
        };
        socket.say(frames::packed(&left.iter().filter_map(prepared).collect::<Vec<_>>())).await?;
        let held;
        (left, held) = answers(&mut socket, left.len(), &mut sent).await?;
        if left.is_empty() {
            return Ok(sent);
        }
        sleep(held).await;
    }
    Err(Failure::NotAccepted(Outcome::TryLater))
}

/// Which of so many deposits are to be sent again, and after how long.
async fn answers(socket: &mut Socket, count: usize, sent: &mut Sent) -> Result<(Vec<u32>, Duration), Failure> {
    let (mut put_off, mut held, mut answered) = (Vec::new(), 0, 0);
    while answered < count {
        for told in frames::outcomes(&socket.hear().await?)? {
            let number = told.tag.checked_sub(FIRST_TAG).ok_or(Wrong::Answer)?;
            match told.outcome {
                Outcome::Accepted => sent.accept(number),
                Outcome::TryLater => {
                    held = held.max(told.retry_after.ok_or(Failure::NoHint)?);
                    put_off.push(number);
                }
                other => return Err(Failure::NotAccepted(other)),
            }
            answered += 1;
        }
    }
    Ok((put_off, Duration::from_secs(held.into())))
}

/// How many envelopes lie in a mailbox; they are left there.
///
/// # Errors
/// [`Failure`].
pub async fn count(target: &Target, mailbox: &Mailbox) -> Result<u64, Failure> {
    let mut socket = target.socket(COLLECT_SOCKET, BUFFER).await?;
    socket.say([frames::subscription(vec![mailbox.subscribe(1)])]).await?;
    let mut count = 0;
    loop {
        let caught_up = frames::deliveries(&socket.hear().await?, |_| {
            count += 1;
            Ok(())
        })?
        .without_end()?;
        if !caught_up.is_empty() {
            return Ok(count);
        }
    }
}
