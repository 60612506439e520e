//! The seal at rest, opened by the mailbox's owner. The relay applied it; see [`sealpost_wire::at_rest`].

use sealpost_wire::at_rest::{at_rest_aad, at_rest_key};
use sealpost_wire::{AtRest, DepositKey, Envelope, EnvelopeId, MailboxId};
use thiserror::Error;

use crate::aead;

/// What a relay delivered is not an envelope of this mailbox and id under the seal at rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("what the relay delivered is not under this mailbox's seal at rest")]
pub struct AtRestError;

/// Opens what a relay delivered.
///
/// # Errors
/// [`AtRestError`]: the relay mixed up mailboxes or envelopes, or changed the bytes.
pub fn open_at_rest(
    deposit: &DepositKey,
    mailbox: &MailboxId,
    envelope: &EnvelopeId,
    stored: &AtRest,
) -> Result<Envelope, AtRestError> {
    let opened = aead::open(&at_rest_key(deposit), &at_rest_aad(mailbox, envelope), stored.as_bytes());
    let opened = opened.map_err(|_| AtRestError)?;
    Envelope::new(opened.as_slice().into()).ok_or(AtRestError)
}
