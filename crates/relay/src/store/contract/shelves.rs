//! Shelves: stocked, counted, taken from.

use std::collections::HashSet;

use sealpost_wire::time::Hour;

use super::world::*;
use crate::store::{Denied, NewItems, NotStocked, Store};

pub(in crate::store) async fn promise_12_items_are_taken_once_in_order_and_then_the_last_for_ever(
    world: &mut World<impl Backend>,
) {
    world.with_shelf().await;
    assert_eq!(world.stock(items([1, 2], Some(9))).await, Ok(()));
    assert_eq!(world.stock(items([3], None)).await, Ok(()));
    assert_eq!(world.count().await, Ok(3));
    for expected in [1, 2, 3, 9, 9, 9] {
        assert_eq!(world.take().await, Some(expected));
    }
    assert_eq!(world.count().await, Ok(0));
    assert_eq!(world.stock(items([4], Some(8))).await, Ok(()));
    assert_eq!([world.take().await, world.take().await], [Some(4), Some(8)]);
}

pub(in crate::store) async fn promise_12_concurrent_takes_get_different_items(world: &mut World<impl Backend>) {
    world.with_shelf().await;
    assert_eq!(world.stock(items(0..100, None)).await, Ok(()));
    let takes = (0..101).map(|_| world.take());
    let taken = futures_util::future::join_all(takes).await;
    assert_eq!(taken.iter().flatten().collect::<HashSet<_>>().len(), 100);
    assert_eq!(taken.iter().flatten().count(), 100);
}

pub(in crate::store) async fn promise_12_what_was_taken_stays_taken_after_a_crash(world: &mut World<impl Backend>) {
    world.with_shelf().await;
    assert_eq!(world.stock(items([1, 2, 3], Some(9))).await, Ok(()));
    for expected in [1, 2, 3, 9, 9] {
        assert_eq!(world.take().await, Some(expected));
        world.crash();
    }
}

pub(in crate::store) async fn promise_7_an_unknown_shelf_looks_like_a_foreign_one(world: &mut World<impl Backend>) {
    world.with_shelf().await;
    assert_eq!(world.stock(items([1], Some(9))).await, Ok(()));
    for stranger in [shelf(3, 9), shelf(9, 4), shelf(0, 0)] {
        let store = world.store();
        assert_eq!(store.count_items(stranger, NOW).await, Ok(Err(Denied)));
        assert_eq!(store.stock(stranger, items([2], None), at(NOW)).await, Ok(Err(NotStocked::Denied)));
        assert_eq!(store.take(stranger, NOW).await, Ok(None));
        assert_eq!(store.close_shelf(stranger, NOW).await, Ok(Err(Denied)));
    }
    assert_eq!(world.store().open_shelf(shelf(3, 9), at(NOW)).await, Ok(Err(Denied)));
    assert_eq!(world.take().await, Some(1));
}

pub(in crate::store) async fn promise_9_a_closed_shelf_is_gone(world: &mut World<impl Backend>) {
    world.with_shelf().await;
    assert_eq!(world.stock(items([1], Some(9))).await, Ok(()));
    assert_eq!(world.store().close_shelf(SHELF, NOW).await, Ok(Ok(())));
    for _ in 0..2 {
        assert_eq!(world.take().await, None);
        assert_eq!(world.count().await, Err(Denied));
        assert_eq!(world.store().close_shelf(SHELF, NOW).await, Ok(Err(Denied)));
        world.crash();
    }
    world.with_shelf().await;
    assert_eq!((world.count().await, world.take().await), (Ok(0), None));
}

pub(in crate::store) async fn promise_11_a_lapsed_shelf_is_gone(world: &mut World<impl Backend>) {
    world.with_shelf().await;
    assert_eq!(world.stock(items([1], Some(9))).await, Ok(()));
    let last = Hour(NOW.0 + days(90));
    assert!(world.store().take(SHELF, last).await.unwrap().is_some());
    assert_eq!(world.store().take(SHELF, Hour(last.0 + 24)).await, Ok(None));
    assert_eq!(world.lapse(last.day().plus(1)).await, 1);
    assert_eq!(world.take().await, None);
}

pub(in crate::store) async fn a_shelf_holds_no_more_than_its_quota(world: &mut World<impl Backend>) {
    world.with_shelf().await;
    assert_eq!(world.stock(items(0..100, None)).await, Ok(()));
    assert_eq!(world.stock(items([100], Some(9))).await, Err(NotStocked::Limit));
    assert_eq!(world.count().await, Ok(100));
    world.take().await;
    assert_eq!(world.stock(items([100], None)).await, Ok(()));
}

pub(in crate::store) async fn replacing_throws_the_old_items_away(world: &mut World<impl Backend>) {
    world.with_shelf().await;
    assert_eq!(world.stock(items(0..100, Some(200))).await, Ok(()));
    let replacing = NewItems { replace: true, ..items(101..=102, None) };
    assert_eq!(world.stock(replacing).await, Ok(()));
    world.crash();
    for expected in [101, 102, 200, 200] {
        assert_eq!(world.take().await, Some(expected));
    }
}

pub(in crate::store) async fn an_empty_shelf_gives_nothing(world: &mut World<impl Backend>) {
    world.with_shelf().await;
    assert_eq!(world.take().await, None);
    assert_eq!(world.stock(items([1], None)).await, Ok(()));
    assert_eq!([world.take().await, world.take().await], [Some(1), None]);
}

pub(in crate::store) async fn stocking_survives_a_crash(world: &mut World<impl Backend>) {
    world.with_shelf().await;
    assert_eq!(world.stock(items([1, 2], Some(9))).await, Ok(()));
    world.crash();
    assert_eq!(world.count().await, Ok(2));
    assert_eq!(world.take().await, Some(1));
}
