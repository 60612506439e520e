//! Another certificate for a server that runs.

use std::path::PathBuf;

use sealpost_server::peer::{Patience, Peer};
use sealpost_server::tls::Certificate;

use crate::program::of_owner;
use crate::running::Running;

fn files(server: &Running) -> [PathBuf; 2] {
    ["tls.pem", "tls.key"].map(|name| server.directory.path().join(name))
}

/// Puts another pair in the place of the server's, and gives the hash of its key.
fn replace(server: &Running) -> String {
    let [chain, key] = files(server);
    std::fs::remove_file(&chain).unwrap();
    std::fs::remove_file(&key).unwrap();
    Certificate::create(&chain, &key, &"localhost:1".parse().unwrap()).unwrap().key_sha256().to_owned()
}

fn named(server: &Running) -> Vec<String> {
    server.manifest.manifest().tls.keys_sha256
}

async fn connected(server: &Running) -> Peer {
    Peer::connect(&server.reference, Patience::default()).await.unwrap()
}

#[tokio::test]
async fn new_connections_are_shown_the_new_certificate_and_those_that_there_are_go_on() {
    let server = Running::start().await;
    let mut before = connected(&server).await;
    let [former] = named(&server).try_into().unwrap();
    let new = replace(&server);
    server.reloader.reload().unwrap();
    assert_eq!(before.call(&of_owner()).await.unwrap().items, 7);
    assert_eq!(named(&server), [new.clone(), former]);
    // One who believes no other key than the new one.
    server.manifest.change(|manifest| manifest.tls.keys_sha256 = vec![new]);
    assert_eq!(connected(&server).await.call(&of_owner()).await.unwrap().items, 7);
    server.stop().await;
}

#[tokio::test]
async fn what_is_no_pair_changes_nothing() {
    let server = Running::start().await;
    let before = named(&server);
    let [chain, key] = files(&server);
    let former = std::fs::read(&key).unwrap();
    replace(&server);
    std::fs::write(&key, &former).unwrap();
    server.reloader.reload().unwrap_err();
    std::fs::write(&chain, "no certificate").unwrap();
    server.reloader.reload().unwrap_err();
    std::fs::remove_file(&chain).unwrap();
    server.reloader.reload().unwrap_err();
    assert_eq!(named(&server), before);
    connected(&server).await.call(&of_owner()).await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn the_same_certificate_again_is_named_once() {
    let server = Running::start().await;
    let before = named(&server);
    server.reloader.reload().unwrap();
    assert_eq!(named(&server), before);
    connected(&server).await.call(&of_owner()).await.unwrap();
    server.stop().await;
}
