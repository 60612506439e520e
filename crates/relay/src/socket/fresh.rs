//! A WebSocket whose buffer does not keep what was heard.
//!
//! The library reads into a buffer of its own and uses it again from where it stopped, so that subscriptions and deposits
//! would lie there, keys and all, until others come over them. While nothing is in it, the buffer can go: it is wiped as
//! it is freed, and the connection gets a new one.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::{FutureExt, Sink, SinkExt, Stream};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

/// A WebSocket that can be made anew around its connection.
pub(super) struct Fresh<S> {
    /// None only if making one had to wait for something, which it does not.
    socket: Option<WebSocketStream<S>>,
    config: WebSocketConfig,
    /// Whether something was heard by this one.
    used: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Fresh<S> {
    /// The server's end on a connection whose handshake is done.
    pub(super) fn new(stream: S, config: WebSocketConfig) -> Option<Self> {
        Some(Self { socket: Some(make(stream, config)?), config, used: false })
    }

    /// Drops the buffer, unless something still waits to be sent. Nothing may be in it: what is would be lost.
    pub(super) fn freshen(&mut self) {
        if !self.used || !matches!(self.flush().now_or_never(), Some(Ok(()))) {
            return;
        }
        let socket = self.socket.take();
        self.socket = socket.and_then(|socket| make(socket.into_inner(), self.config));
        self.used = false;
    }
}

fn make<S: AsyncRead + AsyncWrite + Unpin>(stream: S, config: WebSocketConfig) -> Option<WebSocketStream<S>> {
    WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).now_or_never()
}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for Fresh<S> {
    type Item = Result<Message, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(socket) = &mut self.socket else { return Poll::Ready(None) };
        let heard = Pin::new(socket).poll_next(cx);
        self.used |= heard.is_ready();
        heard
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Fresh<S> {
    fn socket(&mut self) -> Result<Pin<&mut WebSocketStream<S>>, Error> {
        self.socket.as_mut().map(Pin::new).ok_or(Error::ConnectionClosed)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Sink<Message> for Fresh<S> {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.socket()?.poll_ready(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        self.socket()?.start_send(message)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.socket()?.poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.socket()?.poll_close(cx)
    }
}
