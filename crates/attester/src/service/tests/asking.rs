//! Asking for a code.

use std::time::Duration;

use sealpost_identity::attester::AskCode;
use sealpost_server::Denial;
use sealpost_wire::from_bytes;
use sealpost_wire::request::Refusal;

use super::world::World;
use crate::gateway::GatewayError;

fn limited(denial: Denial) -> u16 {
    assert_eq!(denial.reason, Refusal::Limit);
    denial.retry_after.unwrap()
}

#[tokio::test]
async fn a_code_is_sent_to_the_number_that_asks_and_asking_again_sends_another() {
    let world = World::new();
    let first = world.code().await;
    assert_ne!(first, world.code().await);
}

#[tokio::test]
async fn what_no_plan_has_room_for_is_malformed() {
    let world = World::new();
    for text in ["+999", "015123456789", "+49 1512 3456", "+4915123456789x", ""] {
        // {0: 1, 1: text}
        let bytes = [&[0xa2, 0, 1, 1, 0x60 | text.len() as u8], text.as_bytes()].concat();
        let ask: AskCode = from_bytes(&bytes).unwrap();
        assert_eq!(world.attester.ask_code(ask).await, Err(Denial::of(Refusal::Malformed)), "{text}");
    }
    assert!(world.phones.received.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_number_gets_five_codes_and_is_then_told_how_long_to_wait() {
    let world = World::new();
    for _ in 0..5 {
        world.code().await;
    }
    world.pass(Duration::from_secs(3_600));
    assert_eq!(limited(world.ask().await.unwrap_err()), u16::MAX, "23 hours, as far as 16 bits can say it");
    world.pass(Duration::from_millis(22 * 3_600_000 + 500));
    assert_eq!(limited(world.ask().await.unwrap_err()), 3_600, "rounded up");
    world.pass(Duration::from_secs(3_600));
    world.code().await;
}

#[tokio::test]
async fn no_code_is_sent_that_could_not_be_redeemed() {
    let world = World::new();
    world.servers.state().directory_down = true;
    for _ in 0..10 {
        assert_eq!(world.ask().await, Err(Denial::try_later(30)));
    }
    assert!(world.phones.received.lock().unwrap().is_empty());
    world.servers.state().directory_down = false;
    world.pass(Duration::from_secs(10));
    world.code().await;
}

#[tokio::test]
async fn a_code_that_was_not_sent_is_not_counted() {
    let world = World::new();
    let unsent: [fn() -> GatewayError; 2] = [|| GatewayError::Unreachable, || GatewayError::Refused(500)];
    for error in unsent {
        *world.phones.fails.lock().unwrap() = Some(error);
        for _ in 0..10 {
            assert_eq!(world.ask().await, Err(Denial::try_later(30)));
        }
    }
    *world.phones.fails.lock().unwrap() = None;
    for _ in 0..5 {
        world.code().await;
    }
}

#[tokio::test]
async fn a_code_that_may_have_been_sent_is_counted_and_is_good() {
    let world = World::new();
    *world.phones.fails.lock().unwrap() = Some(|| GatewayError::Silent);
    for _ in 0..5 {
        assert_eq!(world.ask().await, Err(Denial::try_later(30)));
    }
    assert_eq!(world.ask().await.unwrap_err().reason, Refusal::Limit);
}

#[tokio::test]
async fn a_directory_that_is_out_is_not_asked_again_at_once() {
    let world = World::new();
    world.servers.state().directory_down = true;
    for _ in 0..10 {
        world.ask().await.unwrap_err();
    }
    assert_eq!(world.servers.state().directory_asked, 1);
    world.pass(Duration::from_secs(10));
    world.ask().await.unwrap_err();
    assert_eq!(world.servers.state().directory_asked, 2);
}
