//! Mailboxes: kept, read, erased.

use sealpost_wire::SizeClass;
use sealpost_wire::time::Hour;

use super::world::*;
use crate::store::{Denied, Kept, NewEnvelope, Range, Store};

pub(in crate::store) async fn promise_1_what_is_kept_survives_a_crash(world: &mut World<impl Backend>) {
    world.with_mailbox().await;
    for number in 1..=5 {
        assert_eq!(world.deposit(OWNER, number, NOW).await, Kept::Kept);
        world.crash();
    }
    world.acknowledge(&[2, 4]).await;
    world.crash();
    assert_eq!(world.lying(NOW).await, [1, 3, 5]);
}

pub(in crate::store) async fn promise_3_an_id_is_stored_once(world: &mut World<impl Backend>) {
    world.with_mailbox().await;
    let twice = vec![envelope(OWNER, 1, NOW), envelope(OWNER, 1, NOW)];
    assert_eq!(world.deposit_all(twice, NOW).await, [Kept::Kept, Kept::Kept]);
    assert_eq!(world.deposit(OWNER, 1, NOW).await, Kept::Kept);
    world.crash();
    assert_eq!(world.deposit(OWNER, 1, NOW).await, Kept::Kept);
    assert_eq!(world.lying(NOW).await, [1]);
}

pub(in crate::store) async fn promise_3_an_id_may_come_again_after_it_was_acknowledged(
    world: &mut World<impl Backend>,
) {
    world.with_mailbox().await;
    world.deposit(OWNER, 1, NOW).await;
    world.acknowledge(&[1]).await;
    assert_eq!(world.deposit(OWNER, 1, NOW).await, Kept::Kept);
    assert_eq!(world.lying(NOW).await, [1]);
}

/// Whoever reads when told, and only then, gets everything, in order and once.
pub(in crate::store) async fn promise_5_nothing_arrives_unseen(world: &mut World<impl Backend>) {
    world.with_mailbox().await;
    let (mut after, mut read) = (0, Vec::new());
    for number in [3, 1, 2] {
        let told = world.heard.times();
        assert_eq!(world.deposit(OWNER, number, NOW).await, Kept::Kept);
        assert_eq!(world.deposit(OWNER, 3, NOW).await, Kept::Kept);
        world.heard.more_than(told).await;
        let page = world.page(OWNER, after, NOW).await.unwrap();
        after = page.envelopes.last().map_or(after, |stored| stored.sequence);
        read.extend(page.envelopes.into_iter().map(|stored| (OWNER.id, stored.sequence, stored.id)));
    }
    assert_eq!(read.iter().map(|(_, _, id)| *id).collect::<Vec<_>>(), [id(3), id(1), id(2)]);
    // A store that gives envelopes gives them so itself.
    let announced = world.heard.arrived.lock().unwrap().clone();
    assert!(announced.is_empty() || announced == read);
    let next = world.heard.next.lock().unwrap().clone();
    assert!(next.is_empty() || next == read && next.is_sorted_by(|one, next| one.1 + 1 == next.1));
}

pub(in crate::store) async fn promise_6_a_full_mailbox_says_so_and_keeps_the_rest(world: &mut World<impl Backend>) {
    world.with_mailbox().await;
    let large = NewEnvelope { sealed: sealed(9, SizeClass::Large), ..envelope(OWNER, 9, NOW) };
    let larger = NewEnvelope { id: id(8), ..large.clone() };
    assert_eq!(world.deposit_all(vec![large, larger], NOW).await, [Kept::Kept, Kept::Full]);
    world.acknowledge(&[9]).await;
    for number in 1..=5 {
        assert_eq!(world.deposit(OWNER, number, NOW).await, Kept::Kept);
    }
    assert_eq!(world.deposit(OWNER, 6, NOW).await, Kept::Full);
    assert_eq!(world.deposit(OWNER, 5, NOW).await, Kept::Kept);
    world.crash();
    assert_eq!(world.deposit(OWNER, 6, NOW).await, Kept::Full);
    world.acknowledge(&[1]).await;
    assert_eq!(world.deposit(OWNER, 6, NOW).await, Kept::Kept);
    assert_eq!(world.lying(NOW).await, [2, 3, 4, 5, 6]);
}

pub(in crate::store) async fn promise_7_unknown_looks_like_foreign(world: &mut World<impl Backend>) {
    world.with_mailbox().await;
    for stranger in [mailbox(1, 9), mailbox(9, 2)] {
        assert_eq!(world.page(stranger, 0, NOW).await, Err(Denied));
        assert_eq!(world.close(stranger, NOW).await, Err(Denied));
        assert_eq!(world.deposit(stranger, 1, NOW).await, Kept::Gone);
        let acknowledged = world.store().acknowledge(vec![(stranger, vec![id(1)]), (OWNER, vec![])], NOW).await;
        assert_eq!(acknowledged, Ok(vec![Err(Denied), Ok(())]));
    }
    assert_eq!(world.page(mailbox(0, 0), 0, NOW).await, Err(Denied));
}

pub(in crate::store) async fn promise_8_opening_again_changes_nothing_and_with_another_key_is_denied(
    world: &mut World<impl Backend>,
) {
    world.with_mailbox().await;
    world.deposit(OWNER, 1, NOW).await;
    assert_eq!(world.open(OWNER, NOW).await, Ok(()));
    assert_eq!(world.open(mailbox(1, 9), NOW).await, Err(Denied));
    world.crash();
    assert_eq!(world.open(mailbox(1, 9), NOW).await, Err(Denied));
    assert_eq!(world.lying(NOW).await, [1]);
}

pub(in crate::store) async fn promise_9_a_closed_mailbox_is_gone(world: &mut World<impl Backend>) {
    world.with_mailbox().await;
    world.deposit(OWNER, 1, NOW).await;
    assert_eq!(world.close(OWNER, NOW).await, Ok(()));
    assert_eq!(*world.heard.closed.lock().unwrap(), [OWNER.id]);
    for _ in 0..2 {
        assert_eq!(world.deposit(OWNER, 2, NOW).await, Kept::Gone);
        assert_eq!(world.page(OWNER, 0, NOW).await, Err(Denied));
        assert_eq!(world.close(OWNER, NOW).await, Err(Denied));
        world.crash();
    }
    assert_eq!(world.open(OWNER, NOW).await, Ok(()));
    assert_eq!(world.lying(NOW).await, [0; 0]);
}

/// A depositor knows the id and the collect hash, but no key of that hash. With one of their own they get a mailbox that
/// no address leads to.
pub(in crate::store) async fn promise_9_no_depositor_can_open_a_closed_mailbox_again(world: &mut World<impl Backend>) {
    world.with_mailbox().await;
    assert_eq!(world.close(OWNER, NOW).await, Ok(()));
    assert_eq!(world.open(mailbox(1, 9), NOW).await, Ok(()));
    assert_eq!(world.deposit(OWNER, 1, NOW).await, Kept::Gone);
    assert_eq!(world.page(OWNER, 0, NOW).await, Err(Denied));
}

pub(in crate::store) async fn promise_10_an_envelope_is_there_until_the_hour_of_its_expiry(
    world: &mut World<impl Backend>,
) {
    world.with_mailbox().await;
    let short = NewEnvelope { expires: Hour(NOW.0 + 2), ..envelope(OWNER, 1, NOW) };
    world.deposit_all(vec![short.clone(), envelope(OWNER, 2, NOW)], NOW).await;
    assert_eq!(world.lying(Hour(NOW.0 + 1)).await, [1, 2]);
    assert_eq!(world.lying(Hour(NOW.0 + 2)).await, [2]);
    let again = NewEnvelope { expires: Hour(NOW.0 + 9), ..short };
    assert_eq!(world.deposit_all(vec![again], Hour(NOW.0 + 2)).await, [Kept::Kept]);
    assert_eq!(world.lying(Hour(NOW.0 + 2)).await, [2, 1]);
    world.acknowledge(&[1]).await;
    assert_eq!(world.lying(NOW).await, [2]);
}

pub(in crate::store) async fn promise_10_expired_envelopes_make_room(world: &mut World<impl Backend>) {
    world.with_mailbox().await;
    for number in 1..=5 {
        let short = NewEnvelope { expires: Hour(NOW.0 + 1), ..envelope(OWNER, number, NOW) };
        assert_eq!(world.deposit_all(vec![short], NOW).await, [Kept::Kept]);
    }
    assert_eq!(world.deposit(OWNER, 6, NOW).await, Kept::Full);
    assert_eq!(world.deposit(OWNER, 6, Hour(NOW.0 + 1)).await, Kept::Kept);
    world.crash();
    assert_eq!(world.lying(Hour(NOW.0 + 1)).await, [6]);
}

pub(in crate::store) async fn promise_10_days_that_are_past_are_erased(world: &mut World<impl Backend>) {
    world.with_mailbox().await;
    let soon = NewEnvelope { expires: Hour(NOW.0 + 1), ..envelope(OWNER, 1, NOW) };
    world.deposit_all(vec![soon, envelope(OWNER, 2, NOW)], NOW).await;
    let tomorrow = Hour(NOW.0 + days(1));
    world.expire(tomorrow).await;
    // A clock that went forward and comes back finds what was not past, and not what was.
    assert_eq!(world.lying(NOW).await, [2]);
    world.crash();
    assert_eq!(world.lying(NOW).await, [2]);
    assert_eq!(world.deposit(OWNER, 1, NOW).await, Kept::Kept);
    assert_eq!(world.lying(NOW).await, [2, 1]);
}

pub(in crate::store) async fn pages_are_bounded_and_tell_of_more(world: &mut World<impl Backend>) {
    world.with_mailbox().await;
    for number in 1..=5 {
        world.deposit(OWNER, number, NOW).await;
    }
    let small = SizeClass::Small.stored_length();
    for (envelopes, bytes, expected, more) in [
        (2, usize::MAX, 2, true),
        (512, 3 * small, 3, true),
        (512, 1, 1, true),
        (5, 5 * small, 5, false),
        (0, 0, 0, true),
    ] {
        let page = world.store().page(OWNER, Range { after: 0, envelopes, bytes }, at(NOW)).await.unwrap().unwrap();
        assert_eq!((page.envelopes.len(), page.more), (expected, more));
    }
    let first = world.page(OWNER, 0, NOW).await.unwrap().envelopes[0].sequence;
    assert_eq!(world.page(OWNER, first, NOW).await.unwrap().envelopes.len(), 4);
}

pub(in crate::store) async fn an_acknowledged_envelope_is_gone_for_good(world: &mut World<impl Backend>) {
    world.with_mailbox().await;
    for number in 1..=3 {
        world.deposit(OWNER, number, NOW).await;
    }
    world.crash();
    world.acknowledge(&[1, 9, 1, 3]).await;
    assert_eq!(world.lying(NOW).await, [2]);
    world.crash();
    assert_eq!(world.lying(NOW).await, [2]);
}
