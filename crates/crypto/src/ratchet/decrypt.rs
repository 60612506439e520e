//! Session messages, decrypted on copies of the records.

use futures_util::FutureExt;
use libsignal_protocol::{
    KyberPreKeyId, PreKeySignalMessage, SignalProtocolError, message_decrypt_prekey, message_decrypt_signal,
};
use rand::CryptoRng;
use sealpost_identity::IdentityKey;
use zeroize::Zeroizing;

use super::address;
use super::is_post_quantum;
use super::letter::{Letter, Message};
use super::quiet::caught;
use super::stores::{Identities, Prekeys, Sessions};
use crate::keys::{Keys, Unavailable};
use crate::local::Local;
use crate::open::OpenError;
use crate::prekey::{PrekeyId, PrivatePrekey, UsedPrekey};
use crate::session::Session;

/// What a session message held, and what has changed by it.
pub(crate) struct Decrypted {
    pub(crate) plaintext: Zeroizing<Vec<u8>>,
    pub(crate) session: Session,
    pub(crate) used: Option<UsedPrekey>,
}

/// Looks up the records and decrypts.
pub(crate) fn decrypt(
    local: &Local,
    keys: &impl Keys,
    letter: Letter,
    rng: &mut impl CryptoRng,
) -> Result<Decrypted, OpenError> {
    let sender = *letter.sender();
    let session = keys.session(sender.person())?;
    if session.as_ref().is_some_and(|session| *session.peer() != sender) {
        return Err(OpenError::OtherKey);
    }
    let mut identities = Identities::new(local, &sender);
    let sessions = Sessions::load(session.as_ref()).map_err(|_| Unavailable)?;
    match letter.message {
        Message::First(first) => decrypt_first(&first, &sender, sessions, &mut identities, keys, rng),
        Message::Later(_) if session.is_none() => Err(OpenError::NoSession),
        Message::Later(later) => {
            let mut sessions = sessions;
            let plaintext = caught(|| {
                let peer = address(&sender);
                message_decrypt_signal(&later, &peer, &mut sessions, &mut identities, rng).now_or_never()
            });
            finish(plaintext, sessions, &sender, None)
        }
    }
}

fn decrypt_first(
    first: &PreKeySignalMessage,
    sender: &IdentityKey,
    mut sessions: Sessions,
    identities: &mut Identities,
    keys: &impl Keys,
    rng: &mut impl CryptoRng,
) -> Result<Decrypted, OpenError> {
    let prekey = prekey_of(first, keys)?;
    let used = prekey.as_ref().map(|prekey| use_of(prekey, first));
    let replayed = match &used {
        Some(used @ UsedPrekey::Last { .. }) => keys.was_used(used)?,
        _ => false,
    };
    let mut prekeys = Prekeys::load(prekey.as_ref(), replayed).map_err(|_| Unavailable)?;
    let plaintext = caught(|| {
        let peer = address(sender);
        let Prekeys { one_time, signed, kyber } = &mut prekeys;
        message_decrypt_prekey(first, &peer, &mut sessions, identities, one_time, signed, kyber, rng).now_or_never()
    });
    if prekeys.kyber.refused_replay() {
        return Err(OpenError::Replayed);
    }
    finish(plaintext, sessions, sender, used.filter(|_| prekeys.kyber.was_used()))
}

/// The prekeys that a first message names; in a session that has begun already they may be gone.
fn prekey_of(first: &PreKeySignalMessage, keys: &impl Keys) -> Result<Option<PrivatePrekey>, OpenError> {
    let id = first.kyber_pre_key_id().map(KyberPreKeyId::into).ok_or(OpenError::Invalid)?;
    // One item is one set with one id; a message that mixes sets or leaves out a one-time key is not made from an item.
    if u32::from(first.signed_pre_key_id()) != id
        || first.pre_key_id().is_some_and(|one_time| u32::from(one_time) != id)
    {
        return Err(OpenError::Invalid);
    }
    let prekey = keys.prekey(PrekeyId::from_u32(id))?;
    match &prekey {
        Some(prekey) if prekey.is_last() != first.pre_key_id().is_none() => Err(OpenError::Invalid),
        _ => Ok(prekey),
    }
}

fn use_of(prekey: &PrivatePrekey, first: &PreKeySignalMessage) -> UsedPrekey {
    let id = prekey.id();
    if prekey.is_last() {
        UsedPrekey::Last { id, base_key: *blake3::hash(&first.base_key().serialize()).as_bytes() }
    } else {
        UsedPrekey::OneTime(id)
    }
}

/// `plaintext` is `None` after a panic, and in it once more if a store had waited.
type Outcome = Option<Option<Result<Vec<u8>, SignalProtocolError>>>;

fn finish(
    plaintext: Outcome,
    sessions: Sessions,
    sender: &IdentityKey,
    used: Option<UsedPrekey>,
) -> Result<Decrypted, OpenError> {
    let plaintext =
        plaintext.flatten().ok_or(OpenError::Invalid)?.map(Zeroizing::new).map_err(|error| refusal(&error))?;
    let record = sessions.into_record().filter(is_post_quantum).ok_or(OpenError::NotPostQuantum)?;
    let session = Session::from_record(&record, sender).ok_or(OpenError::Invalid)?;
    Ok(Decrypted { plaintext, session, used })
}

/// libsignal's errors print addresses and keys: none of them goes further than here.
const fn refusal(error: &SignalProtocolError) -> OpenError {
    match error {
        SignalProtocolError::DuplicatedMessage(..) => OpenError::Duplicate,
        SignalProtocolError::SessionNotFound(..) => OpenError::NoSession,
        SignalProtocolError::InvalidPreKeyId
        | SignalProtocolError::InvalidSignedPreKeyId
        | SignalProtocolError::InvalidKyberPreKeyId => OpenError::NoPrekey,
        _ => OpenError::Invalid,
    }
}
