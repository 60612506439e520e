//! TLS 1.3 as it was captured, opened with the traffic secrets of a key log (RFC 8446; the file is that of NSS).
//!
//! Both directions are read record by record. The hellos tell the client's random, by which the key log names a
//! connection, and the cipher suite; a second pair of hellos after a HelloRetryRequest changes nothing of it. From then on
//! each direction has its own key, changed behind its Finished and behind each KeyUpdate.

mod end;
mod hello;
mod keylog;
mod keys;

use std::fmt;

pub use keylog::{KeyLog, KeyLogError};

use crate::capture::Who;
use end::{End, Step};
use hello::{Answer, Random};
use keys::Suite;

/// One connection.
#[derive(Default)]
pub struct Session {
    random: Option<Random>,
    /// What the server has chosen.
    suite: Option<Suite>,
    ends: [End; 2],
    early: bool,
}

/// What came out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// What one of the two said.
    Plain(Who, &'a [u8]),
    /// Messages of the handshake that were encrypted, certificates among them.
    Handshake(Who, &'a [u8]),
    /// From here on, this direction cannot be read.
    Unreadable(Who, Why),
}

/// Why something cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// The key log has no secrets of this connection.
    NoSecrets,
    /// It is not TLS 1.3.
    OtherVersion,
    /// Its cipher suite is not one of the three that are in use.
    OtherSuite,
    /// It is no TLS, or damaged.
    NoTls,
    /// It does not open under the secret of the key log.
    DoesNotOpen,
    /// It was sent before the handshake, under a key of an earlier connection.
    Early,
    /// Bytes are missing in the capture, so that the records cannot be told apart any more.
    Gap,
    /// The capture does not have its beginning.
    NoBeginning,
}

impl Session {
    /// Reads on.
    pub fn feed(&mut self, who: Who, bytes: &[u8], log: &KeyLog, each: &mut dyn FnMut(Event<'_>)) {
        who.of(&mut self.ends).add(bytes);
        while self.step(who, log, each) {}
        // What one says may be waiting for what the other has said now.
        while self.step(who.other(), log, each) {}
    }

    /// Bytes are missing.
    pub fn gap(&mut self, who: Who, each: &mut dyn FnMut(Event<'_>)) {
        self.give_up(who, Why::Gap, each);
    }

    /// The capture ends here.
    pub fn finish(&mut self, each: &mut dyn FnMut(Event<'_>)) {
        for who in Who::BOTH {
            if who.of(&mut self.ends).is_waiting() {
                self.give_up(who, Why::NoBeginning, each);
            }
        }
    }

    /// Takes one record; whether there was one.
    fn step(&mut self, who: Who, log: &KeyLog, each: &mut dyn FnMut(Event<'_>)) -> bool {
        match who.of(&mut self.ends).step() {
            Step::Wait => false,
            Step::Again => true,
            Step::Hello(message) => self.hello(who, &message, log).map_err(|why| self.give_up(who, why, each)).is_ok(),
            Step::Plain(bytes) => {
                each(Event::Plain(who, &bytes));
                true
            }
            Step::Handshake(bytes) => {
                each(Event::Handshake(who, &bytes));
                true
            }
            Step::Skip => {
                let first = std::mem::take(&mut self.early);
                if first {
                    each(Event::Unreadable(who, Why::Early));
                }
                true
            }
            Step::Broken(why) => {
                self.give_up(who, why, each);
                false
            }
        }
    }

    fn hello(&mut self, who: Who, message: &[u8], log: &KeyLog) -> Result<(), Why> {
        match who {
            Who::Client => {
                let hello = hello::client(message).ok_or(Why::NoTls)?;
                (self.random, self.early) = (Some(hello.random), hello.early);
            }
            Who::Server => match hello::server(message).ok_or(Why::NoTls)? {
                Answer::Retry => {}
                Answer::OtherVersion => return Err(Why::OtherVersion),
                Answer::Hello(suite) => self.suite = Some(Suite::of(suite).ok_or(Why::OtherSuite)?),
            },
        }
        self.agree(log);
        Ok(())
    }

    /// When both have said hello, in whichever order the capture has it, there are keys.
    fn agree(&mut self, log: &KeyLog) {
        let (Some(random), Some(suite)) = (self.random, self.suite) else { return };
        let early = self.early;
        for who in Who::BOTH {
            let secrets = log.secrets(&random, who);
            who.of(&mut self.ends).agree(suite, secrets, early && who == Who::Client);
        }
    }

    /// Says so once. When the server's hello cannot be read, what the client says cannot either.
    fn give_up(&mut self, who: Who, why: Why, each: &mut dyn FnMut(Event<'_>)) {
        let both = who == Who::Server && self.suite.is_none();
        for end in if both { vec![who, who.other()] } else { vec![who] } {
            if end.of(&mut self.ends).give_up() {
                each(Event::Unreadable(end, why));
            }
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSecrets => "the key log has no secrets of this connection",
            Self::OtherVersion => "it is not TLS 1.3",
            Self::OtherSuite => "its cipher suite is not known here",
            Self::NoTls => "it is no TLS, or damaged",
            Self::DoesNotOpen => "it does not open under the secret of the key log",
            Self::Early => "early data is not opened",
            Self::Gap => "bytes are missing in the capture",
            Self::NoBeginning => "the capture does not have its beginning",
        })
    }
}
