//! The relay's end of a stream in memory.

use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt};
use sealpost_identity::tripwire::Tripped;
use tokio::io::{DuplexStream, duplex};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async};

use super::super::http::HttpConnection;
use super::super::socket::{self, Socket};
use super::{PATIENCE, guard, timeouts};

/// The relay's end of a WebSocket, and what the client's tripwire raised alarm for.
pub(in crate::net) struct Peer {
    pub(in crate::net) stream: WebSocketStream<DuplexStream>,
    pub(in crate::net) alarms: Arc<Mutex<Vec<Tripped>>>,
}

/// What fits between the ends before a writer must wait.
const PIPE: usize = 64 * 1024;

impl Peer {
    /// A socket whose messages are at most `longest` bytes, and its other end.
    pub(in crate::net) async fn of_a_socket(longest: usize) -> (Socket, Self) {
        let (near, far) = duplex(PIPE);
        let (guard, alarms) = guard();
        let host = "relay.example:443".parse().unwrap();
        let opening = socket::open(guard.stream(near), &host, "/v1/test", longest, guard.clone(), timeouts());
        let (socket, stream) = tokio::join!(opening, accept_async(far));
        (socket.unwrap(), Self { stream: stream.unwrap(), alarms })
    }

    /// An HTTP connection and its other end.
    pub(in crate::net) async fn of_http() -> (HttpConnection, DuplexStream) {
        let (near, far) = duplex(PIPE);
        let (guard, _) = guard();
        let host = "relay.example:443".parse().unwrap();
        let connection = HttpConnection::start(guard.stream(near), &host, timeouts()).await;
        (connection.unwrap(), far)
    }

    /// The next message's payload; pings before it are answered.
    pub(in crate::net) async fn payload(&mut self) -> Vec<u8> {
        loop {
            match timeout(PATIENCE, self.stream.next()).await {
                Ok(Some(Ok(Message::Binary(payload)))) => return payload.into(),
                Ok(Some(Ok(Message::Ping(_)))) => {}
                other => panic!("a message was due, not {other:?}"),
            }
        }
    }

    /// Sends one message.
    pub(in crate::net) async fn send(&mut self, payload: Vec<u8>) {
        self.stream.send(Message::Binary(payload.into())).await.unwrap();
    }

    /// Expects an orderly close and answers it.
    pub(in crate::net) async fn hears_goodbye(&mut self) {
        let heard = timeout(PATIENCE, self.stream.next()).await;
        assert!(matches!(heard, Ok(Some(Ok(Message::Close(_))))), "{heard:?}");
        assert!(self.stream.next().await.is_none());
    }
}
