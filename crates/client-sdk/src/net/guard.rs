//! The tripwire's place: the last step before TLS.
//!
//! Values that must not leave the device are looked for in every plaintext byte of a connection, across the borders of
//! writes, in WebSocket payloads before they are masked, and in the names that DNS and the TLS handshake show to others.
//! A write in which one appears is refused whole, before TLS takes any byte of it, and the connection carries nothing
//! after it.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use sealpost_identity::PhoneNumber;
use sealpost_identity::tripwire::{Tripped, Tripwire, TripwireScanner};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::NetError;

/// Told each time that bytes were stopped.
pub(crate) type Alarm = Arc<dyn Fn(&Tripped) + Send + Sync>;

/// The tripwire and whom it tells.
#[derive(Clone)]
pub(super) struct Guard {
    tripwire: Arc<Tripwire>,
    alarm: Alarm,
}

impl Guard {
    pub(super) fn new(tripwire: Tripwire, alarm: Alarm) -> Self {
        Self { tripwire: Arc::new(tripwire), alarm }
    }

    /// The same, but one number may pass where it is written out.
    pub(super) fn except(&self, number: &PhoneNumber) -> Self {
        Self { tripwire: Arc::new(self.tripwire.except(number)), alarm: self.alarm.clone() }
    }

    /// Passes bytes that are about to be sent.
    ///
    /// # Errors
    /// [`NetError::Tripwire`]; the alarm has been raised.
    pub(super) fn check(&self, bytes: &[u8]) -> Result<(), NetError> {
        self.tripwire.check(bytes).map_err(|tripped| {
            (self.alarm)(&tripped);
            NetError::Tripwire(tripped)
        })
    }

    /// Puts the tripwire in front of a stream.
    pub(super) fn stream<S>(&self, inner: S) -> Guarded<S> {
        let verdict = Verdict(Arc::default());
        Guarded { inner, scanner: Some(self.tripwire.scanner()), alarm: self.alarm.clone(), verdict }
    }
}

/// Whether a guarded stream has been stopped, and by what; it outlives the stream.
#[derive(Clone)]
pub(super) struct Verdict(Arc<OnceLock<Tripped>>);

impl Verdict {
    /// The tripwire's error if it stopped the stream, else `other`: what broke because of it is not the cause.
    pub(super) fn or(&self, other: NetError) -> NetError {
        self.0.get().map_or(other, |tripped| NetError::Tripwire(*tripped))
    }
}

/// A stream that lets no forbidden value through.
pub(super) struct Guarded<S> {
    inner: S,
    /// What has been seen of the bytes that the stream took; a value may begin in one write and end in the next.
    /// None once everything that is written has been checked before and is masked.
    scanner: Option<TripwireScanner>,
    alarm: Alarm,
    verdict: Verdict,
}

impl<S> Guarded<S> {
    pub(super) fn verdict(&self) -> Verdict {
        self.verdict.clone()
    }

    /// Stops looking: from now on the stream carries WebSocket frames, whose masks hide what is in them. Whoever makes
    /// the frames gives their payloads to [`Guard::check`].
    pub(super) fn carries_masked_frames(&mut self) {
        self.scanner = None;
    }

    /// The scanner's state after `bytes`, of which the stream may yet take only a part.
    fn scan(&self, bytes: &[u8]) -> io::Result<Option<TripwireScanner>> {
        let mut ahead = self.scanner.clone();
        match ahead.as_mut().map_or(Ok(()), |scanner| scanner.check(bytes)) {
            Ok(()) => Ok(ahead),
            Err(tripped) => {
                (self.alarm)(&tripped);
                let _first_one_counts = self.verdict.0.set(tripped);
                Err(stopped())
            }
        }
    }

    fn open(&self) -> io::Result<()> {
        if self.verdict.0.get().is_some() { Err(stopped()) } else { Ok(()) }
    }
}

fn stopped() -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, "stopped by the tripwire")
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.open()?;
        let ahead = self.scan(bytes)?;
        let taken = ready!(Pin::new(&mut self.inner).poll_write(cx, bytes))?;
        // What was not taken comes again in the next write.
        self.scanner = match bytes.get(..taken) {
            Some(part) if taken < bytes.len() => self.scan(part)?,
            _ => ahead,
        };
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.open()?;
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

#[cfg(test)]
mod tests;
