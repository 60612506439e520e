//! Promise 11: leases are by the day.

use futures_util::future::join_all;
use sealpost_wire::MailboxId;
use sealpost_wire::request::MailboxKind;
use sealpost_wire::time::Hour;

use super::world::*;
use crate::store::{Denied, Kept, MailboxOwner, Store};

pub(in crate::store) async fn promise_11_a_lease_is_extended_by_use_and_never_shortened(
    world: &mut World<impl Backend>,
) {
    world.with_mailbox().await;
    let later = Hour(NOW.0 + days(60));
    assert!(world.page(OWNER, 0, later).await.is_ok());
    // A clock that went back.
    assert!(world.page(OWNER, 0, NOW).await.is_ok());
    world.deposit(OWNER, 7, NOW).await;
    world.crash();
    let last = Hour(later.0 + days(90));
    assert_eq!(world.lapse(last.day()).await, 0);
    assert_eq!(world.deposit(OWNER, 1, last).await, Kept::Kept);
    assert_eq!(world.deposit(OWNER, 2, Hour(last.0 + 24)).await, Kept::Gone);
}

pub(in crate::store) async fn promise_11_what_lapsed_is_unknown_and_is_erased(world: &mut World<impl Backend>) {
    world.with_mailbox().await;
    world.with_shelf().await;
    world.deposit(OWNER, 1, NOW).await;
    let lapsed = Hour(NOW.0 + days(91));
    assert_eq!(world.page(OWNER, 0, lapsed).await, Err(Denied));
    assert_eq!(world.close(OWNER, lapsed).await, Err(Denied));
    assert_eq!(world.lapse(lapsed.day()).await, 2);
    assert_eq!(world.lapse(lapsed.day()).await, 0);
    assert_eq!(*world.heard.closed.lock().unwrap(), [OWNER.id]);
    // Even for a clock that comes back.
    assert_eq!(world.page(OWNER, 0, NOW).await, Err(Denied));
}

pub(in crate::store) async fn promise_11_a_new_owner_of_a_lapsed_mailbox_finds_it_empty(
    world: &mut World<impl Backend>,
) {
    world.with_mailbox().await;
    world.deposit(OWNER, 1, NOW).await;
    let (lapsed, new) = (Hour(NOW.0 + days(91)), mailbox(1, 9));
    assert_eq!(world.open(new, lapsed).await, Ok(()));
    assert_eq!(world.page(new, 0, NOW).await.map(|page| page.envelopes.len()), Ok(0));
    assert_eq!(world.page(OWNER, 0, NOW).await, Err(Denied));
}

pub(in crate::store) async fn promise_11_renewing_extends_the_leases_of_mailboxes(world: &mut World<impl Backend>) {
    world.with_mailbox().await;
    let later = Hour(NOW.0 + days(60));
    world.store().renew(vec![OWNER.id, mailbox(9, 9).id], at(later)).await.unwrap();
    world.crash();
    assert_eq!(world.lapse(NOW.day().plus(91)).await, 0);
    assert_eq!(world.lapse(NOW.day().plus(151)).await, 1);
}

pub(in crate::store) async fn promise_11_all_that_lapsed_is_erased_in_parts(world: &mut World<impl Backend>) {
    const COUNT: u32 = 600;
    let owner = |number: u32| {
        let mut id = [7; 32];
        id[..4].copy_from_slice(&number.to_be_bytes());
        MailboxOwner { id: MailboxId::from_bytes(id), collect: OWNER.collect }
    };
    let open = |number| world.store().open_mailbox(owner(number), MailboxKind::Pairwise, at(NOW));
    for opened in join_all((0..COUNT).map(open)).await {
        opened.unwrap().unwrap();
    }
    let (mut erased, lapsed) = (0, NOW.day().plus(91));
    loop {
        match world.lapse(lapsed).await {
            0 => break,
            part => erased += part,
        }
    }
    assert_eq!(erased, u64::from(COUNT));
}
