//! No memory that is used again keeps what was there: neither the room of a buffer nor the stack.
//!
//! What is freed is wiped by the allocator of the program. These are the places that are not freed while a connection
//! lives, or a thread: the part of a buffer that libraries read into, and what functions leave below them on the stack. A
//! reader asks for more once it is through with what it had, so an idle connection has an empty buffer.

use std::hint::black_box;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::rt::Executor;
use tokio::io::{AsyncRead, ReadBuf};

use super::connection::Connection;
use crate::written::writes_through;

/// How deep the stack below a task is wiped, in bytes. No request reaches deeper; without optimization they reach far.
const DEPTH: usize = if cfg!(debug_assertions) { 320 * 1024 } else { 48 * 1024 };

/// Wipes the room that is about to be read into.
pub(super) fn blank(buffer: &mut ReadBuf<'_>) {
    let used = buffer.initialized().len() - buffer.filled().len();
    // What was never used is written to here; the rest may hold something.
    let room = buffer.initialize_unfilled();
    if let Some(used) = room.get_mut(..used) {
        used.fill(0);
    }
}

/// What TLS reads from, so that what it had in its buffer does not stay there: it opens what it reads where it lies, and
/// asks for more once all of it was taken.
pub(super) struct Blanked<T>(pub(super) T);

impl<T: AsyncRead + Unpin> AsyncRead for Blanked<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        blank(buffer);
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

writes_through!(Blanked.0);

/// A task of a connection, after each of whose steps the stack is wiped once a key was told there.
pub struct Blanking<F> {
    task: Pin<Box<F>>,
    connection: Arc<Connection>,
}

impl<F: Future> Blanking<F> {
    /// The same task.
    pub fn new(task: F, connection: Arc<Connection>) -> Self {
        Self { task: Box::pin(task), connection }
    }
}

impl<F: Future> Future for Blanking<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let step = self.task.as_mut().poll(cx);
        if self.connection.was_told() {
            blank_stack();
        }
        step
    }
}

/// Overwrites what returned functions have left on the stack.
#[inline(never)]
fn blank_stack() {
    black_box(&mut [0_u8; DEPTH]);
}

/// Runs the tasks of an HTTP/2 connection so.
#[derive(Clone)]
pub(super) struct BlankingExecutor(pub(super) Arc<Connection>);

impl<F: Future<Output: Send> + Send + 'static> Executor<F> for BlankingExecutor {
    fn execute(&self, task: F) {
        tokio::spawn(Blanking::new(task, Arc::clone(&self.0)));
    }
}

#[cfg(test)]
mod tests {
    use std::mem::MaybeUninit;

    use super::*;

    #[test]
    fn what_stood_in_the_room_of_a_buffer_is_gone_and_what_was_read_is_not() {
        let mut bytes = *b"read, and what came before";
        let mut buffer = ReadBuf::new(&mut bytes);
        buffer.advance(4);
        blank(&mut buffer);
        assert_eq!(buffer.filled(), b"read");
        assert_eq!(bytes, *b"read\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    }

    #[test]
    fn room_that_was_used_in_part_is_wiped_whole() {
        let mut room = [const { MaybeUninit::new(7_u8) }; 12];
        let mut buffer = ReadBuf::uninit(&mut room);
        buffer.put_slice(b"read");
        buffer.initialize_unfilled_to(3).fill(9);
        blank(&mut buffer);
        assert_eq!(buffer.filled(), b"read");
        assert_eq!(buffer.initialized(), b"read\0\0\0\0\0\0\0\0");
    }
}
