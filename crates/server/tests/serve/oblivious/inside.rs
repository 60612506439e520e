//! What is inside is answered as on a connection of its own.

use http::StatusCode;
use sealpost_wire::from_bytes;
use sealpost_wire::manifest;
use sealpost_wire::oblivious::{KEYS_PATH, PATH};
use sealpost_wire::request::{CountItems, ItemCount, Refusal, Request};
use sealpost_wire::to_bytes;

use super::*;
use crate::program::{of_neither, of_owner, of_sender, of_stock};

#[tokio::test]
async fn what_is_asked_inside_is_answered_inside() {
    let mut world = World::new().await;
    let reply = world.ask(&post(&of_owner())).await;
    assert_eq!((reply.status, &*reply.content_type), (200, "application/cbor"));
    assert_eq!(from_bytes::<ItemCount>(&reply.body).unwrap().items, 7);
    world.server.stop().await;
}

#[tokio::test]
async fn a_refusal_is_told_inside_with_its_status() {
    let mut world = World::new().await;
    let reply = world.ask(&post(&of_sender())).await;
    assert_eq!((reply.status, refusal(&reply)), (410, Refusal::Gone));
    let reply = world.ask(&post(&of_neither())).await;
    assert_eq!(reply.status, 503);
    assert_eq!(from_bytes::<Refused>(&reply.body).unwrap().retry_after, Some(9));
    world.server.stop().await;
}

#[tokio::test]
async fn each_request_inside_is_of_a_side_of_its_own() {
    let mut world = World::new().await;
    for _ in 0..2 {
        assert_eq!(world.ask(&post(&of_owner())).await.status, 200);
        assert_eq!(refusal(&world.ask(&post(&of_sender())).await), Refusal::Gone);
        assert_eq!(refusal(&world.ask(&post(&of_neither())).await), Refusal::TryLater);
    }
    world.server.stop().await;
}

#[tokio::test]
async fn the_side_of_a_connection_is_nothing_to_what_goes_through_it() {
    let mut world = World::new().await;
    let of_owner = async |world: &mut World| {
        world.proxy.post(CountItems::PATH, "application/cbor", to_bytes(&of_owner())).await.status
    };
    assert_eq!(of_owner(&mut world).await, StatusCode::OK);
    assert_eq!(refusal(&world.ask(&post(&of_sender())).await), Refusal::Gone);
    assert_eq!(of_owner(&mut world).await, StatusCode::OK);
    world.server.stop().await;
}

#[tokio::test]
async fn manifest_and_keys_are_the_same_bytes_inside_and_outside() {
    let mut world = World::new().await;
    for path in [manifest::PATH, KEYS_PATH] {
        let (inside, outside) = (world.ask(&get(path)).await, world.proxy.get(path).await);
        assert_eq!((inside.body, inside.content_type), (outside.body.to_vec(), outside.content_type));
    }
    world.server.stop().await;
}

#[tokio::test]
async fn there_is_no_gateway_inside_and_no_request_that_is_not_outside() {
    let mut world = World::new().await;
    let nested = InsideRequest { path: PATH.into(), body: Some(vec![0; 100]) };
    let elsewhere = ["/", "/v1/", "/v2/count-items", "//elsewhere/v1/relay", "/v1/count-items"].map(get);
    for request in [nested].iter().chain(&elsewhere) {
        let reply = world.ask(request).await;
        assert_eq!((reply.status, refusal(&reply)), (404, Refusal::NoSuchRequest), "{}", request.path);
    }
    world.server.stop().await;
}

#[tokio::test]
async fn a_reply_is_padded_and_never_shorter_than_its_request() {
    let mut world = World::new().await;
    let request = post(&of_owner());
    for length in [4_592, 16_880, 66_032] {
        let reply = world.exchange(&request.to_bytes(length).unwrap()).await;
        assert_eq!(reply.len(), length);
        assert_eq!(InsideReply::from_bytes(&reply).unwrap().status, 200);
    }
    world.server.stop().await;
}

#[tokio::test]
async fn what_no_answer_has_room_for_is_told_to_be_too_large() {
    let mut world = World::new().await;
    let reply = world.ask(&post(&of_stock())).await;
    assert_eq!((reply.status, refusal(&reply)), (413, Refusal::TooLarge));
    world.server.stop().await;
}

#[tokio::test]
async fn the_same_asked_twice_is_sealed_anew_and_answered_anew() {
    let mut world = World::new().await;
    let (keys, inside) = (world.keys().await, post(&of_owner()).to_bytes(0).unwrap());
    let (first, second) = (seal(&keys, &inside).0, seal(&keys, &inside).0);
    assert_ne!(first[7..], second[7..]);
    let (first, second) = (world.forward(first).await, world.forward(second).await);
    assert_eq!((first.status, first.body.len()), (StatusCode::OK, 4_592 + 32));
    assert_eq!((second.status, second.body.len()), (StatusCode::OK, 4_592 + 32));
    assert_ne!(first.body, second.body);
    world.server.stop().await;
}

#[tokio::test]
async fn a_request_inside_takes_no_room_besides_the_one_around_it() {
    let mut world = World::with(with_connections(|connections| connections.requests = 1)).await;
    assert_eq!(world.ask(&post(&of_owner())).await.status, 200);
    world.server.stop().await;
}

#[tokio::test]
async fn what_goes_through_is_counted_by_what_it_is_and_by_what_is_inside() {
    let mut world = World::new().await;
    world.ask(&post(&of_owner())).await;
    world.ask(&post(&of_sender())).await;
    let (sealed, _) = seal(&world.keys().await, &[0; 4_592]);
    world.forward(sealed[..100].to_vec()).await;
    let page = Client::connect(world.server.admin).await.get("/metrics").await.body;
    let page = String::from_utf8(page.to_vec()).unwrap();
    for (kind, answer, count) in [
        ("oblivious", "done", 2),
        ("oblivious", "other_key", 1),
        ("ohttp_keys", "done", 3),
        ("count_items", "done", 1),
        ("take", "gone", 1),
    ] {
        let line = format!("sealpost_requests_total{{kind=\"{kind}\",answer=\"{answer}\"}} {count}");
        assert!(page.lines().any(|found| found == line), "no {line} in\n{page}");
    }
    let connections = page.lines().find(|line| line.starts_with("sealpost_connections ")).unwrap();
    assert_eq!(connections, "sealpost_connections 1");
    world.server.stop().await;
}
