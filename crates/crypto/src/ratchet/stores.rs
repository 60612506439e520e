//! libsignal's record stores, filled beforehand with the records of one peer. They never wait and write nowhere.

use async_trait::async_trait;
use libsignal_protocol::{
    Direction, GenericSignedPreKey, IdentityChange, IdentityKey, IdentityKeyPair, IdentityKeyStore, KyberPreKeyId,
    KyberPreKeyRecord, KyberPreKeyStore, PreKeyId, PreKeyRecord, PreKeyStore, ProtocolAddress, PublicKey,
    SessionRecord, SessionStore, SignalProtocolError, SignedPreKeyId, SignedPreKeyRecord, SignedPreKeyStore, Timestamp,
};

use super::{DEVICE_ID, REGISTRATION};
use crate::local::Local;
use crate::prekey::{KeyPairs, PrekeyError, PrivatePrekey};
use crate::session::{Session, SessionError};

type Result<T> = std::result::Result<T, SignalProtocolError>;

/// libsignal's name of a person's one device.
pub(crate) fn address(peer: &sealpost_identity::IdentityKey) -> ProtocolAddress {
    ProtocolAddress::new(peer.person().uuid_string(), DEVICE_ID)
}

/// The local identity, and the one identity that is trusted.
pub(super) struct Identities {
    local: IdentityKeyPair,
    peer: Option<IdentityKey>,
}

impl Identities {
    pub(super) fn new(local: &Local, peer: &sealpost_identity::IdentityKey) -> Self {
        Self { local: local.identity().libsignal(), peer: Some(*peer.libsignal()) }
    }

    pub(super) fn without_peer(local: &Local) -> Self {
        Self { local: local.identity().libsignal(), peer: None }
    }
}

#[async_trait(?Send)]
impl IdentityKeyStore for Identities {
    async fn get_identity_key_pair(&self) -> Result<IdentityKeyPair> {
        Ok(self.local)
    }

    async fn get_local_registration_id(&self) -> Result<u32> {
        Ok(REGISTRATION)
    }

    async fn save_identity(&mut self, _: &ProtocolAddress, _: &IdentityKey) -> Result<IdentityChange> {
        Ok(IdentityChange::NewOrUnchanged)
    }

    async fn is_trusted_identity(&self, _: &ProtocolAddress, identity: &IdentityKey, _: Direction) -> Result<bool> {
        Ok(self.peer.as_ref() == Some(identity))
    }

    async fn get_identity(&self, _: &ProtocolAddress) -> Result<Option<IdentityKey>> {
        Ok(self.peer)
    }
}

/// The session with the peer.
pub(super) struct Sessions(Option<SessionRecord>);

impl Sessions {
    pub(super) fn load(session: Option<&Session>) -> std::result::Result<Self, SessionError> {
        session.map(Session::record).transpose().map(Self)
    }

    pub(super) const fn of(record: SessionRecord) -> Self {
        Self(Some(record))
    }

    pub(super) fn into_record(self) -> Option<SessionRecord> {
        self.0
    }
}

#[async_trait(?Send)]
impl SessionStore for Sessions {
    async fn load_session(&self, _: &ProtocolAddress) -> Result<Option<SessionRecord>> {
        Ok(self.0.clone())
    }

    async fn store_session(&mut self, _: &ProtocolAddress, record: &SessionRecord) -> Result<()> {
        self.0 = Some(record.clone());
        Ok(())
    }
}

/// The prekeys of one item.
pub(super) struct Prekeys {
    pub(super) one_time: OneTime,
    pub(super) signed: Signed,
    pub(super) kyber: Kyber,
}

/// Its one-time key, unless it is a last item.
pub(super) struct OneTime(Option<(PreKeyId, PreKeyRecord)>);

/// Its signed key.
pub(super) struct Signed(Option<(SignedPreKeyId, SignedPreKeyRecord)>);

/// Its Kyber key, and what became of it.
pub(super) struct Kyber {
    record: Option<(KyberPreKeyId, KyberPreKeyRecord)>,
    replayed: bool,
    asked: bool,
}

impl Prekeys {
    /// `replayed` says whether the message's use of the item was committed before.
    pub(super) fn load(prekey: Option<&PrivatePrekey>, replayed: bool) -> std::result::Result<Self, PrekeyError> {
        let pairs = prekey.map(PrivatePrekey::key_pairs).transpose()?;
        let (id, pairs) = (prekey.map(|prekey| prekey.id().as_u32()).unwrap_or_default(), pairs.as_ref());
        // The owner's own signatures and times are not looked at when opening.
        let time = Timestamp::from_epoch_millis(0);
        let signed = |pairs: &KeyPairs| SignedPreKeyRecord::new(id.into(), time, &pairs.signed, &[]);
        let kyber = |pairs: &KeyPairs| KyberPreKeyRecord::new(id.into(), time, &pairs.kyber, &[]);
        let one_time = pairs.and_then(|pairs| pairs.one_time.as_ref());
        Ok(Self {
            one_time: OneTime(one_time.map(|pair| (id.into(), PreKeyRecord::new(id.into(), pair)))),
            signed: Signed(pairs.map(|pairs| (id.into(), signed(pairs)))),
            kyber: Kyber { record: pairs.map(|pairs| (id.into(), kyber(pairs))), replayed, asked: false },
        })
    }
}

impl Kyber {
    /// Whether a new session began from it.
    pub(super) const fn was_used(&self) -> bool {
        self.asked && !self.replayed
    }

    /// Whether it kept a session from beginning a second time.
    pub(super) const fn refused_replay(&self) -> bool {
        self.asked && self.replayed
    }
}

fn record_of<I: PartialEq, R: Clone>(record: Option<&(I, R)>, id: &I, error: SignalProtocolError) -> Result<R> {
    record.filter(|(own, _)| own == id).map(|(_, record)| record.clone()).ok_or(error)
}

#[async_trait(?Send)]
impl PreKeyStore for OneTime {
    async fn get_pre_key(&self, id: PreKeyId) -> Result<PreKeyRecord> {
        record_of(self.0.as_ref(), &id, SignalProtocolError::InvalidPreKeyId)
    }

    async fn save_pre_key(&mut self, id: PreKeyId, record: &PreKeyRecord) -> Result<()> {
        self.0 = Some((id, record.clone()));
        Ok(())
    }

    async fn remove_pre_key(&mut self, _: PreKeyId) -> Result<()> {
        self.0 = None;
        Ok(())
    }
}

#[async_trait(?Send)]
impl SignedPreKeyStore for Signed {
    async fn get_signed_pre_key(&self, id: SignedPreKeyId) -> Result<SignedPreKeyRecord> {
        record_of(self.0.as_ref(), &id, SignalProtocolError::InvalidSignedPreKeyId)
    }

    async fn save_signed_pre_key(&mut self, id: SignedPreKeyId, record: &SignedPreKeyRecord) -> Result<()> {
        self.0 = Some((id, record.clone()));
        Ok(())
    }
}

#[async_trait(?Send)]
impl KyberPreKeyStore for Kyber {
    async fn get_kyber_pre_key(&self, id: KyberPreKeyId) -> Result<KyberPreKeyRecord> {
        record_of(self.record.as_ref(), &id, SignalProtocolError::InvalidKyberPreKeyId)
    }

    async fn save_kyber_pre_key(&mut self, id: KyberPreKeyId, record: &KyberPreKeyRecord) -> Result<()> {
        self.record = Some((id, record.clone()));
        Ok(())
    }

    /// One item and one base key begin one session: a one-time item because it is erased, a last one because its uses
    /// are remembered.
    async fn mark_kyber_pre_key_used(&mut self, _: KyberPreKeyId, _: SignedPreKeyId, _: &PublicKey) -> Result<()> {
        self.asked = true;
        if self.replayed { Err(SignalProtocolError::InvalidKyberPreKeyId) } else { Ok(()) }
    }
}
