//! Connections of the load to a relay, without TLS.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use minicbor::{Decode, Encode};
use sealpost_wire::request::{Refused, Request};
use sealpost_wire::{from_bytes, to_bytes};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::{Result, http1};

/// How long a connection may take to open.
const OPENING: Duration = Duration::from_secs(5);

/// A WebSocket.
pub(super) struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    pub(super) async fn open(relay: SocketAddr, path: &str) -> Result<Self> {
        let opened = async {
            let stream = TcpStream::connect(relay).await?;
            stream.set_nodelay(true)?;
            let url = format!("ws://{relay}{path}");
            let (socket, _) = tokio_tungstenite::client_async(url, stream).await?;
            Ok(Self(socket))
        };
        timeout(OPENING, opened).await?
    }

    pub(super) async fn say<F: Encode<()>>(&mut self, frame: &F) -> Result<()> {
        Ok(self.0.send(Message::Binary(to_bytes(frame).into())).await?)
    }

    /// The next frame. Can be cancelled without losing any.
    pub(super) async fn hear<F: for<'b> Decode<'b, ()> + Encode<()>>(&mut self) -> Result<F> {
        loop {
            match self.0.next().await.ok_or("the relay hung up")?? {
                Message::Binary(bytes) => return Ok(from_bytes(&bytes)?),
                Message::Close(_) => return Err("the relay says goodbye".into()),
                _ => {}
            }
        }
    }
}

/// Makes one request, and gives what answers it.
pub(super) async fn ask<R: Request>(relay: SocketAddr, request: &R) -> Result<std::result::Result<R::Reply, Refused>> {
    let mut stream = TcpStream::connect(relay).await?;
    let body = to_bytes(request);
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: {relay}\r\ncontent-type: application/cbor\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        R::PATH,
        body.len()
    );
    stream.write_all(&[head.as_bytes(), &body].concat()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let answer = http1::split(&answer).0.into_iter().next().ok_or("the relay does not answer")?;
    if answer.first_line.starts_with("HTTP/1.1 200") {
        return Ok(Ok(from_bytes(&answer.body)?));
    }
    Ok(Err(from_bytes(&answer.body).map_err(|error| format!("{}: {error}", answer.first_line))?))
}
