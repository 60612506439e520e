//! The store against a model of a mailbox: whatever is done, in whatever order, with crashes in between, both agree.

use proptest::prelude::*;
use sealpost_wire::request::MailboxKind;
use sealpost_wire::time::{Day, Hour};
use sealpost_wire::{AtRest, CollectHash, EnvelopeId, MailboxId, SizeClass};

use super::backend::Directory;
use crate::store::contract::{QUOTA, World};
use crate::store::{Denied, Kept, MailboxOwner, Moment, NewEnvelope, Range, Right, Store};

const OWNER: MailboxOwner =
    MailboxOwner { id: MailboxId::from_bytes([1; 32]), collect: CollectHash::from_bytes([2; 32]) };

#[derive(Debug, Clone)]
enum Step {
    Open,
    Deposit { ids: Vec<u8>, lives: u32 },
    Read { envelopes: usize },
    Acknowledge { ids: Vec<u8> },
    Close,
    Wait { hours: u32 },
    Expire,
    Lapse,
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    let ids = || prop::collection::vec(0..9_u8, 1..4);
    prop_oneof![
        2 => Just(Step::Open),
        8 => (ids(), 1..400_u32).prop_map(|(ids, lives)| Step::Deposit { ids, lives }),
        3 => (1..7_usize).prop_map(|envelopes| Step::Read { envelopes }),
        3 => ids().prop_map(|ids| Step::Acknowledge { ids }),
        1 => Just(Step::Close),
        3 => prop_oneof![1..30_u32, 1..1_500_u32].prop_map(|hours| Step::Wait { hours }),
        1 => Just(Step::Expire),
        1 => Just(Step::Lapse),
        2 => Just(Step::Crash),
    ]
}

/// A mailbox as the promises describe it.
struct Mailbox {
    lease: Day,
    envelopes: Vec<(u8, Hour)>,
}

struct Model {
    now: Hour,
    mailbox: Option<Mailbox>,
}

impl Model {
    fn at(&self) -> Moment {
        Moment { now: self.now, lease: self.now.day().plus(90) }
    }

    /// The mailbox, if it is there, without what has expired.
    fn mailbox(&mut self) -> Option<&mut Mailbox> {
        let now = self.now;
        self.mailbox.take_if(|mailbox| mailbox.lease < now.day());
        let mailbox = self.mailbox.as_mut()?;
        mailbox.envelopes.retain(|(_, expires)| now < *expires);
        Some(mailbox)
    }

    fn open(&mut self) {
        let lease = self.at().lease;
        let mailbox = Mailbox { lease, envelopes: Vec::new() };
        match self.mailbox() {
            Some(mailbox) => mailbox.lease = lease,
            None => self.mailbox = Some(mailbox),
        }
    }

    fn deposit(&mut self, id: u8, expires: Hour) -> Kept {
        let Some(mailbox) = self.mailbox() else { return Kept::Gone };
        if mailbox.envelopes.iter().any(|(other, _)| *other == id) {
            return Kept::Kept;
        }
        if mailbox.envelopes.len() == QUOTA.envelopes {
            return Kept::Full;
        }
        mailbox.envelopes.push((id, expires));
        Kept::Kept
    }

    fn read(&mut self, envelopes: usize) -> Result<(Vec<u8>, bool), Denied> {
        let lease = self.at().lease;
        let mailbox = self.mailbox().ok_or(Denied)?;
        mailbox.lease = lease;
        let ids = mailbox.envelopes.iter().map(|(id, _)| *id).take(envelopes).collect();
        Ok((ids, mailbox.envelopes.len() > envelopes))
    }

    fn acknowledge(&mut self, ids: &[u8]) -> Result<(), Denied> {
        self.mailbox().ok_or(Denied)?.envelopes.retain(|(id, _)| !ids.contains(id));
        Ok(())
    }
}

fn id(number: u8) -> EnvelopeId {
    EnvelopeId::from_bytes([number; 16])
}

fn envelope(number: u8, expires: Hour) -> NewEnvelope {
    let sealed = AtRest::new(vec![number; SizeClass::Small.stored_length()].into()).unwrap();
    NewEnvelope { mailbox: OWNER.id, collect: OWNER.collect, id: id(number), sealed, expires, right: Right::Full }
}

/// Does the step in both and compares what they say.
async fn agree(world: &mut World<Directory>, model: &mut Model, step: &Step) {
    let (at, store) = (model.at(), world.store());
    match step {
        Step::Open => {
            model.open();
            assert_eq!(store.open_mailbox(OWNER, MailboxKind::Pairwise, at).await, Ok(Ok(())));
        }
        Step::Deposit { ids, lives } => {
            let expires = Hour(at.now.0 + lives);
            let expected: Vec<Kept> = ids.iter().map(|id| model.deposit(*id, expires)).collect();
            let envelopes = ids.iter().map(|id| envelope(*id, expires)).collect();
            assert_eq!(store.deposit(envelopes, at.now).await, Ok(expected));
        }
        Step::Read { envelopes } => {
            let range = Range { after: 0, envelopes: *envelopes, bytes: usize::MAX };
            let page = store.page(OWNER, range, at).await.unwrap();
            let ids = |page: crate::store::Page| page.envelopes.iter().map(|stored| stored.id.as_bytes()[0]).collect();
            assert_eq!(page.map(|page| (page.more, ids(page))), model.read(*envelopes).map(|(ids, more)| (more, ids)));
        }
        Step::Acknowledge { ids } => {
            let numbered = ids.iter().copied().map(id).collect();
            let expected = model.acknowledge(ids);
            assert_eq!(store.acknowledge(vec![(OWNER, numbered)], at.now).await, Ok(vec![expected]));
        }
        Step::Close => {
            let expected = model.mailbox().map(|_| ()).ok_or(Denied);
            model.mailbox = None;
            assert_eq!(store.close_mailbox(OWNER, at.now).await, Ok(expected));
        }
        Step::Wait { hours } => model.now = Hour(at.now.0 + hours),
        Step::Expire => while store.expire(at.now).await.unwrap() {},
        Step::Lapse => drop(store.lapse(at.now.day()).await.unwrap()),
        Step::Crash => {
            // So that a lease that was just extended is durable.
            store.renew(vec![], at).await.unwrap();
            world.crash();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_mailbox_is_what_the_promises_say(steps in prop::collection::vec(step(), 1..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::<Directory>::new();
            let mut model = Model { now: Hour(480_005), mailbox: None };
            for step in [&Step::Open].into_iter().chain(&steps) {
                agree(&mut world, &mut model, step).await;
            }
        });
    }
}
