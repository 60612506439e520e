//! Sealing, from the inside out: content, session, sender's seal, padding, outer seal.

use std::time::SystemTime;

use rand::CryptoRng;
use sealpost_wire::Envelope;
use thiserror::Error;

use crate::content::{Content, MAX_TEXT, Parties, write};
use crate::local::Local;
use crate::redacted::redacted;
use crate::route::Route;
use crate::session::Session;
use crate::size::class_of_length;
use crate::{outer, ratchet};

/// A sealed message and the session after it.
pub struct Sealed {
    /// What to deposit.
    pub envelope: Envelope,
    /// What to store in the old session's place, together with the envelope and before it is deposited.
    pub session: Session,
}

/// Why a message cannot be sealed. Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SealError {
    /// It fits no envelope. A text of at most [`MAX_TEXT`] bytes always does.
    #[error("the message is too long for an envelope; a text of up to {MAX_TEXT} bytes always fits")]
    TooLong,
    /// The card in it is somebody else's: the recipient would refuse the message.
    #[error("the message carries a card that is not of its sender")]
    ForeignCard,
    /// The session has been unanswered for over 30 days or lacks the post-quantum ratchet: begin anew from a new item.
    #[error("the session cannot be used any more")]
    SessionUnusable,
    /// The stored session is corrupt.
    #[error("the ratchet refuses the stored session")]
    Refused,
}

/// Seals a message for the person at the other end of a session.
///
/// # Errors
/// [`SealError`] says what to do about it.
pub fn seal(
    local: &Local,
    session: &Session,
    content: &Content,
    route: Route<'_>,
    now: SystemTime,
    rng: &mut impl CryptoRng,
) -> Result<Sealed, SealError> {
    if content.card.as_ref().is_some_and(|card| card.identity != local.key().hash()) {
        return Err(SealError::ForeignCard);
    }
    let plaintext = write(content, &Parties::new(local.person(), session.peer().person()));
    let class = class_of_length(plaintext.len(), session.is_unanswered(), &route).ok_or(SealError::TooLong)?;
    let (sealed, session) = ratchet::seal(local, session, &plaintext, now, rng)?;
    // No room would mean that a layer adds more than `size` counts; tests hold it to that.
    let envelope = outer::seal(&sealed, class, &route, rng).ok_or(SealError::TooLong)?;
    Ok(Sealed { envelope, session })
}

redacted!(Sealed);
