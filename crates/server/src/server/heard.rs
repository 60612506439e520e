//! How much a connection has said, TLS taken off. What it said before is wiped where it was read to.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

use super::blank::blank;
use super::connection::Connection;
use crate::written::writes_through;

/// A stream that notes on its connection how many bytes were read from it.
pub(super) struct Heard<T> {
    stream: T,
    connection: Arc<Connection>,
}

impl<T> Heard<T> {
    pub(super) const fn new(stream: T, connection: Arc<Connection>) -> Self {
        Self { stream, connection }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Heard<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        blank(buffer);
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        self.connection.hear(buffer.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

writes_through!(Heard.stream);
