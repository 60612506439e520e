//! What a tap writes as it goes: a capture, which it makes as if it had been taken of the wire, and a key log.

use std::fs::File;
use std::io::{self, BufWriter};
use std::net::SocketAddrV4;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Keys;
use crate::capture::{Recording, Tape, Who};

/// Writes a capture. Cheap to clone; all clones write one.
#[derive(Clone)]
pub struct Writer {
    recording: Arc<Mutex<Recording<BufWriter<File>>>>,
    keys: Keys,
    start: Instant,
    /// The time of day at the start, since 1970.
    began: Duration,
}

/// One connection of it. Dropped, the connection has ended.
pub(crate) struct WrittenTape {
    writer: Writer,
    tape: Option<Tape>,
}

impl Writer {
    /// Begins a capture in a file; `now` is the time since 1970.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn create(file: &Path, now: Duration) -> io::Result<Self> {
        let recording = Recording::begin(BufWriter::new(File::create(file)?))?;
        let recording = Arc::new(Mutex::new(recording));
        Ok(Self { recording, keys: Keys::default(), start: Instant::now(), began: now })
    }

    /// The secrets of the connections in it.
    #[must_use]
    pub fn keys(&self) -> Keys {
        self.keys.clone()
    }

    /// Writes out what it still holds.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn flush(&self) -> io::Result<()> {
        self.recording.lock().unwrap_or_else(PoisonError::into_inner).flush()
    }

    pub(super) fn open(&self, client: SocketAddrV4, server: SocketAddrV4) -> Option<WrittenTape> {
        let tape = self.with(|recording, now| recording.open(client, server, now))?;
        Some(WrittenTape { writer: self.clone(), tape: Some(tape) })
    }

    /// A capture that cannot be written is found to lack something when it is read.
    fn with<T>(&self, write: impl FnOnce(&mut Recording<BufWriter<File>>, Duration) -> io::Result<T>) -> Option<T> {
        let now = self.began + self.start.elapsed();
        write(&mut self.recording.lock().unwrap_or_else(PoisonError::into_inner), now).ok()
    }
}

impl WrittenTape {
    pub(super) fn say(&mut self, who: Who, bytes: &[u8]) {
        if let Some(tape) = &mut self.tape {
            self.writer.with(|recording, now| recording.say(tape, who, bytes, now));
        }
    }
}

impl Drop for WrittenTape {
    fn drop(&mut self) {
        if let Some(tape) = self.tape.take() {
            self.writer.with(|recording, now| recording.close(tape, now));
        }
    }
}
