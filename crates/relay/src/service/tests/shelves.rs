//! Shelves.

use std::collections::HashSet;

use sealpost_wire::codec::V1;
use sealpost_wire::request::{CloseShelf, CountItems, Refusal};
use sealpost_wire::statement::Closed;

use super::world::*;
use crate::service::Denial;

#[tokio::test]
async fn a_hundred_takes_at_once_get_a_hundred_items_and_the_next_gets_the_last() {
    let world = World::new();
    let shelf = Shelf::new();
    world.relay.open_shelf(shelf.open()).await.unwrap();
    world.relay.stock(shelf.stock(100)).await.unwrap();
    let takes = (0..100).map(|_| world.relay.take(shelf.take()));
    let taken: Vec<_> = futures_util::future::join_all(takes).await;
    let distinct: HashSet<u8> = taken.iter().map(|taken| taken.as_ref().unwrap().item.as_bytes()[0]).collect();
    assert_eq!(distinct, (1..=100).collect());
    for _ in 0..2 {
        assert_eq!(world.relay.take(shelf.take()).await.unwrap().item.as_bytes()[0], 0);
    }
    assert_eq!(world.relay.totals().taken, 102);
}

#[tokio::test]
async fn a_shelf_is_taken_from_at_a_limited_rate() {
    let world = World::with(|settings| settings.limits.takes_per_hour = 2);
    let (shelf, other) = (Shelf::new(), Shelf::new());
    for shelf in [&shelf, &other] {
        world.relay.open_shelf(shelf.open()).await.unwrap();
        world.relay.stock(shelf.stock(5)).await.unwrap();
    }
    assert!(world.relay.take(shelf.take()).await.is_ok());
    assert!(world.relay.take(shelf.take()).await.is_ok());
    let slowed = world.relay.take(shelf.take()).await.unwrap_err();
    assert_eq!(slowed.reason, Refusal::TryLater);
    assert!(slowed.retry_after.is_some_and(|seconds| (1..=1_801).contains(&seconds)));
    assert!(world.relay.take(other.take()).await.is_ok());
}

#[tokio::test]
async fn too_many_items_are_a_limit_and_a_missing_shelf_is_gone() {
    let world = World::with(|settings| settings.limits.shelf_items = 3);
    let shelf = Shelf::new();
    assert_eq!(world.relay.take(shelf.take()).await, Err(Denial::of(Refusal::Gone)));
    world.relay.open_shelf(shelf.open()).await.unwrap();
    assert_eq!(world.relay.take(shelf.take()).await, Err(Denial::of(Refusal::Gone)));
    assert_eq!(world.relay.stock(shelf.stock(4)).await, Err(Denial::of(Refusal::Limit)));
    world.relay.stock(shelf.stock(3)).await.unwrap();
    let count = CountItems { version: V1, shelf: shelf.id(), stock: shelf.stock.clone() };
    assert_eq!(world.relay.count_items(count).await.unwrap().items, 3);
}

#[tokio::test]
async fn a_shelf_is_closed_by_its_owner_alone() {
    let world = World::new();
    let (shelf, other) = (Shelf::new(), Shelf::new());
    world.relay.open_shelf(shelf.open()).await.unwrap();
    let close = |stock: &Shelf| CloseShelf { version: V1, shelf: shelf.id(), stock: stock.stock.clone() };
    assert_eq!(world.relay.close_shelf(close(&other)).await, Err(Denial::of(Refusal::Denied)));
    let closed = world.relay.close_shelf(close(&shelf)).await.unwrap();
    assert_eq!(closed.statement.verify(&operator().public()).unwrap().closed, Closed::Shelf(shelf.id()));
    assert_eq!(world.relay.close_shelf(close(&shelf)).await, Err(Denial::of(Refusal::Denied)));
}
