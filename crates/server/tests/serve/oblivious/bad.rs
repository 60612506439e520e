//! What cannot be opened, and what has another form.

use bytesize::ByteSize;
use sealpost_wire::oblivious::{KEY_PROBLEM, REQUEST_OVERHEAD};
use serde_json::Value;

use super::*;
use crate::program::of_owner;

const UNKNOWN: &str = "key identifier unknown";
const UNOPENED: &str = "the key does not open the request";

fn inside() -> Vec<u8> {
    post(&of_owner()).to_bytes(0).unwrap()
}

async fn assert_problem(world: &mut World, sealed: Vec<u8>, title: &str, what: &str) {
    let answer = world.forward(sealed).await;
    assert_eq!((answer.status, &*answer.content_type), (StatusCode::BAD_REQUEST, "application/problem+json"), "{what}");
    let problem: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(problem, serde_json::json!({ "type": KEY_PROBLEM, "title": title, "status": 400 }), "{what}");
}

#[tokio::test]
async fn what_is_not_sealed_to_a_key_that_there_is_is_the_standards_problem() {
    let mut world = World::new().await;
    let (sealed, _) = seal(&world.keys().await, &inside());
    let changed = |at: usize| {
        let mut other = sealed.clone();
        other[at] ^= 1;
        other
    };
    for (at, title, what) in [
        (0, UNKNOWN, "another key"),
        (2, UNOPENED, "another KEM"),
        (4, UNOPENED, "another KDF"),
        (6, UNOPENED, "another AEAD"),
        (7, UNOPENED, "another share"),
        (39, UNOPENED, "another first byte inside"),
        (sealed.len() - 1, UNOPENED, "another last byte"),
    ] {
        assert_problem(&mut world, changed(at), title, what).await;
    }
    world.server.stop().await;
}

#[tokio::test]
async fn what_is_sealed_to_the_key_of_another_gateway_is_the_standards_problem() {
    let (mut world, mut other) = (World::new().await, World::new().await);
    let (sealed, _) = seal(&other.keys().await, &inside());
    assert_problem(&mut world, sealed, UNOPENED, "another gateway").await;
    world.server.stop().await;
    other.server.stop().await;
}

#[tokio::test]
async fn what_is_cut_short_or_goes_on_is_the_standards_problem() {
    let mut world = World::new().await;
    let (sealed, _) = seal(&world.keys().await, &inside());
    for length in [0, 1, 6, 7, 8, 38, 39, 40, 54, 55, 56, sealed.len() - 1] {
        assert_problem(&mut world, sealed[..length].to_vec(), UNOPENED, &format!("{length} bytes")).await;
    }
    assert_problem(&mut world, [&*sealed, b"\0"].concat(), UNOPENED, "a byte more").await;
    world.server.stop().await;
}

#[tokio::test]
async fn a_share_that_every_key_agrees_on_is_the_standards_problem() {
    let mut world = World::new().await;
    let (mut sealed, _) = seal(&world.keys().await, &inside());
    sealed[7..39].fill(0);
    assert_problem(&mut world, sealed, UNOPENED, "the point of order 1").await;
    world.server.stop().await;
}

#[tokio::test]
async fn an_opened_request_of_another_form_is_refused_inside_at_the_length_of_any() {
    let mut world = World::new().await;
    let mut marked = inside();
    *marked.last_mut().unwrap() = 1;
    let longer = post(&of_owner()).to_bytes(16_880).unwrap();
    for (what, inside) in [
        ("nothing", vec![]),
        ("a byte less", inside()[..4_591].to_vec()),
        ("a byte more", [inside(), vec![0]].concat()),
        ("the length of a bucket", longer.into_iter().chain([0; 33_280 - 16_880]).collect()),
        ("another padding", marked),
        ("no Binary HTTP", vec![0xff; 4_592]),
        ("a response", InsideReply { status: 200, content_type: "a".into(), body: vec![] }.to_bytes(0).unwrap()),
    ] {
        let reply = world.exchange(&inside).await;
        let read = InsideReply::from_bytes(&reply).unwrap();
        assert_eq!((read.status, refusal(&read)), (400, Refusal::Malformed), "{what}");
        assert!(reply.len() >= inside.len(), "{what}");
    }
    world.server.stop().await;
}

#[tokio::test]
async fn a_body_inside_is_read_as_strictly_as_outside() {
    let mut world = World::new().await;
    let mut request = post(&of_owner());
    request.body.as_mut().unwrap().push(0);
    assert_eq!(refusal(&world.ask(&request).await), Refusal::Malformed);
    world.server.stop().await;
}

#[tokio::test]
async fn what_is_longer_than_any_request_that_is_of_use_is_too_large() {
    for (body, longest) in [(ByteSize::kib(4), 4_592), (ByteSize::kib(16), 16_880), (ByteSize::kib(64), 66_032)] {
        let mut world = World::with(Wishes { body, ..wishes() }).await;
        let (sealed, _) = seal(&world.keys().await, &post(&of_owner()).to_bytes(longest).unwrap());
        assert_eq!(sealed.len(), longest + REQUEST_OVERHEAD);
        assert_eq!(world.forward(sealed.clone()).await.status, StatusCode::OK);
        let answer = world.forward([sealed, vec![0]].concat()).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(from_bytes::<Refused>(&answer.body).unwrap().reason, Refusal::TooLarge);
        world.server.stop().await;
    }
}

#[tokio::test]
async fn another_type_or_method_outside_is_refused_outside() {
    let mut world = World::new().await;
    let (sealed, _) = seal(&world.keys().await, &inside());
    for content_type in ["application/cbor", "message/ohttp-res", "message/ohttp-req; a=b", "message/ohttp-chunked-req"]
    {
        let answer = world.proxy.post(PATH, content_type, sealed.clone()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{content_type}");
        assert_eq!(from_bytes::<Refused>(&answer.body).unwrap().reason, Refusal::Malformed);
    }
    assert_eq!(world.proxy.get(PATH).await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.proxy.post(KEYS_PATH, REQUEST_TYPE, sealed).await.status, StatusCode::NOT_FOUND);
    world.server.stop().await;
}
