//! A stream that keeps a copy of all that goes through it.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::written::WrittenTape;
use crate::capture::Who;

/// Bytes of one direction of one connection, and when they came.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    bytes: Vec<u8>,
    /// Of each piece, when it came, and how long it was.
    times: Vec<(Instant, usize)>,
}

/// A stream whose read bytes go into one log and whose written bytes into another; and both into a capture, if there is
/// one.
pub(crate) struct Recorded<S> {
    stream: S,
    read: Log,
    written: Log,
    tape: Option<WrittenTape>,
}

impl Log {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).bytes.clone()
    }

    pub(crate) fn times(&self) -> Vec<(Instant, usize)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).times.clone()
    }

    fn add(&self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes.extend_from_slice(bytes);
        kept.times.push((Instant::now(), bytes.len()));
    }
}

impl<S> Recorded<S> {
    pub(crate) fn new(stream: S, read: Log, written: Log, tape: Option<WrittenTape>) -> Self {
        Self { stream, read, written, tape }
    }

    fn record(&mut self, who: Who, bytes: &[u8]) {
        (if who == Who::Client { &self.read } else { &self.written }).add(bytes);
        if let Some(tape) = &mut self.tape {
            tape.say(who, bytes);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Recorded<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        self.record(Who::Client, buf.filled().get(before..).unwrap_or_default());
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Recorded<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let count = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.record(Who::Server, bytes.get(..count).unwrap_or_default());
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
