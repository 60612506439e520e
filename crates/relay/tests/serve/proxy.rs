//! A proxy between clients and a gateway that writes down all that comes.

mod cost;
mod failing;
mod forwarding;
mod limits;
mod origin;
mod program;

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use sealpost_relay::config::{Config, Role};
use sealpost_wire::RelayRef;
use sealpost_wire::oblivious::{PROXY_PATH, REQUEST_TYPE};
use serde_json::Value;

use crate::peer::{Answer, Http, Peer};
use crate::relay::TestRelay;
use origin::{Behaviour, Origin};

/// A request as short as any, as far as a proxy can tell.
const SEALED: usize = 4_592 + 55;

/// Starts a proxy to these gateways.
async fn proxy_to(gateways: &[&RelayRef]) -> TestRelay {
    proxy_with(gateways, |_| {}).await
}

async fn proxy_with(gateways: &[&RelayRef], change: impl FnOnce(&mut Config)) -> TestRelay {
    TestRelay::start_with(|config| {
        config.role = Role::OhttpProxy;
        config.ohttp_proxy.gateways = gateways.iter().map(|gateway| (*gateway).clone()).collect();
        config.ohttp_proxy.timeout = Duration::from_secs(10);
        change(config);
    })
    .await
}

/// With the least patience that can be configured.
fn hasty(config: &mut Config) {
    config.ohttp_proxy.timeout = Duration::from_secs(1);
    config.connections.request_timeout = Duration::from_secs(3);
}

fn path_to(gateway: &RelayRef) -> String {
    format!("{PROXY_PATH}{}", gateway.host.as_str())
}

fn request(path: &str, body: Bytes) -> Request<http_body_util::Full<Bytes>> {
    let request = Request::builder().method(Method::POST).uri(path).header("content-type", REQUEST_TYPE);
    request.body(body.into()).unwrap()
}

async fn forward(client: &mut Peer, gateway: &RelayRef, mark: u8) -> Answer {
    client.send(request(&path_to(gateway), vec![mark; SEALED].into())).await
}

async fn client(proxy: &TestRelay) -> Peer {
    Peer::connect(proxy, Http::Two).await
}

/// Status and title of a problem.
fn problem(answer: &Answer) -> (u16, String) {
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    let problem: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(problem["status"], answer.status.as_u16());
    (answer.status.as_u16(), problem["title"].as_str().unwrap().to_owned())
}
