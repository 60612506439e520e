//! A key for each day.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use data_encoding::BASE64;
use sealpost_server::clock::ManualClock;
use sealpost_wire::manifest::{self, Manifest, SignedManifest};
use sealpost_wire::oblivious::{KEYS_PATH, PATH, REQUEST_TYPE};
use sealpost_wire::time::Day;

use super::*;
use crate::program::of_owner;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn on_day(day: u32) -> (World, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(UNIX_EPOCH + day * DAY));
    (World::with(Wishes { clock: Arc::clone(&clock) as _, ..wishes() }).await, clock)
}

async fn told(world: &mut World) -> Manifest {
    let signed = SignedManifest::from_json(&world.proxy.get(manifest::PATH).await.body).unwrap();
    signed.verify(&world.server.reference.host, &world.server.reference.operator).unwrap().manifest
}

#[tokio::test]
async fn the_manifest_of_a_day_tells_the_key_of_that_day() {
    let (mut world, clock) = on_day(100).await;
    for day in [100, 101, 300] {
        clock.set(UNIX_EPOCH + day * DAY + DAY / 2);
        let (manifest, keys) = (told(&mut world).await, world.keys().await);
        let told = manifest.ohttp_keys.unwrap();
        assert_eq!((manifest.issued, told.first_day), (Day(day), Day(day)));
        assert_eq!(BASE64.decode(told.keys.as_bytes()).unwrap(), keys);
    }
    world.server.stop().await;
}

#[tokio::test]
async fn within_a_day_everyone_is_told_the_same() {
    let (mut world, clock) = on_day(100).await;
    let first = (world.keys().await, world.proxy.get(manifest::PATH).await.body);
    clock.advance(DAY - Duration::from_secs(1));
    let mut other = Client::connect(world.server.address).await;
    assert_eq!(first, (other.get(KEYS_PATH).await.body.to_vec(), other.get(manifest::PATH).await.body));
    world.server.stop().await;
}

#[tokio::test]
async fn a_key_opens_on_the_day_after_its_own_and_no_longer() {
    let (mut world, clock) = on_day(100).await;
    let keys = world.keys().await;
    for (day, opens) in [(100, true), (101, true), (102, false)] {
        clock.set(UNIX_EPOCH + day * DAY);
        let (sealed, response) = seal(&keys, &post(&of_owner()).to_bytes(0).unwrap());
        let answer = world.forward(sealed).await;
        assert_eq!(response.decapsulate(&answer.body).is_ok(), opens, "day {day}");
        assert_eq!(answer.content_type == "application/problem+json", !opens, "day {day}");
    }
    world.server.stop().await;
}

/// Whoever passes it on could keep it, and send it when it does what is not wanted any more.
#[tokio::test]
async fn a_sealed_request_is_carried_out_once_also_after_midnight() {
    let (mut world, clock) = on_day(100).await;
    let (keys, inside) = (world.keys().await, post(&of_owner()).to_bytes(0).unwrap());
    let (sealed, _) = seal(&keys, &inside);
    assert_eq!(world.forward(sealed.clone()).await.status, StatusCode::OK);
    for day in [100, 101] {
        clock.set(UNIX_EPOCH + day * DAY);
        world.keys().await;
        let again = world.forward(sealed.clone()).await;
        assert_eq!(again.status, StatusCode::FORBIDDEN, "day {day}");
        assert_eq!(from_bytes::<Refused>(&again.body).unwrap().reason, Refusal::Denied);
    }
    assert_eq!(world.forward(seal(&keys, &inside).0).await.status, StatusCode::OK);
    world.server.stop().await;
}

#[tokio::test]
async fn a_server_that_is_no_gateway_has_no_keys_and_opens_nothing() {
    let mut world = World::with(Wishes { is_gateway: false, ..wishes() }).await;
    assert_eq!(told(&mut world).await.ohttp_keys, None);
    for answer in [world.proxy.get(KEYS_PATH).await, world.proxy.post(PATH, REQUEST_TYPE, vec![0; 4_647]).await] {
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert_eq!(from_bytes::<Refused>(&answer.body).unwrap().reason, Refusal::NoSuchRequest);
    }
    world.server.stop().await;
}
