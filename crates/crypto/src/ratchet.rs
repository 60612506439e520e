//! libsignal, kept behind this module: sessions and the sender's seal, with the guards that this publication of it needs.
//!
//! Every call works on copies of the records, inside [`quiet::caught`], and finishes at once: the record stores hold what
//! was loaded beforehand and never wait.

pub(crate) mod certificate;
mod decrypt;
mod letter;
pub(crate) mod quiet;
mod stores;

use std::time::SystemTime;

pub(crate) use decrypt::decrypt;
use futures_util::FutureExt;
pub(crate) use letter::open_sender_seal;
use libsignal_protocol::{
    ContentHint, DeviceId, ProtocolAddress, SessionRecord, SessionUsabilityRequirements, SignalProtocolError,
    UnidentifiedSenderMessageContent, message_encrypt, process_prekey_bundle, sealed_sender_encrypt_from_usmc,
};
use rand::CryptoRng;
pub(crate) use stores::address;
use stores::{Identities, Sessions};

use crate::content::DEVICE;
use crate::item::VerifiedItem;
use crate::local::Local;
use crate::seal::SealError;
use crate::session::Session;
use quiet::caught;

/// libsignal's name of the one device.
pub(crate) const DEVICE_ID: DeviceId = match DeviceId::new(DEVICE) {
    Ok(id) => id,
    Err(_) => unreachable!(),
};
/// libsignal's number of an installation. All have the same, so that it says nothing; a new installation has a new
/// identity.
pub(crate) const REGISTRATION: u32 = 1;

/// With PQXDH and the post-quantum ratchet, or not at all.
const POST_QUANTUM: SessionUsabilityRequirements =
    SessionUsabilityRequirements::EstablishedWithPqxdh.union(SessionUsabilityRequirements::Spqr);

/// Whether a record can send: with the post-quantum ratchet, and not unanswered for too long.
pub(crate) fn is_usable(record: &SessionRecord, now: SystemTime) -> bool {
    let requirements = POST_QUANTUM.union(SessionUsabilityRequirements::NotStale);
    record.has_usable_sender_chain(now, requirements).unwrap_or(false)
}

/// Whether a record that has just received can send with the post-quantum ratchet. It cannot be stale, so that no time
/// is needed.
pub(crate) fn is_post_quantum(record: &SessionRecord) -> bool {
    record.has_usable_sender_chain(SystemTime::UNIX_EPOCH, POST_QUANTUM).unwrap_or(false)
}

/// Begins a session; `None` if libsignal refuses the bundle.
pub(crate) fn begin(
    local: &Local,
    item: &VerifiedItem,
    so_far: Option<&Session>,
    now: SystemTime,
    rng: &mut impl CryptoRng,
) -> Option<Session> {
    let peer = item.contact.identity();
    let mut identities = Identities::new(local, peer);
    let mut sessions = Sessions::load(so_far).ok()?;
    caught(|| {
        process_prekey_bundle(&address(peer), &mut sessions, &mut identities, &item.bundle, now, rng).now_or_never()
    })??
    .ok()?;
    let record = sessions.into_record().filter(|record| is_usable(record, now))?;
    Session::from_record(&record, peer)
}

/// Encrypts in the session and puts the sender's seal around it.
pub(crate) fn seal(
    local: &Local,
    session: &Session,
    plaintext: &[u8],
    now: SystemTime,
    rng: &mut impl CryptoRng,
) -> Result<(Vec<u8>, Session), SealError> {
    let peer = session.peer();
    let record = session.record().map_err(|_| SealError::Refused)?;
    if !is_usable(&record, now) {
        return Err(SealError::SessionUnusable);
    }
    let mut stores = (Sessions::of(record), Identities::new(local, peer));
    let sealed = caught(|| encrypt(local, &address(peer), plaintext, &mut stores, now, rng).now_or_never());
    let sealed = sealed.flatten().and_then(Result::ok).ok_or(SealError::Refused)?;
    let record = stores.0.into_record().ok_or(SealError::Refused)?;
    let session = Session::from_record(&record, peer).ok_or(SealError::Refused)?;
    Ok((sealed, session))
}

async fn encrypt(
    local: &Local,
    peer: &ProtocolAddress,
    plaintext: &[u8],
    (sessions, identities): &mut (Sessions, Identities),
    now: SystemTime,
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, SignalProtocolError> {
    let message = message_encrypt(plaintext, peer, sessions, identities, now, rng).await?;
    let letter = UnidentifiedSenderMessageContent::new(
        message.message_type(),
        local.certificate().libsignal().clone(),
        message.serialize().to_vec(),
        ContentHint::Default,
        None,
    )?;
    sealed_sender_encrypt_from_usmc(peer, &letter, identities, rng).await
}
