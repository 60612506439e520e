//! A message on its way: how much of it is there, and whether the rest still comes.

use std::sync::Arc;

use sealpost_server::Connection;

/// A message of which less than this is there costs nothing to speak of.
const LITTLE: u64 = 4 * 1024;
/// Between two ticks, so much of a message is progress.
const PROGRESS: u64 = 16 * 1024;
/// What a control frame of a client has besides its payload: two bytes of header, four of mask (RFC 6455, section 5.2).
const CONTROL_HEADER: usize = 6;

/// The message that a peer is sending, told by the bytes of its connection that belong to nothing finished.
///
/// Control frames may stand between the parts of a message (RFC 6455, section 5.4), so a peer that answers pings may yet
/// never finish the message that it makes the relay keep.
pub(super) struct Unfinished {
    connection: Arc<Connection>,
    /// Bytes of the connection that belong to something finished.
    finished: u64,
    /// How much of the message there was at the last tick.
    before: u64,
    /// Where the connection is behind all that was heard, if each message came in one frame with the shortest header.
    end: u64,
}

/// What came of a message since the last tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// There is none, or it has just begun.
    Nothing,
    /// It comes.
    Some,
    /// It is there in part, and nothing more comes.
    Stalled,
}

impl Unfinished {
    pub(super) fn new(connection: Arc<Connection>) -> Self {
        let finished = connection.heard();
        Self { connection, finished, before: 0, end: finished }
    }

    /// A message has been heard to its end. What was read behind it counts as its own.
    pub(super) fn message_ended(&mut self, payload: usize) {
        self.end += (header(payload) + payload) as u64;
        (self.finished, self.before) = (self.connection.heard(), 0);
    }

    /// A control frame has been heard.
    pub(super) fn control_ended(&mut self, payload: usize) {
        let frame = (CONTROL_HEADER + payload) as u64;
        (self.finished, self.end) = (self.finished + frame, self.end + frame);
    }

    /// Whether it is certain that no byte was read which belongs to a message that was not heard.
    pub(super) fn is_nothing(&self) -> bool {
        self.connection.heard() == self.end
    }

    /// Looks again.
    pub(super) fn progress(&mut self) -> Progress {
        let now = self.connection.heard().saturating_sub(self.finished);
        let before = std::mem::replace(&mut self.before, now);
        match now {
            _ if now >= before + PROGRESS => Progress::Some,
            _ if before > LITTLE => Progress::Stalled,
            _ => Progress::Nothing,
        }
    }
}

/// What a client's message has besides its payload, in one frame with the shortest header.
const fn header(payload: usize) -> usize {
    CONTROL_HEADER
        + match payload {
            0..126 => 0,
            126..0x1_0000 => 2,
            _ => 8,
        }
}
