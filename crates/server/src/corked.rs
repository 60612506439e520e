//! Writing much at once.
//!
//! HTTP/2 flushes each frame of data by itself, and each flush would be a record of TLS and a call of the system. So a flush is
//! put off until the task that asked for it is polled again, which it asks for itself: behind all tasks that are ready by then, so
//! that what they have to say on this connection goes out in one piece.

use std::io::{self, IoSlice};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How much may lie here before it goes out, in bytes.
const MOST: usize = 64 * 1024;
/// Room for what is mostly written together.
const AT_ONCE: usize = 16 * 1024;

/// A stream of HTTP/2: its connection is read from at each poll, and that is when what was written goes out.
pub(crate) struct Corked<T> {
    stream: T,
    written: BytesMut,
    /// Whether a flush was asked for, and put off.
    is_put_off: bool,
}

impl<T: AsyncWrite + Unpin> Corked<T> {
    pub(crate) fn new(stream: T) -> Self {
        Self { stream, written: BytesMut::new(), is_put_off: false }
    }

    /// Takes what there is room for, once there is some.
    fn take(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        if self.written.len() >= MOST {
            ready!(self.pour(cx))?;
        }
        if self.written.capacity() == 0 {
            self.written.reserve(AT_ONCE);
        }
        let mut taken = 0;
        for slice in slices {
            let part = slice.len().min(MOST.saturating_sub(self.written.len()));
            self.written.extend_from_slice(slice.get(..part).unwrap_or_default());
            taken += part;
        }
        Poll::Ready(Ok(taken))
    }

    /// Writes all that lies here; an idle connection keeps nothing.
    fn pour(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.written.is_empty() {
            match ready!(Pin::new(&mut self.stream).poll_write(cx, &self.written))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.written.advance(count),
            }
        }
        drop(mem::take(&mut self.written));
        Poll::Ready(Ok(()))
    }

    fn pour_and_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.pour(cx))?;
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.is_put_off = false;
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncRead for Corked<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.is_put_off
            && let Poll::Ready(Err(error)) = self.pour_and_flush(cx)
        {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Corked<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.take(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.take(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.written.is_empty() {
            return Pin::new(&mut self.stream).poll_flush(cx);
        }
        if !self.is_put_off {
            self.is_put_off = true;
            cx.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.pour_and_flush(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use proptest::prelude::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    /// Reads once, as HTTP/2 does at each poll; what there is to read does not matter.
    async fn polled(corked: &mut Corked<impl AsyncRead + AsyncWrite + Unpin>) {
        poll_fn(|cx| {
            let _read = Pin::new(&mut *corked).poll_read(cx, &mut ReadBuf::new(&mut [0; 8]));
            Poll::Ready(())
        })
        .await;
    }

    #[tokio::test]
    async fn flushed_parts_go_out_in_one_piece_when_the_stream_is_polled_again() {
        let (near, mut far) = duplex(MOST);
        let mut corked = Corked::new(near);
        for part in [b"some".as_slice(), b"more"] {
            corked.write_all(part).await.unwrap();
            corked.flush().await.unwrap();
        }
        let mut got = [0; 16];
        let nothing = poll_fn(|cx| Poll::Ready(Pin::new(&mut far).poll_read(cx, &mut ReadBuf::new(&mut got)))).await;
        assert!(nothing.is_pending());
        polled(&mut corked).await;
        assert_eq!(far.read(&mut got).await.unwrap(), 8);
        assert_eq!(&got[..8], b"somemore");
        assert_eq!(corked.written.capacity(), 0, "an idle one keeps nothing");
    }

    #[tokio::test]
    async fn whoever_flushes_is_polled_again() {
        let (near, _far) = duplex(MOST);
        let mut corked = Corked::new(near);
        corked.write_all(b"some").await.unwrap();
        let mut polls = 0;
        poll_fn(|cx| {
            polls += 1;
            if polls == 2 {
                return Poll::Ready(());
            }
            assert!(Pin::new(&mut corked).poll_flush(cx).is_ready());
            Poll::Pending
        })
        .await;
        assert_eq!(polls, 2);
    }

    #[tokio::test]
    async fn whoever_flushes_with_nothing_written_is_not_polled_again() {
        let (near, _far) = duplex(MOST);
        let mut corked = Corked::new(near);
        corked.flush().await.unwrap();
        assert!(!corked.is_put_off);
    }

    #[tokio::test]
    async fn an_end_loses_nothing() {
        let (near, mut far) = duplex(MOST);
        let mut corked = Corked::new(near);
        corked.write_all(b"some").await.unwrap();
        corked.shutdown().await.unwrap();
        let mut got = Vec::new();
        far.read_to_end(&mut got).await.unwrap();
        assert_eq!(got, b"some");
    }

    #[tokio::test]
    async fn a_peer_that_has_gone_is_told_to_the_reader() {
        let (near, far) = duplex(MOST);
        let mut corked = Corked::new(near);
        corked.write_all(b"some").await.unwrap();
        corked.flush().await.unwrap();
        drop(far);
        assert!(corked.read(&mut [0; 8]).await.is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn all_that_is_written_comes_in_order_through_a_pipe_of_any_width(
            parts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..30_000), 0..12),
            width in 64_usize..100_000,
        ) {
            let all = parts.concat();
            let got = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
                let (near, mut far) = duplex(width);
                let writing = tokio::spawn(async move {
                    let mut corked = Corked::new(near);
                    for part in parts {
                        corked.write_all(&part).await.unwrap();
                        corked.flush().await.unwrap();
                        assert!(corked.written.len() <= MOST);
                        polled(&mut corked).await;
                    }
                    corked.shutdown().await.unwrap();
                });
                let mut got = Vec::new();
                far.read_to_end(&mut got).await.unwrap();
                writing.await.unwrap();
                got
            });
            prop_assert_eq!(got, all);
        }
    }
}
