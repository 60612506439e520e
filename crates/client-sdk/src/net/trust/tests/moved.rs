//! Relays that have moved. What fails these tests: one application byte, other than the request for the manifest, to a place where
//! another operator's key signs.

use super::*;

/// A relay of the same operator somewhere else, and the former one saying so, with another key than it had.
async fn moved(scene: &Scene) -> RelayServer {
    let (there, here) = (Certificate::fresh(), Certificate::fresh());
    let next = RelayServer::start(&there, three_items).await;
    next.publish(&scene.operator, &[&there]);
    scene.server.show(&here);
    let host = next.reference(&scene.operator).host.to_string();
    scene.server.publish_as(&scene.operator, &[&here], |manifest| manifest.moved_to = Some(host));
    next
}

#[tokio::test]
async fn a_relay_that_has_moved_is_followed_and_its_former_place_asked_no_more() {
    let mut scene = Scene::new().await;
    scene.ask().await.unwrap();
    let next = moved(&scene).await;
    assert_eq!(scene.ask().await, Ok(3));
    scene.restart();
    assert_eq!(scene.ask().await, Ok(3));
    assert_eq!(scene.server.requests(), [MANIFEST, COUNT, MANIFEST]);
    assert_eq!(next.requests(), [MANIFEST, COUNT, COUNT]);
    let known = scene.network.relay(&scene.relay(), Reach::Anywhere).await.unwrap();
    assert_eq!(known.manifest.host, next.reference(&scene.operator).host.to_string());
}

#[tokio::test]
async fn who_comes_first_to_the_former_place_is_led_on_too() {
    let scene = Scene::new().await;
    let next = moved(&scene).await;
    assert_eq!(scene.ask().await, Ok(3));
    assert_eq!((scene.server.requests().len(), next.requests().len()), (1, 2));
}

#[tokio::test]
async fn a_move_to_a_relay_of_another_operator_is_not_followed() {
    let scene = Scene::new().await;
    let next = moved(&scene).await;
    let certificate = Certificate::fresh();
    next.show(&certificate);
    next.publish(&other_operator(), &[&certificate]);
    let refused = NetError::Trust(TrustError::Manifest(ManifestError::Signature));
    assert_eq!(scene.ask().await, Err(refused));
    assert_eq!(next.requests(), [MANIFEST]);
}

#[tokio::test]
async fn relays_that_send_to_each_other_are_given_up() {
    let scene = Scene::new().await;
    let next = moved(&scene).await;
    let certificate = Certificate::fresh();
    next.show(&certificate);
    let host = scene.relay().host.to_string();
    next.publish_as(&scene.operator, &[&certificate], |manifest| manifest.moved_to = Some(host));
    assert_eq!(scene.ask().await, Err(NetError::Unreachable));
}
