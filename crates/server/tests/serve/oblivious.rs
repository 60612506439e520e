//! Requests inside Oblivious HTTP.

mod bad;
mod days;
mod inside;

use bytesize::ByteSize;
use http::StatusCode;
use ohttp::ClientRequest;
use sealpost_server::config::{Connections, TlsMode};
use sealpost_wire::oblivious::{ANSWER_TYPE, InsideReply, InsideRequest, KEYS_PATH, PATH, REQUEST_TYPE};
use sealpost_wire::request::{Refusal, Refused, Request};
use sealpost_wire::{from_bytes, to_bytes};

use crate::client::{Answer, Client};
use crate::running::{Running, Wishes};

/// A gateway, and a connection to it, as a proxy has one.
struct World {
    server: Running,
    proxy: Client,
}

impl World {
    async fn new() -> Self {
        Self::with(wishes()).await
    }

    async fn with(wishes: Wishes) -> Self {
        let server = Running::start_with(wishes).await;
        let proxy = Client::connect(server.address).await;
        Self { server, proxy }
    }

    async fn keys(&mut self) -> Vec<u8> {
        let answer = self.proxy.get(KEYS_PATH).await;
        assert_eq!((answer.status, &*answer.content_type), (StatusCode::OK, "application/ohttp-keys"));
        answer.body.to_vec()
    }

    /// What comes to a sealed request.
    async fn forward(&mut self, sealed: Vec<u8>) -> Answer {
        self.proxy.post(PATH, REQUEST_TYPE, sealed).await
    }

    /// What is inside the answer to what is sealed here.
    async fn exchange(&mut self, inside: &[u8]) -> Vec<u8> {
        let (sealed, response) = seal(&self.keys().await, inside);
        let answer = self.forward(sealed).await;
        assert_eq!((answer.status, &*answer.content_type), (StatusCode::OK, ANSWER_TYPE));
        response.decapsulate(&answer.body).unwrap()
    }

    async fn ask(&mut self, request: &InsideRequest) -> InsideReply {
        InsideReply::from_bytes(&self.exchange(&request.to_bytes(0).unwrap()).await).unwrap()
    }
}

/// Without TLS, which is nothing to what is tested here, and with bodies of any length that goes inside.
fn wishes() -> Wishes {
    Wishes { tls: TlsMode::Off, body: ByteSize::kib(64), ..Wishes::default() }
}

fn with_connections(change: impl FnOnce(&mut Connections)) -> Wishes {
    let mut wishes = wishes();
    change(&mut wishes.connections);
    wishes
}

fn seal(keys: &[u8], inside: &[u8]) -> (Vec<u8>, ohttp::ClientResponse) {
    ClientRequest::from_encoded_config_list(keys).unwrap().encapsulate(inside).unwrap()
}

fn post<R: Request>(request: &R) -> InsideRequest {
    InsideRequest { path: R::PATH.into(), body: Some(to_bytes(request)) }
}

fn get(path: &str) -> InsideRequest {
    InsideRequest { path: path.into(), body: None }
}

fn refusal(reply: &InsideReply) -> Refusal {
    assert_eq!(reply.content_type, "application/cbor");
    from_bytes::<Refused>(&reply.body).unwrap().reason
}
