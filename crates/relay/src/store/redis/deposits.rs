//! Deposits. An envelope's bytes do not go through the script that decides on it, which would copy them thrice: they are laid down in
//! front of it, at the same moment, and it erases them again where it keeps none.

use std::sync::Arc;

use futures_util::future::join_all;
use redis::Cmd;
use sealpost_wire::request::Stored;
use sealpost_wire::time::Hour;

use super::answer::{Fault, integers};
use super::call::Call;
use super::context::Context;
use super::keys::Tag;
use super::mailboxes::{MOST, at, in_order};
use super::scripts::SCRIPTS;
use crate::store::{Kept, NewEnvelope, Right};

/// The answer to a deposit whose bytes are not there: others of its id were, which have expired, or nothing was carried out.
const MISSING: i64 = 0;
/// The answer to a deposit that is to be tried later.
const SLOWED: i64 = 4;
/// What a command that lays bytes down takes besides them and its mailbox.
const AROUND: usize = 64;

impl Context {
    pub(super) async fn deposit(&self, envelopes: Vec<NewEnvelope>, now: Hour) -> Result<Vec<Kept>, Fault> {
        let tags: Vec<Tag> = envelopes.iter().map(|envelope| self.mailbox(&envelope.mailbox)).collect();
        let divided = self.link.divide(&tags);
        let kept = divided.iter().map(|places| self.keep(at(&envelopes, places), at(&tags, places), now));
        let answers = in_order(&divided, parts(&divided, join_all(kept).await)?);
        envelopes.into_iter().zip(answers).map(|(new, answer)| self.kept(new, answer)).collect()
    }

    /// What became of an envelope. One that is new is told of.
    fn kept(&self, new: NewEnvelope, answer: i64) -> Result<Kept, Fault> {
        match answer {
            1 => Ok(Kept::Kept),
            2 => Ok(Kept::Full),
            3 => Ok(Kept::Gone),
            SLOWED => Ok(Kept::Slowed),
            sequence => {
                let sequence = u64::try_from(sequence).ok().filter(|sequence| *sequence > 0).ok_or(Fault::Odd)?;
                let stored = Arc::new(Stored { sequence, id: new.id, sealed: new.sealed });
                self.wake.tell_of(&new.mailbox, &stored);
                Ok(Kept::Kept)
            }
        }
    }

    /// Keeps envelopes that one server has to keep, and waits as for a change. None that come after them are kept before them.
    async fn keep(&self, envelopes: Vec<&NewEnvelope>, tags: Vec<&Tag>, now: Hour) -> Result<Vec<i64>, Fault> {
        let Some(tag) = tags.first() else { return Ok(Vec::new()) };
        let before = self.replication.before();
        let turn = self.link.turn(tag).await?;
        let laid_down = self.keep_laid_down(&envelopes, &tags, now).await?;
        let mut answers = laid_down.unwrap_or_else(|| vec![MISSING; envelopes.len()]);
        if answers.contains(&MISSING) {
            let all = answers.iter_mut().zip(envelopes.into_iter().zip(tags.iter().copied()));
            let (missing, (envelopes, tags)): (Vec<_>, (Vec<_>, Vec<_>)) =
                all.filter(|(answer, _)| **answer == MISSING).unzip();
            let given = self.keep_given(&envelopes, &tags, now).await?;
            missing.into_iter().zip(given).for_each(|(missing, answer)| *missing = answer);
        }
        drop(turn);
        self.secure(tag, before).await?;
        Ok(answers)
    }

    /// Lays bytes down and has the script keep them. `None` where nothing is promised to have been done.
    async fn keep_laid_down(
        &self,
        envelopes: &[&NewEnvelope],
        tags: &[&Tag],
        now: Hour,
    ) -> Result<Option<Vec<i64>>, Fault> {
        let laid_down = envelopes.iter().zip(tags).map(|(new, tag)| lay_down(new, tag)).collect();
        let Some(call) = self.deposits(envelopes, tags, now, |_| &[]) else { return Ok(None) };
        self.look_behind(laid_down, call).await?.map(integers).transpose()
    }

    /// Has the script keep bytes that it is given.
    async fn keep_given(&self, envelopes: &[&NewEnvelope], tags: &[&Tag], now: Hour) -> Result<Vec<i64>, Fault> {
        let given = self.deposits(envelopes, tags, now, |new| new.sealed.as_bytes());
        match given {
            Some(call) => integers(self.look(call).await?),
            None => Ok(Vec::new()),
        }
    }

    fn deposits<'a>(
        &self,
        envelopes: &[&'a NewEnvelope],
        tags: &[&Tag],
        now: Hour,
        given: impl Fn(&'a NewEnvelope) -> &'a [u8],
    ) -> Option<Call> {
        let mut call = Call::about(&SCRIPTS.deposit, tags)?.with(now.0).with(now.day().0);
        call = call.with(self.quota.envelopes).with(self.quota.bytes.min(MOST)).with(self.rates.strangers_per_hour);
        for new in envelopes {
            call = call.with(new.mailbox.as_bytes()).with(new.collect.as_bytes()).with(new.id.as_bytes());
            call = call.with(new.sealed.as_bytes().len()).with(new.expires.0).with(right(new.right)).with(given(new));
        }
        Some(call)
    }
}

/// Lays an envelope's bytes down where they are to be kept, unless some of its id are there.
fn lay_down(new: &NewEnvelope, tag: &Tag) -> Cmd {
    let (key, bytes) = (tag.object(new.mailbox.as_bytes(), "b"), new.sealed.as_bytes());
    let mut command = Cmd::with_capacity(4, key.len() + bytes.len() + AROUND);
    command.arg("HSETNX").arg(key).arg(new.id.as_bytes()).arg(bytes);
    command
}

/// What became of deposits, call by call. Where some servers are out, what is theirs is to be tried later, and nothing else.
fn parts(divided: &[Vec<usize>], answers: Vec<Result<Vec<i64>, Fault>>) -> Result<Vec<Vec<i64>>, Fault> {
    if answers.iter().all(Result::is_err) {
        return answers.into_iter().collect();
    }
    let part = |(places, answer): (&Vec<usize>, Result<_, _>)| answer.unwrap_or_else(|_| vec![SLOWED; places.len()]);
    Ok(divided.iter().zip(answers).map(part).collect())
}

const fn right(right: Right) -> &'static str {
    match right {
        Right::Full => "f",
        Right::Stranger { too_fast: false } => "s",
        Right::Stranger { too_fast: true } => "h",
    }
}
