//! Conversations that are made here, so that a search can be tried on them: spoken by real libraries, captured as if on a
//! wire, in the clear or under TLS.

mod http;
mod tls;

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::Trouble;
use crate::capture::{Recording, Tape, Who};
use crate::tap::Keys;

pub(crate) use http::{http1, http2, websocket};
pub(crate) use tls::Tls;

/// What two said, in turn.
pub(crate) type Lines = Vec<(Who, Vec<u8>)>;

/// Connections, and the capture of them.
pub(crate) struct Stage {
    recording: Recording<Vec<u8>>,
    keys: Keys,
    connections: u16,
}

/// The files of a capture and its key log.
pub(crate) struct Captured {
    pub(crate) capture: PathBuf,
    pub(crate) keys: PathBuf,
}

/// The port that clients on a stage speak to.
const PORT: u16 = 443;
const FIRST_CLIENT: u16 = 40_000;

impl Stage {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { recording: Recording::begin(Vec::new())?, keys: Keys::default(), connections: 0 })
    }

    /// A connection in the clear.
    pub(crate) fn plain(&mut self, lines: &Lines) -> io::Result<()> {
        let mut tape = self.open()?;
        for (who, bytes) in lines {
            self.recording.say(&mut tape, *who, bytes, self.now())?;
        }
        self.recording.close(tape, self.now())
    }

    /// A connection under TLS.
    pub(crate) fn tls(&mut self, lines: &Lines, tls: &Tls) -> Result<(), Trouble> {
        let mut tape = self.open()?;
        let now = self.now();
        let recording = &mut self.recording;
        tls::speak(lines, tls, &self.keys, &mut |who, bytes| recording.say(&mut tape, who, bytes, now))?;
        Ok(self.recording.close(tape, now)?)
    }

    /// Writes both files.
    pub(crate) fn write(self, directory: &Path, name: &str) -> io::Result<Captured> {
        let captured =
            Captured { capture: directory.join(format!("{name}.pcap")), keys: directory.join(format!("{name}.keys")) };
        fs::write(&captured.capture, self.recording.into_inner())?;
        fs::write(&captured.keys, self.keys.bytes())?;
        Ok(captured)
    }

    fn open(&mut self) -> io::Result<Tape> {
        self.connections += 1;
        let address = |host: u8, port| SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, host), port);
        let client = address(1, FIRST_CLIENT + self.connections);
        self.recording.open(client, address(2, PORT), self.now())
    }

    /// A stage has a time of its own: a second for each connection.
    fn now(&self) -> Duration {
        Duration::from_secs(self.connections.into())
    }
}
