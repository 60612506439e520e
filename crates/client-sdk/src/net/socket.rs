//! One WebSocket: whole binary messages in both directions, with a sign of life from the peer or an end.
//!
//! A task of its own drives the connection, so that pings are answered while the app computes. It reads only when there
//! is room for what it reads: a reader that falls behind slows the relay down and costs no memory.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use http::header::{CONNECTION, HOST, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::{Request, Response};
use sealpost_wire::RelayHost;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{MissedTickBehavior, interval};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error as WsError, ProtocolError as Broken};
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use tokio_util::task::AbortOnDropHandle;

use super::dial::within;
use super::guard::{Guard, Guarded, Verdict};
use super::side::refusal;
use super::{NetError, ProtocolError, Stage, Timeouts};

/// Messages that may wait in each direction.
const QUEUE: usize = 4;
/// Enough for an envelope of the smallest class with its frame in one read.
const READ_BUFFER: usize = 8 * 1024;

/// Both ends of a socket.
pub(super) struct Socket {
    pub(super) sender: SocketSender,
    pub(super) receiver: SocketReceiver,
}

/// The end that sends. When it is dropped, the socket is closed in good order.
pub(super) struct SocketSender {
    outgoing: mpsc::Sender<Bytes>,
    guard: Guard,
    driver: AbortHandle,
}

/// The end that receives. When it is dropped, the connection is cut.
pub(super) struct SocketReceiver {
    incoming: mpsc::Receiver<Result<Bytes, NetError>>,
    _driver: AbortOnDropHandle<()>,
}

/// Asks for a WebSocket at `path` and starts to drive it.
///
/// # Errors
/// [`NetError::Refused`] when the relay does not open one, else those of the connection.
pub(super) async fn open<S>(
    stream: Guarded<S>,
    host: &RelayHost,
    path: &str,
    longest_message: usize,
    guard: Guard,
    timeouts: Timeouts,
) -> Result<Socket, NetError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let verdict = stream.verdict();
    let request = upgrade(host, path)?;
    let handshake = client_async_with_config(request, stream, Some(limits(longest_message)));
    let outcome = within(timeouts.handshake, Stage::Handshake, handshake).await?;
    let (mut stream, _) = outcome.map_err(|error| verdict.or(refused(error)))?;
    stream.get_mut().carries_masked_frames();
    Ok(Socket::drive(stream, guard, verdict, timeouts))
}

fn upgrade(host: &RelayHost, path: &str) -> Result<Request<()>, NetError> {
    Request::builder()
        .uri(format!("wss://{host}{path}"))
        .header(HOST, host.as_str())
        .header(CONNECTION, "Upgrade")
        .header(UPGRADE, "websocket")
        .header(SEC_WEBSOCKET_VERSION, "13")
        .header(SEC_WEBSOCKET_KEY, generate_key())
        .body(())
        .map_err(|_| NetError::Unreachable)
}

fn limits(longest_message: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        // Each message is flushed as it is written.
        .write_buffer_size(0)
        .max_message_size(Some(longest_message))
        .max_frame_size(Some(longest_message))
}

fn refused(error: WsError) -> NetError {
    match error {
        WsError::Http(response) => {
            let (parts, body) = Response::into_parts(*response);
            refusal(parts.status, &body.unwrap_or_default().into())
        }
        other => classify(&other),
    }
}

fn classify(error: &WsError) -> NetError {
    match error {
        WsError::Capacity(CapacityError::MessageTooLong { .. }) => NetError::Protocol(ProtocolError::TooLong),
        WsError::Protocol(Broken::ResetWithoutClosingHandshake | Broken::HandshakeIncomplete) => NetError::Closed,
        WsError::Io(_) | WsError::ConnectionClosed | WsError::AlreadyClosed => NetError::Closed,
        _ => NetError::Protocol(ProtocolError::Framing),
    }
}

impl Socket {
    fn drive<S>(stream: WebSocketStream<S>, guard: Guard, verdict: Verdict, timeouts: Timeouts) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (outgoing, queued) = mpsc::channel(QUEUE);
        let (delivered, incoming) = mpsc::channel(QUEUE);
        let driver = tokio::spawn(drive(stream, queued, delivered, verdict, timeouts));
        let sender = SocketSender { outgoing, guard, driver: driver.abort_handle() };
        Self { sender, receiver: SocketReceiver { incoming, _driver: AbortOnDropHandle::new(driver) } }
    }
}

impl SocketSender {
    /// Sends one message, in turn after those before it; waits while the queue is full.
    ///
    /// # Errors
    /// [`NetError::Tripwire`] when the message must not leave the device, and the connection is cut;
    /// [`NetError::Closed`] when the socket has ended, and then the receiver says why.
    pub(super) async fn send(&self, payload: Vec<u8>) -> Result<(), NetError> {
        // Here and not on the stream: there the payload is masked.
        self.guard.check(&payload).inspect_err(|_| self.driver.abort())?;
        self.outgoing.send(payload.into()).await.map_err(|_| NetError::Closed)
    }
}

impl SocketReceiver {
    /// The next message. Safe to drop before it is ready: no message is lost.
    ///
    /// # Errors
    /// Once, why the socket ended; [`NetError::Closed`] from then on.
    pub(super) async fn next(&mut self) -> Result<Bytes, NetError> {
        self.incoming.recv().await.unwrap_or(Err(NetError::Closed))
    }

    /// Waits, after the sender was dropped, until the relay has read everything and closed too; gives up in the end.
    pub(super) async fn finish(mut self, patience: Duration) {
        let closed = async { while self.next().await.is_ok() {} };
        let _given_up = tokio::time::timeout(patience, closed).await;
    }
}

/// Runs both directions until either ends, and hands over why.
async fn drive<S>(
    stream: WebSocketStream<S>,
    queued: mpsc::Receiver<Bytes>,
    delivered: mpsc::Sender<Result<Bytes, NetError>>,
    verdict: Verdict,
    timeouts: Timeouts,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (sink, source) = stream.split();
    let end = tokio::select! {
        end = write(sink, queued, &timeouts) => end,
        end = read(source, &delivered, &timeouts) => end,
    };
    // Nobody may be listening any more.
    let _ended = delivered.send(Err(verdict.or(end))).await;
}

type Sink<S> = SplitSink<WebSocketStream<S>, Message>;
type Source<S> = SplitStream<WebSocketStream<S>>;

/// Writes what is queued, and a ping from time to time, until there is nobody to queue any more; then says goodbye.
async fn write<S>(mut sink: Sink<S>, mut queued: mpsc::Receiver<Bytes>, timeouts: &Timeouts) -> NetError
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut pings = interval(timeouts.ping_every);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pings.reset();
    loop {
        let message = tokio::select! {
            payload = queued.recv() => payload.map_or(Message::Close(None), Message::Binary),
            _ = pings.tick() => Message::Ping(Bytes::new()),
        };
        let last = message.is_close();
        let written = within(timeouts.write, Stage::Write, sink.send(message)).await;
        match written {
            Ok(Ok(())) if !last => {}
            // To cut the connection now could take from the relay what it has not read yet: its own close ends it.
            Ok(Ok(())) => return std::future::pending().await,
            Ok(Err(error)) => return classify(&error),
            Err(error) => return error,
        }
    }
}

/// Reads messages as long as the peer gives a sign of life: whatever it sends counts, and it answers every ping.
async fn read<S>(
    mut source: Source<S>,
    delivered: &mpsc::Sender<Result<Bytes, NetError>>,
    timeouts: &Timeouts,
) -> NetError
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let Ok(room) = delivered.reserve().await else { return NetError::Closed };
        let message = loop {
            match within(timeouts.silence(), Stage::Silence, source.next()).await {
                Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => {}
                Ok(Some(Ok(Message::Binary(payload)))) => break payload,
                Ok(Some(Ok(Message::Close(goodbye)))) => return farewell(goodbye.as_ref()),
                Ok(None) => return NetError::Closed,
                Ok(Some(Ok(_))) => return NetError::Protocol(ProtocolError::Framing),
                Ok(Some(Err(error))) => return classify(&error),
                Err(silence) => return silence,
            }
        };
        room.send(Ok(message));
    }
}

/// Tells a relay that goes away from one that was sent what it cannot use (RFC 6455, section 7.4.1).
fn farewell(goodbye: Option<&CloseFrame>) -> NetError {
    match goodbye.map(|frame| frame.code) {
        Some(CloseCode::Protocol | CloseCode::Unsupported | CloseCode::Invalid | CloseCode::Size) => {
            NetError::Protocol(ProtocolError::Rejected)
        }
        _ => NetError::Closed,
    }
}

#[cfg(test)]
mod tests;
