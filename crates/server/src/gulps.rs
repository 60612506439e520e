//! Reading much at once.
//!
//! rustls asks its stream for 4 KiB at a time, and each time is a call of the system. So a busy connection takes whatever has come
//! into one buffer of its thread, and keeps only what rustls did not ask for yet; an idle one keeps nothing. What lies here is
//! still under TLS.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

use crate::written::writes_through;

/// How much is taken at once, in bytes, and so a connection keeps less than this.
const GULP: usize = 64 * 1024;

thread_local! {
    static MOUTH: RefCell<Box<[u8]>> = RefCell::new(vec![0; GULP].into());
}

/// A stream under TLS that is read in gulps.
pub(crate) struct Gulps<T> {
    stream: T,
    /// What was read and not asked for yet, from `given` on.
    rest: Vec<u8>,
    given: usize,
}

impl<T> Gulps<T> {
    pub(crate) const fn new(stream: T) -> Self {
        Self { stream, rest: Vec::new(), given: 0 }
    }

    fn give(&mut self, buffer: &mut ReadBuf<'_>) {
        let left = self.rest.get(self.given..).unwrap_or_default();
        let count = left.len().min(buffer.remaining());
        buffer.put_slice(left.get(..count).unwrap_or_default());
        self.given += count;
        if self.given == self.rest.len() {
            (self.rest, self.given) = (Vec::new(), 0);
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Gulps<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.rest.is_empty() {
            MOUTH.with_borrow_mut(|mouth| {
                let mut gulp = ReadBuf::new(mouth);
                ready!(Pin::new(&mut self.stream).poll_read(cx, &mut gulp))?;
                let (now, later) = gulp.filled().split_at(gulp.filled().len().min(buffer.remaining()));
                buffer.put_slice(now);
                self.rest.extend_from_slice(later);
                Poll::Ready(Ok(()))
            })
        } else {
            self.give(buffer);
            Poll::Ready(Ok(()))
        }
    }
}

writes_through!(Gulps.stream);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    proptest! {
        #[test]
        fn all_that_comes_is_read_in_order_however_little_is_asked_for(
            sent in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..9_000), 0..12),
            asked in proptest::collection::vec(1_usize..6_000, 1..8),
        ) {
            let read = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
                let (mut far, near) = duplex(GULP);
                let parts = sent.clone();
                let sending = tokio::spawn(async move {
                    for part in parts {
                        far.write_all(&part).await.unwrap();
                    }
                });
                let (mut gulps, mut read) = (Gulps::new(near), Vec::new());
                for length in asked.into_iter().cycle() {
                    let mut part = vec![0; length];
                    match gulps.read(&mut part).await.unwrap() {
                        0 => break,
                        count => read.extend_from_slice(&part[..count]),
                    }
                }
                sending.await.unwrap();
                assert!(gulps.rest.is_empty() && gulps.rest.capacity() == 0, "an idle one keeps nothing");
                read
            });
            prop_assert_eq!(read, sent.concat());
        }
    }
}
