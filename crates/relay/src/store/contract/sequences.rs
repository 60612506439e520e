//! Promise 4: sequences only rise.

use sealpost_wire::time::Hour;

use super::world::*;
use crate::store::{Kept, NewEnvelope};

/// Deposits one envelope, reads its sequence and acknowledges it, so that the mailbox is empty again.
async fn pass(world: &World<impl Backend>, now: Hour) -> u64 {
    let brief = NewEnvelope { expires: Hour(now.0 + 2), ..envelope(OWNER, 1, now) };
    assert_eq!(world.deposit_all(vec![brief], now).await, [Kept::Kept]);
    let page = world.page(OWNER, 0, now).await.unwrap();
    world.acknowledge(&[1]).await;
    page.envelopes.last().unwrap().sequence
}

pub(in crate::store) async fn promise_4_sequences_rise_over_crashes_and_emptied_mailboxes(
    world: &mut World<impl Backend>,
) {
    world.with_mailbox().await;
    let mut last = 0;
    for round in 0..6 {
        let sequence = pass(world, NOW).await;
        assert!(sequence > last);
        last = sequence;
        if round % 2 == 0 {
            world.crash();
        }
    }
}

pub(in crate::store) async fn promise_4_sequences_rise_when_the_clock_jumps_a_year_back_and_forth(
    world: &mut World<impl Backend>,
) {
    let year = days(365);
    world.with_mailbox().await;
    let mut last = 0;
    for now in [NOW, Hour(NOW.0 - year), NOW, Hour(NOW.0 + 1), Hour(NOW.0 - year)] {
        world.expire(now).await;
        let sequence = pass(world, now).await;
        assert!(sequence > last);
        last = sequence;
        world.crash();
    }
}

pub(in crate::store) async fn promise_4_a_page_is_in_order_of_arrival(world: &mut World<impl Backend>) {
    world.with_mailbox().await;
    for number in [4, 2] {
        world.deposit(OWNER, number, NOW).await;
    }
    world.crash();
    for number in [3, 1] {
        world.deposit(OWNER, number, Hour(NOW.0 - 50)).await;
    }
    assert_eq!(world.lying(NOW).await, [4, 2, 3, 1]);
    let page = world.page(OWNER, 0, NOW).await.unwrap();
    assert!(page.envelopes.is_sorted_by(|one, next| one.sequence < next.sequence));
}
