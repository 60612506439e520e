//! HTTP between two ends in memory, spoken by the libraries that clients and relays are made with.

use std::convert::Infallible;

use ::http::{Request, Response};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2 as client;
use hyper::server::conn::http2 as server;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{DuplexStream, duplex};
use tokio::runtime::Builder;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{accept_async, client_async};

use super::Lines;
use crate::Trouble;
use crate::capture::Who;
use crate::tap::{Log, Recorded};

const BUFFER: usize = 1 << 20;
/// Whatever is asked, this is the answer.
const ANSWER: &[u8] = &[0xA1, 0x00, 0x01];

/// A request as it stands, and an answer.
pub(crate) fn http1(request: &[u8]) -> Lines {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/cbor\r\ncontent-length: {}\r\n\r\n", ANSWER.len());
    vec![(Who::Client, request.to_vec()), (Who::Server, [head.as_bytes(), ANSWER].concat())]
}

/// Requests over one connection of HTTP/2.
pub(crate) fn http2(requests: Vec<Request<Full<Bytes>>>) -> Result<Lines, Trouble> {
    spoken(async |ours, theirs| {
        let serving =
            server::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(theirs), service_fn(answer));
        let serving = tokio::spawn(serving);
        let (mut sender, connection) = client::handshake(TokioExecutor::new(), TokioIo::new(ours)).await?;
        let driver = tokio::spawn(connection);
        for request in requests {
            sender.send_request(request).await?.into_body().collect().await?;
        }
        drop(sender);
        driver.await??;
        Ok(serving.await??)
    })
}

/// Messages over a WebSocket at `path`, each answered: by itself, or a ping by a pong.
pub(crate) fn websocket(path: &str, messages: Vec<Message>) -> Result<Lines, Trouble> {
    let url = format!("ws://stage.invalid{path}");
    spoken(async |ours, theirs| {
        let echoing = tokio::spawn(async move {
            let mut socket = accept_async(theirs).await?;
            while let Some(Ok(message)) = socket.next().await {
                if message.is_binary() || message.is_text() {
                    socket.send(message).await?;
                }
            }
            Ok::<_, tokio_tungstenite::tungstenite::Error>(())
        });
        let (mut socket, _) = client_async(url, ours).await?;
        for message in messages {
            socket.send(message).await?;
            let _echo = socket.next().await;
        }
        socket.close(None).await?;
        while socket.next().await.is_some_and(|message| message.is_ok()) {}
        Ok(echoing.await??)
    })
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let _read = request.into_body().collect().await;
    Ok(Response::new(Full::new(Bytes::from_static(ANSWER))))
}

/// Runs both ends, and returns what went over the wire between them.
fn spoken(
    play: impl AsyncFnOnce(DuplexStream, Recorded<DuplexStream>) -> Result<(), Trouble>,
) -> Result<Lines, Trouble> {
    let (read, written) = (Log::default(), Log::default());
    let (ours, theirs) = duplex(BUFFER);
    let theirs = Recorded::new(theirs, read.clone(), written.clone(), None);
    Builder::new_current_thread().enable_all().build()?.block_on(play(ours, theirs))?;
    Ok(vec![(Who::Client, read.bytes()), (Who::Server, written.bytes())])
}
