//! A capture that is made here: connections as if they had been captured between two machines.

use std::io::{self, Write};
use std::net::SocketAddrV4;
use std::time::Duration;

use etherparse::{PacketBuilder, PacketBuilderStep, TcpHeader};

/// Bare IP.
const LINK: u32 = 101;
/// The longest payload of a segment.
const SEGMENT: usize = 1_400;
const LONGEST: u32 = 65_535;
const WINDOW: u16 = u16::MAX;
const HOPS: u8 = 64;

/// A capture in pcap's format, as it is written.
pub struct Recording<W>(W);

/// One connection of a recording.
#[derive(Debug, Clone)]
pub struct Tape {
    client: SocketAddrV4,
    server: SocketAddrV4,
    /// The number of the next byte, of the client and of the server.
    next: [u32; 2],
}

/// Who of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// Whoever opened the connection.
    Client,
    /// Whoever took it.
    Server,
}

impl Who {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Client, Self::Server];

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// Of two values, the client's first, the one's.
    pub fn of<T>(self, both: &mut [T; 2]) -> &mut T {
        let [client, server] = both;
        match self {
            Self::Client => client,
            Self::Server => server,
        }
    }
}

impl<W: Write> Recording<W> {
    /// Begins a capture.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn begin(mut out: W) -> io::Result<Self> {
        // Magic number, version 2.4, no time zone, no accuracy.
        for word in [0xA1B2_C3D4, 0x0004_0002, 0, 0, LONGEST, LINK] {
            out.write_all(&u32::to_le_bytes(word))?;
        }
        Ok(Self(out))
    }

    /// Opens a connection, `at` a time since 1970.
    ///
    /// # Errors
    /// Those of the capture's file.
    pub fn open(&mut self, client: SocketAddrV4, server: SocketAddrV4, at: Duration) -> io::Result<Tape> {
        let mut tape = Tape { client, server, next: [1_000, 2_000] };
        self.packet(at, tape.step(Who::Client).syn(), &[])?;
        tape.next[0] += 1;
        let answer = tape.step(Who::Server).syn().ack(tape.next[0]);
        self.packet(at, answer, &[])?;
        tape.next[1] += 1;
        self.packet(at, tape.acknowledging(Who::Client), &[])?;
        Ok(tape)
    }

    /// One of the two sends bytes.
    ///
    /// # Errors
    /// Those of the capture's file.
    pub fn say(&mut self, tape: &mut Tape, who: Who, bytes: &[u8], at: Duration) -> io::Result<()> {
        for payload in bytes.chunks(SEGMENT) {
            self.packet(at, tape.acknowledging(who).psh(), payload)?;
            let next = who.of(&mut tape.next);
            // A segment has at most 1,400 bytes.
            *next = next.wrapping_add(u32::try_from(payload.len()).unwrap_or_default());
        }
        Ok(())
    }

    /// Both end.
    ///
    /// # Errors
    /// Those of the capture's file.
    pub fn close(&mut self, mut tape: Tape, at: Duration) -> io::Result<()> {
        for who in Who::BOTH {
            self.packet(at, tape.acknowledging(who).fin(), &[])?;
            let next = who.of(&mut tape.next);
            *next = next.wrapping_add(1);
        }
        self.packet(at, tape.acknowledging(Who::Client), &[])?;
        self.0.flush()
    }

    /// Writes out what is buffered.
    ///
    /// # Errors
    /// Those of the capture's file.
    pub fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }

    /// What it was written into.
    #[must_use]
    pub fn into_inner(self) -> W {
        self.0
    }

    fn packet(&mut self, at: Duration, step: PacketBuilderStep<TcpHeader>, payload: &[u8]) -> io::Result<()> {
        let mut packet = Vec::with_capacity(step.size(payload.len()));
        step.write(&mut packet, payload).map_err(io::Error::other)?;
        let seconds = u32::try_from(at.as_secs()).unwrap_or(u32::MAX);
        let length = u32::try_from(packet.len()).map_err(io::Error::other)?;
        for word in [seconds, at.subsec_micros(), length, length] {
            self.0.write_all(&word.to_le_bytes())?;
        }
        self.0.write_all(&packet)
    }
}

impl Tape {
    fn step(&self, who: Who) -> PacketBuilderStep<TcpHeader> {
        let [client, server] = self.next;
        let (from, to, next) = match who {
            Who::Client => (self.client, self.server, client),
            Who::Server => (self.server, self.client, server),
        };
        PacketBuilder::ipv4(from.ip().octets(), to.ip().octets(), HOPS).tcp(from.port(), to.port(), next, WINDOW)
    }

    fn acknowledging(&mut self, who: Who) -> PacketBuilderStep<TcpHeader> {
        let other = *who.other().of(&mut self.next);
        self.step(who).ack(other)
    }
}
