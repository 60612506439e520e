//! Promises 21 and 22: what tickets rest on.

use sealpost_wire::request::MailboxKind;
use sealpost_wire::time::Day;

use super::world::*;
use crate::store::{Kept, MailboxOwner, NewEnvelope, Right, Spend, Spent, Store};

const STRANGER: Right = Right::Stranger { too_fast: false };

/// Something of that number that is of use for three days, spent by a request of that number.
fn spend(id: u8, request: u8) -> Spend {
    Spend { id: [id; 16], until: NOW.day().plus(2), request: [request; 16] }
}

async fn spent<B: Backend>(world: &World<B>, spends: Vec<Spend>) -> Vec<Spent> {
    world.store().spend(spends).await.unwrap()
}

async fn forget<B: Backend>(world: &World<B>, today: Day) -> u64 {
    world.store().forget_spent(today).await.unwrap()
}

pub(in crate::store) async fn promise_21_what_is_spent_is_spent_once_whatever_crashes(world: &mut World<impl Backend>) {
    assert_eq!(spent(world, vec![spend(1, 1)]).await, [Spent::Now]);
    for _ in 0..2 {
        world.crash();
        let again = vec![spend(1, 1), spend(1, 2), spend(2, 2)];
        let answers = spent(world, again).await;
        assert_eq!(answers[..2], [Spent::Before, Spent::ByAnother]);
    }
    assert_eq!(spent(world, vec![spend(2, 2), spend(2, 1)]).await, [Spent::Before, Spent::ByAnother]);
}

pub(in crate::store) async fn promise_21_of_what_is_spent_together_one_is_first(world: &mut World<impl Backend>) {
    let together = (0..8).map(|request| world.store().spend(vec![spend(1, request)]));
    let answers = futures_util::future::join_all(together).await;
    let answers: Vec<_> = answers.into_iter().flat_map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|spent| **spent == Spent::Now).count(), 1);
    assert_eq!(answers.iter().filter(|spent| **spent == Spent::ByAnother).count(), 7);
    assert_eq!(spent(world, vec![spend(2, 1), spend(2, 2)]).await, [Spent::Now, Spent::ByAnother]);
}

pub(in crate::store) async fn promise_21_what_is_spent_is_forgotten_after_its_last_day_and_not_before(
    world: &mut World<impl Backend>,
) {
    let longer = Spend { until: NOW.day().plus(3), ..spend(3, 1) };
    spent(world, vec![spend(1, 1), spend(2, 1), longer]).await;
    let last = NOW.day().plus(2);
    assert_eq!(forget(world, last).await, 0);
    assert_eq!(spent(world, vec![spend(1, 2)]).await, [Spent::ByAnother]);
    assert_eq!((forget(world, last.plus(1)).await, forget(world, last.plus(1)).await), (2, 0));
    world.crash();
    assert_eq!(spent(world, vec![Spend { request: [2; 16], ..longer }]).await, [Spent::ByAnother]);
    assert_eq!(forget(world, last.plus(2)).await, 1);
}

pub(in crate::store) async fn promise_21_a_purge_forgets_nothing_that_was_spent(world: &mut World<impl Backend>) {
    spent(world, vec![spend(1, 1)]).await;
    world.store().purge(NOW).await.unwrap();
    assert_eq!(spent(world, vec![spend(1, 1), spend(1, 2)]).await, [Spent::Before, Spent::ByAnother]);
}

/// A front door, and what a stranger or somebody with a ticket puts in.
async fn with_door<B: Backend>(world: &World<B>) -> MailboxOwner {
    let opened = world.store().open_mailbox(OWNER, MailboxKind::FrontDoor, at(NOW)).await.unwrap();
    assert_eq!(opened, Ok(()));
    OWNER
}

async fn deposit<B: Backend>(world: &World<B>, owner: MailboxOwner, number: u8, right: Right) -> Kept {
    world.deposit_all(vec![NewEnvelope { right, ..envelope(owner, number, NOW) }], NOW).await[0]
}

pub(in crate::store) async fn promise_22_strangers_fill_half_a_front_door(world: &mut World<impl Backend>) {
    let door = with_door(world).await;
    for (number, kept) in [(1, Kept::Kept), (2, Kept::Kept), (3, Kept::Full), (1, Kept::Kept)] {
        assert_eq!(deposit(world, door, number, STRANGER).await, kept);
    }
    world.crash();
    assert_eq!(deposit(world, door, 3, STRANGER).await, Kept::Full);
    for number in 4..=6 {
        assert_eq!(deposit(world, door, number, Right::Full).await, Kept::Kept);
    }
    assert_eq!(deposit(world, door, 7, Right::Full).await, Kept::Full);
}

pub(in crate::store) async fn promise_22_strangers_are_slowed_at_front_doors_alone(world: &mut World<impl Backend>) {
    let (door, pairwise) = (with_door(world).await, mailbox(7, 7));
    assert_eq!(world.open(pairwise, NOW).await, Ok(()));
    let hurried = Right::Stranger { too_fast: true };
    assert_eq!(deposit(world, door, 1, hurried).await, Kept::Slowed);
    assert_eq!(world.lying(NOW).await, [0_u8; 0]);
    for number in 1..=5 {
        assert_eq!(deposit(world, pairwise, number, hurried).await, Kept::Kept);
    }
    // A repeat of what lies there costs nothing and so is no hurry.
    assert_eq!(deposit(world, door, 2, STRANGER).await, Kept::Kept);
    assert_eq!(deposit(world, door, 2, hurried).await, Kept::Kept);
}
