//! Mailboxes.

use futures_util::future::join_all;
use redis::{Value, cmd};
use sealpost_wire::request::{MailboxKind, Stored};
use sealpost_wire::time::Hour;
use sealpost_wire::{AtRest, EnvelopeId, MailboxId};

use super::answer::{Fault, bytes, integer, integers, list, optional_bytes, text};
use super::call::Call;
use super::context::Context;
use super::keys::{Tag, beginning};
use super::scripts::SCRIPTS;
use super::wake::News;
use crate::store::{Denied, MailboxOwner, Moment, Page, Range};

/// A mailbox's sequences begin here: above what a deposit is answered with that is none.
pub(super) const FIRST: std::ops::Range<u64> = 1 << 8..1 << 48;
/// As far as a script can count.
pub(super) const MOST: u64 = 1 << 52;

type Owned<T> = Result<T, Denied>;

impl Context {
    pub(super) fn mailbox(&self, id: &MailboxId) -> Tag {
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

    pub(super) async fn page(&self, owner: MailboxOwner, range: Range, at: Moment) -> Result<Owned<Page>, Fault> {
        let call = Call::new(&SCRIPTS.page, &self.mailbox(&owner.id)).with(owner.id.as_bytes());
        let call = call.with(owner.collect.as_bytes()).with(at.now.0).with(at.now.day().0).with(at.lease.0);
        let call = call.with(range.after).with(range.envelopes.min(1 << 20)).with((range.bytes as u64).min(MOST));
        match self.look(call).await? {
            Value::Nil => Ok(Err(Denied)),
            answer => {
                let (more, places) = places(answer)?;
                Ok(Ok(Page { envelopes: self.lying_at(&owner.id, places).await?, more }))
            }
        }
    }

    /// What lies at these places, which no script has to go through. What was acknowledged meanwhile is left out.
    async fn lying_at(&self, mailbox: &MailboxId, places: Vec<(u64, EnvelopeId)>) -> Result<Vec<Stored>, Fault> {
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let tag = self.mailbox(mailbox);
        let mut command = cmd("HMGET");
        command.arg(tag.object(mailbox.as_bytes(), "b"));
        places.iter().for_each(|(_, id)| {
            command.arg(id.as_bytes());
        });
        let lying = list(self.read(&tag, &command).await?)?;
        let stored = places.into_iter().zip(lying).map(|((sequence, id), sealed)| match optional_bytes(sealed)? {
            Some(sealed) => Ok(Some(Stored { sequence, id, sealed: AtRest::new(sealed.into()).ok_or(Fault::Odd)? })),
            None => Ok(None),
        });
        stored.filter_map(Result::transpose).collect()
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

/// Whether there is more, and of each envelope its sequence and id.
fn places(answer: Value) -> Result<(bool, Vec<(u64, EnvelopeId)>), Fault> {
    let mut values = list(answer)?.into_iter();
    let more = integer(&values.next().ok_or(Fault::Odd)?)? == 1;
    let mut places = Vec::with_capacity(values.len() / 2);
    while let (Some(sequence), Some(id)) = (values.next(), values.next()) {
        let sequence = text(sequence)?.parse().map_err(|_| Fault::Odd)?;
        let id = bytes(id)?.try_into().map_err(|_| Fault::Odd)?;
        places.push((sequence, EnvelopeId::from_bytes(id)));
    }
    Ok((more, places))
}
