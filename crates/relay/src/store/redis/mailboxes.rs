//! Mailboxes.

use std::sync::Arc;

use futures_util::future::join_all;
use redis::Value;
use sealpost_wire::request::{MailboxKind, Stored};
use sealpost_wire::time::Hour;
use sealpost_wire::{AtRest, EnvelopeId, MailboxId};

use super::answer::{Fault, bytes, integer, integers, list};
use super::context::Context;
use super::keys::{Tag, beginning};
use super::link::Call;
use super::scripts::SCRIPTS;
use super::wake::News;
use crate::store::{Denied, Kept, MailboxOwner, Moment, NewEnvelope, Page, Range, Right};

/// A mailbox's sequences begin here: above what a deposit is answered with that is none.
pub(super) const FIRST: std::ops::Range<u64> = 1 << 8..1 << 48;
/// As far as a script can count.
const MOST: u64 = 1 << 52;

/// The answer to a deposit that is to be tried later.
const SLOWED: i64 = 4;

type Owned<T> = Result<T, Denied>;

impl Context {
    fn mailbox(&self, id: &MailboxId) -> Tag {
        self.keys.of(beginning(id.as_bytes()))
    }

    pub(super) async fn open_mailbox(
        &self,
        owner: MailboxOwner,
        kind: MailboxKind,
        at: Moment,
    ) -> Result<Owned<()>, Fault> {
        let kind = match kind {
            MailboxKind::FrontDoor => "0",
            MailboxKind::Pairwise => "1",
        };
        let call = Call::new(&SCRIPTS.open, &self.mailbox(&owner.id)).with("m").with(owner.id.as_bytes());
        let call = call.with(owner.collect.as_bytes()).with(at.now.day().0).with(at.lease.0);
        let call =
            call.with("k").with(kind).with("s").with(rand::random_range(FIRST)).with("c").with(0).with("n").with(0);
        Ok(match integer(&self.change(call).await?)? {
            0 => Err(Denied),
            1 => Ok(()),
            _ => {
                self.wake.tell(News::Closed(owner.id));
                Ok(())
            }
        })
    }

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
                let sequence = u64::try_from(sequence).map_err(|_| Fault::Odd)?;
                let stored = Arc::new(Stored { sequence, id: new.id, sealed: new.sealed });
                self.wake.tell_of(&new.mailbox, &stored);
                Ok(Kept::Kept)
            }
        }
    }

    async fn keep(&self, envelopes: Vec<&NewEnvelope>, tags: Vec<&Tag>, now: Hour) -> Result<Vec<i64>, Fault> {
        let Some(mut call) = Call::about(&SCRIPTS.deposit, &tags) else { return Ok(Vec::new()) };
        call = call.with(now.0).with(now.day().0);
        call = call.with(self.quota.envelopes).with(self.quota.bytes.min(MOST)).with(self.rates.strangers_per_hour);
        for new in envelopes {
            call = call.with(new.mailbox.as_bytes()).with(new.collect.as_bytes()).with(new.id.as_bytes());
            call = call.with(new.sealed.as_bytes()).with(new.expires.0).with(right(new.right));
        }
        integers(self.change_in_turn(call).await?)
    }

    pub(super) async fn page(&self, owner: MailboxOwner, range: Range, at: Moment) -> Result<Owned<Page>, Fault> {
        let call = Call::new(&SCRIPTS.page, &self.mailbox(&owner.id)).with(owner.id.as_bytes());
        let call = call.with(owner.collect.as_bytes()).with(at.now.0).with(at.now.day().0).with(at.lease.0);
        let call = call.with(range.after).with(range.envelopes.min(1 << 20)).with((range.bytes as u64).min(MOST));
        match self.look(call).await? {
            Value::Nil => Ok(Err(Denied)),
            answer => Ok(Ok(page(answer)?)),
        }
    }

    pub(super) async fn acknowledge(
        &self,
        received: Vec<(MailboxOwner, Vec<EnvelopeId>)>,
        now: Hour,
    ) -> Result<Vec<Owned<()>>, Fault> {
        let tags: Vec<Tag> = received.iter().map(|(owner, _)| self.mailbox(&owner.id)).collect();
        let divided = self.link.divide(&tags);
        let erased = divided.iter().map(|places| self.erase(at(&received, places), at(&tags, places), now));
        // Others are erased even where one cannot be.
        let erased: Vec<_> = join_all(erased).await.into_iter().collect::<Result<_, _>>()?;
        let answers = in_order(&divided, erased);
        Ok(answers.into_iter().map(|answer| if answer == 1 { Ok(()) } else { Err(Denied) }).collect())
    }

    async fn erase(
        &self,
        received: Vec<&(MailboxOwner, Vec<EnvelopeId>)>,
        tags: Vec<&Tag>,
        now: Hour,
    ) -> Result<Vec<i64>, Fault> {
        let Some(mut call) = Call::about(&SCRIPTS.acknowledge, &tags) else { return Ok(Vec::new()) };
        call = call.with(now.day().0);
        for (owner, ids) in received {
            call = call.with(owner.id.as_bytes()).with(owner.collect.as_bytes()).with(ids.len());
            call = call.with_all(ids.iter().map(EnvelopeId::as_bytes));
        }
        integers(self.change(call).await?)
    }

    pub(super) async fn close_mailbox(&self, owner: MailboxOwner, now: Hour) -> Result<Owned<()>, Fault> {
        let call = Call::new(&SCRIPTS.close, &self.mailbox(&owner.id)).with("m").with(owner.id.as_bytes());
        let call = call.with(owner.collect.as_bytes()).with(now.day().0);
        if integer(&self.change(call).await?)? == 0 {
            return Ok(Err(Denied));
        }
        self.wake.tell(News::Closed(owner.id));
        Ok(Ok(()))
    }

    pub(super) async fn renew(&self, mailboxes: Vec<MailboxId>, moment: Moment) -> Result<(), Fault> {
        let tags: Vec<Tag> = mailboxes.iter().map(|mailbox| self.mailbox(mailbox)).collect();
        let divided = self.link.divide(&tags);
        let renewed = divided.iter().map(|places| self.extend(at(&mailboxes, places), at(&tags, places), moment));
        join_all(renewed).await.into_iter().collect()
    }

    async fn extend(&self, mailboxes: Vec<&MailboxId>, tags: Vec<&Tag>, moment: Moment) -> Result<(), Fault> {
        let Some(call) = Call::about(&SCRIPTS.renew, &tags) else { return Ok(()) };
        let call = call.with(moment.now.day().0).with(moment.lease.0);
        self.change(call.with_all(mailboxes.into_iter().map(MailboxId::as_bytes))).await.map(drop)
    }
}

/// What became of deposits, call by call. Where some servers are out, what is theirs is to be tried later, and nothing else.
fn parts(divided: &[Vec<usize>], answers: Vec<Result<Vec<i64>, Fault>>) -> Result<Vec<Vec<i64>>, Fault> {
    if answers.iter().all(Result::is_err) {
        return answers.into_iter().collect();
    }
    let part = |(places, answer): (&Vec<usize>, Result<_, _>)| answer.unwrap_or_else(|_| vec![SLOWED; places.len()]);
    Ok(divided.iter().zip(answers).map(part).collect())
}

/// The things at these places.
pub(super) fn at<'a, T>(things: &'a [T], places: &[usize]) -> Vec<&'a T> {
    places.iter().filter_map(|place| things.get(*place)).collect()
}

/// The answers of calls into which something was divided, in the order of what they are about.
pub(super) fn in_order<T>(divided: &[Vec<usize>], answers: Vec<Vec<T>>) -> Vec<T> {
    let places = divided.iter().flatten().copied();
    let mut placed: Vec<(usize, T)> = places.zip(answers.into_iter().flatten()).collect();
    placed.sort_by_key(|(place, _)| *place);
    placed.into_iter().map(|(_, answer)| answer).collect()
}

const fn right(right: Right) -> &'static str {
    match right {
        Right::Full => "f",
        Right::Stranger { too_fast: false } => "s",
        Right::Stranger { too_fast: true } => "h",
    }
}

fn page(answer: Value) -> Result<Page, Fault> {
    let mut values = list(answer)?.into_iter();
    let more = integer(&values.next().ok_or(Fault::Odd)?)? == 1;
    let mut envelopes = Vec::with_capacity(values.len() / 3);
    while let (Some(sequence), Some(id), Some(sealed)) = (values.next(), values.next(), values.next()) {
        envelopes.push(stored(&bytes(sequence)?, &bytes(id)?, bytes(sealed)?).ok_or(Fault::Odd)?);
    }
    Ok(Page { envelopes, more })
}

fn stored(sequence: &[u8], id: &[u8], sealed: Vec<u8>) -> Option<Stored> {
    let sequence = std::str::from_utf8(sequence).ok()?.parse().ok()?;
    let id = EnvelopeId::from_bytes(id.try_into().ok()?);
    Some(Stored { sequence, id, sealed: AtRest::new(sealed.into())? })
}
