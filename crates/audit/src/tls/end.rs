//! One direction of a connection: its records, one after the other.

use super::Why;
use super::keylog::{Secret, Secrets};
use super::keys::{Opener, Suite};

const HEADER: usize = 5;
/// 2^14 bytes, and what encryption may add.
const LONGEST_RECORD: usize = (1 << 14) + 256;
/// The longest handshake message, and the most that waits for the other direction.
const MOST_HELD: usize = 1 << 20;

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const DATA: u8 = 23;
const CHANGE_CIPHER_SPEC: u8 = 20;

const FINISHED: u8 = 20;
const KEY_UPDATE: u8 = 24;

/// What one of the two has said.
#[derive(Default)]
pub(super) struct End {
    records: Vec<u8>,
    /// Handshake messages of which a part is there.
    messages: Vec<u8>,
    state: State,
}

#[derive(Default)]
enum State {
    /// Hellos, in the clear.
    #[default]
    Clear,
    /// Under the handshake's secret.
    Handshake { opener: Opener, application: Option<Secret>, skipping: bool },
    /// Under the application's.
    Application(Opener),
    /// The secrets are not there.
    Locked,
    /// It is not read any more.
    Broken,
}

/// What a record was.
pub(super) enum Step {
    /// There is none yet, or it cannot be opened yet.
    Wait,
    /// Nothing to tell.
    Again,
    /// A handshake message in the clear.
    Hello(Vec<u8>),
    /// Handshake messages that were encrypted.
    Handshake(Vec<u8>),
    /// What was said.
    Plain(Vec<u8>),
    /// Early data, which is passed over.
    Skip,
    /// It cannot be read on.
    Broken(Why),
}

impl End {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        if !matches!(self.state, State::Broken) {
            self.records.extend_from_slice(bytes);
        }
    }

    /// Whether there is something that is waited with for keys.
    pub(super) fn is_waiting(&self) -> bool {
        !self.records.is_empty() && matches!(self.state, State::Clear)
    }

    /// From here on records are encrypted.
    pub(super) fn agree(&mut self, suite: Suite, secrets: Secrets, early: bool) {
        if let State::Clear = self.state {
            let opener = secrets.handshake.and_then(|secret| Opener::new(suite, secret));
            let application = secrets.application;
            self.state =
                opener.map_or(State::Locked, |opener| State::Handshake { opener, application, skipping: early });
            self.messages.clear();
        }
    }

    /// Reads no more; whether that is news.
    pub(super) fn give_up(&mut self) -> bool {
        (self.records, self.messages) = (Vec::new(), Vec::new());
        !matches!(std::mem::replace(&mut self.state, State::Broken), State::Broken)
    }

    /// Takes the next record.
    pub(super) fn step(&mut self) -> Step {
        if let State::Clear = self.state
            && let Some(message) = self.message()
        {
            return Step::Hello(message);
        }
        let Some((header, kind, length)) = self.header() else { return Step::Wait };
        if !matches!(kind, CHANGE_CIPHER_SPEC..=DATA) || header[1] != 3 || length > LONGEST_RECORD {
            return Step::Broken(Why::NoTls);
        }
        let waits = kind == DATA && matches!(self.state, State::Clear);
        if waits || self.records.len() < HEADER + length {
            // A record is bounded; what waits for the other side's hello must be too.
            return if self.records.len() > MOST_HELD { Step::Broken(Why::NoBeginning) } else { Step::Wait };
        }
        let body: Vec<u8> = self.records.drain(..HEADER + length).skip(HEADER).collect();
        match kind {
            DATA => self.open(header, body),
            HANDSHAKE => self.clear(&body),
            _ => Step::Again,
        }
    }

    fn header(&self) -> Option<([u8; HEADER], u8, usize)> {
        let header = *self.records.first_chunk::<HEADER>()?;
        let [kind, _, _, high, low] = header;
        Some((header, kind, usize::from(u16::from_be_bytes([high, low]))))
    }

    fn clear(&mut self, body: &[u8]) -> Step {
        if !matches!(self.state, State::Clear) {
            // A second hello that the capture has late.
            return Step::Again;
        }
        if self.messages.len() + body.len() > MOST_HELD {
            return Step::Broken(Why::NoTls);
        }
        self.messages.extend_from_slice(body);
        Step::Again
    }

    fn open(&mut self, header: [u8; HEADER], body: Vec<u8>) -> Step {
        let (opener, skipping) = match &mut self.state {
            State::Handshake { opener, skipping, .. } => (opener, *skipping),
            State::Application(opener) => (opener, false),
            State::Locked => return Step::Broken(Why::NoSecrets),
            State::Clear | State::Broken => return Step::Wait,
        };
        match opener.open(header, body) {
            Some((DATA, bytes)) => Step::Plain(bytes),
            Some((HANDSHAKE, bytes)) => self.handshake(bytes),
            Some((ALERT, _)) => Step::Again,
            None if skipping => Step::Skip,
            Some(_) | None => Step::Broken(Why::DoesNotOpen),
        }
    }

    /// Takes handshake messages that were encrypted, and changes keys where they say so.
    fn handshake(&mut self, bytes: Vec<u8>) -> Step {
        if self.messages.len() + bytes.len() > MOST_HELD {
            return Step::Broken(Why::NoTls);
        }
        self.messages.extend_from_slice(&bytes);
        while let Some(message) = self.message() {
            let changed = match message.first() {
                Some(&FINISHED) => self.finished(),
                Some(&KEY_UPDATE) => self.update(),
                _ => Ok(()),
            };
            if let Err(why) = changed {
                return Step::Broken(why);
            }
        }
        Step::Handshake(bytes)
    }

    fn finished(&mut self) -> Result<(), Why> {
        if let State::Handshake { opener, application, .. } = &mut self.state {
            let secret = application.take().ok_or(Why::NoSecrets)?;
            self.state = State::Application(Opener::new(opener.suite(), secret).ok_or(Why::DoesNotOpen)?);
        }
        Ok(())
    }

    fn update(&mut self) -> Result<(), Why> {
        if let State::Application(opener) = &mut self.state {
            *opener = opener.next().ok_or(Why::DoesNotOpen)?;
        }
        Ok(())
    }

    /// The next handshake message, if it is there as a whole.
    fn message(&mut self) -> Option<Vec<u8>> {
        let [_, a, b, c] = *self.messages.first_chunk()?;
        let length = 4 + u32::from_be_bytes([0, a, b, c]) as usize;
        (self.messages.len() >= length).then(|| self.messages.drain(..length).collect())
    }
}
