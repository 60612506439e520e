//! One WebSocket: hearing all that is ready, saying it in one write, and finding out when nobody is there.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt, SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use sealpost_server::Connection;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_util::sync::CancellationToken;

use super::fresh::Fresh;
use super::message::{Progress, Unfinished};

/// The most messages that are heard at once.
const MESSAGES: usize = 256;
/// Once so many bytes were heard, no further message is waited for.
const BYTES: usize = 1024 * 1024;
/// How long a peer has to answer the goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// One WebSocket.
pub(super) struct Line {
    socket: Fresh<TokioIo<Upgraded>>,
    tick: Interval,
    presence: Presence,
    unfinished: Unfinished,
    stop: CancellationToken,
    /// An ending that was met behind messages, which come first.
    met: Option<Ending>,
}

/// Why a socket is at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// The peer left, or its connection broke.
    Left,
    /// The peer did not answer.
    Silent,
    /// The relay stops.
    Stopping,
    /// The peer sent something that is no frame of the protocol.
    Malformed,
    /// The peer sent too much at once.
    TooLong,
}

/// What is known of the peer since the last tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    /// It was heard.
    Heard,
    /// It was not.
    Quiet,
    /// It was not, though it was asked.
    Asked,
}

impl Line {
    /// Speaks on what was upgraded, reading up to `buffer` bytes at once; none when that fails.
    pub(super) fn new(upgraded: TokioIo<Upgraded>, buffer: usize, connection: Arc<Connection>) -> Option<Self> {
        let longest = Some(connection.longest_body());
        let config = WebSocketConfig::default().read_buffer_size(buffer);
        let socket = Fresh::new(upgraded, config.max_message_size(longest).max_frame_size(longest))?;
        let (ping_interval, stop) = (connection.limits().ping_interval, connection.stop().clone());
        let mut tick = interval_at(Instant::now() + ping_interval, ping_interval);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let unfinished = Unfinished::new(connection);
        Some(Self { socket, tick, presence: Presence::Heard, unfinished, stop, met: None })
    }

    /// Waits for a message and gives it with all others that are ready. Can be cancelled without losing any.
    ///
    /// # Errors
    /// When there will be no more.
    pub(super) async fn hear(&mut self) -> Result<Vec<Bytes>, Ending> {
        if let Some(ending) = self.met {
            return Err(ending);
        }
        let mut heard = Vec::new();
        if self.unfinished.is_nothing() {
            self.socket.freshen();
        }
        while heard.is_empty() {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return Err(Ending::Stopping),
                message = self.socket.next() => heard.extend(self.take(message)?),
                _ = self.tick.tick() => self.ask().await?,
            }
        }
        self.drain(&mut heard);
        Ok(heard)
    }

    /// Adds the messages that are there already.
    fn drain(&mut self, heard: &mut Vec<Bytes>) {
        let mut bytes: usize = heard.iter().map(Bytes::len).sum();
        while heard.len() < MESSAGES && bytes < BYTES {
            let Some(message) = self.socket.next().now_or_never() else { return };
            match self.take(message) {
                Ok(message) => {
                    bytes += message.as_ref().map_or(0, Bytes::len);
                    heard.extend(message);
                }
                Err(ending) => {
                    self.met = Some(ending);
                    return;
                }
            }
        }
    }

    /// Sends messages in one write.
    ///
    /// # Errors
    /// [`Ending::Left`].
    pub(super) async fn say(&mut self, messages: impl IntoIterator<Item = Vec<u8>>) -> Result<(), Ending> {
        for message in messages {
            self.socket.feed(Message::Binary(message.into())).await.map_err(|_| Ending::Left)?;
        }
        self.socket.flush().await.map_err(|_| Ending::Left)
    }

    /// Says goodbye, if there is somebody to say it to, and waits a moment for the answer.
    pub(super) async fn end(mut self: Box<Self>, ending: Ending) {
        let Some(code) = code(ending) else { return };
        let goodbye = Message::Close(Some(CloseFrame { code, reason: "".into() }));
        let said = async {
            self.socket.send(goodbye).await?;
            while let Some(Ok(_)) = self.socket.next().await {}
            Ok::<(), Error>(())
        };
        // Heard or not, the connection ends here.
        let _answered = timeout(GOODBYE, said).await;
    }

    /// One message's bytes, if it has any for us.
    fn take(&mut self, message: Option<Result<Message, Error>>) -> Result<Option<Bytes>, Ending> {
        self.presence = Presence::Heard;
        match message {
            Some(Ok(Message::Binary(bytes))) => {
                self.unfinished.message_ended(bytes.len());
                Ok(Some(bytes))
            }
            Some(Ok(Message::Ping(payload) | Message::Pong(payload))) => {
                self.unfinished.control_ended(payload.len());
                Ok(None)
            }
            Some(Ok(Message::Text(_))) => Err(Ending::Malformed),
            Some(Ok(Message::Close(_) | Message::Frame(_))) | None => Err(Ending::Left),
            Some(Err(error)) => Err(broken(&error)),
        }
    }

    /// A tick has passed: asks a peer that was quiet, gives up one that was asked, or that leaves a message unfinished.
    async fn ask(&mut self) -> Result<(), Ending> {
        match self.unfinished.progress() {
            Progress::Nothing => {}
            Progress::Some => self.presence = Presence::Heard,
            Progress::Stalled => return Err(Ending::Silent),
        }
        match self.presence {
            Presence::Heard => self.presence = Presence::Quiet,
            Presence::Quiet => {
                self.presence = Presence::Asked;
                self.socket.send(Message::Ping(Bytes::new())).await.map_err(|_| Ending::Left)?;
            }
            Presence::Asked => return Err(Ending::Silent),
        }
        Ok(())
    }
}

const fn broken(error: &Error) -> Ending {
    match error {
        Error::Capacity(_) => Ending::TooLong,
        Error::Protocol(_) | Error::Utf8(_) => Ending::Malformed,
        _ => Ending::Left,
    }
}

/// What the goodbye says (RFC 6455, section 7.4.1).
const fn code(ending: Ending) -> Option<CloseCode> {
    match ending {
        Ending::Left | Ending::Silent => None,
        Ending::Stopping => Some(CloseCode::Away),
        Ending::Malformed => Some(CloseCode::Protocol),
        Ending::TooLong => Some(CloseCode::Size),
    }
}
