//! The client's half of Oblivious HTTP (RFC 9458): sealing to a gateway's key of the day, and opening what comes back.
//!
//! ```text
//! manifest ─ signed by the operator ─▶ keys = length[2] ‖ id[1] ‖ KEM[2] ‖ key[32] ‖ length[2] ‖ KDF[2] ‖ AEAD[2]
//! request  = id ‖ KEM, KDF, AEAD ‖ enc ‖ sealed inside ‖ tag          answer = nonce ‖ sealed inside ‖ tag
//! ```
//!
//! One key and one suite, as the protocol has them: which one of several a client took would mark it.

use data_encoding::BASE64;
use ohttp::{ClientRequest, ClientResponse};
use sealpost_wire::manifest::Manifest;
use sealpost_wire::oblivious::{InsideReply, InsideRequest};
use sealpost_wire::time::Day;

use super::{NetError, ProtocolError, ProxyError, TrustError};

/// X25519 with HKDF-SHA256, at its place in the list.
const KEM: [u8; 2] = [0, 0x20];
/// How long the suites are, HKDF-SHA256, AES-128-GCM.
const SUITE: [u8; 6] = [0, 4, 0, 1, 0, 1];
/// One key with one suite.
const LENGTH: usize = 2 + 1 + 2 + 32 + SUITE.len();

/// What requests to one gateway are sealed to on one day.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct GatewayKeys {
    day: Day,
    list: Vec<u8>,
}

/// What opens the answer to one request.
pub(super) struct Opening {
    response: ClientResponse,
    least: usize,
}

impl GatewayKeys {
    /// The keys that a verified manifest tells.
    ///
    /// # Errors
    /// [`TrustError::NoGateway`] when it tells none, or none of the protocol's.
    pub(super) fn of(manifest: &Manifest) -> Result<Self, TrustError> {
        let told = manifest.ohttp_keys.as_ref().ok_or(TrustError::NoGateway)?;
        let list = BASE64.decode(told.keys.as_bytes()).map_err(|_| TrustError::NoGateway)?;
        let is_one = told.first_day == manifest.issued && is_one_key(&list, told.first_day);
        if is_one { Ok(Self { day: told.first_day, list }) } else { Err(TrustError::NoGateway) }
    }

    /// Whether a gateway still opens what is sealed to them. Its day may have begun already, or not yet.
    pub(super) fn open_on(&self, today: Day) -> bool {
        self.day.0 <= today.0.saturating_add(1) && today.0 <= self.day.0.saturating_add(1)
    }

    /// Whether they are those of the day, or of a day after it.
    pub(super) fn are_of(&self, today: Day) -> bool {
        today <= self.day
    }

    /// Whether these say something else of the day of which the others are.
    pub(super) fn contradict(&self, others: &Self) -> bool {
        self.day == others.day && self.list != others.list
    }

    /// Seals a request, as short as the protocol lets it be.
    ///
    /// # Errors
    /// [`ProtocolError::TooLong`], and nothing was sealed.
    pub(super) fn seal(&self, inside: &[u8]) -> Result<(Vec<u8>, Opening), NetError> {
        let unusable = |_| NetError::Trust(TrustError::NoGateway);
        let request = ClientRequest::from_encoded_config_list(&self.list).map_err(unusable)?;
        let (sealed, response) = request.encapsulate(inside).map_err(unusable)?;
        Ok((sealed, Opening { response, least: inside.len() }))
    }
}

impl Opening {
    /// Opens an answer.
    ///
    /// # Errors
    /// [`ProxyError::Unopened`] when it was not sealed for this request; [`ProtocolError::Body`] when what is inside is not
    /// of the form, or shorter than the request, and so said more to the proxy than it may.
    pub(super) fn open(self, answer: &[u8]) -> Result<InsideReply, NetError> {
        let inside = self.response.decapsulate(answer).map_err(|_| NetError::Proxy(ProxyError::Unopened))?;
        let reply = InsideReply::from_bytes(&inside).ok().filter(|_| inside.len() >= self.least);
        reply.ok_or(NetError::Protocol(ProtocolError::Body))
    }
}

/// What goes into a seal.
///
/// # Errors
/// [`ProtocolError::TooLong`].
pub(super) fn inside(path: &str, body: Option<&[u8]>) -> Result<Vec<u8>, NetError> {
    let request = InsideRequest { path: path.to_owned(), body: body.map(<[u8]>::to_vec) };
    request.to_bytes(0).ok_or(NetError::Protocol(ProtocolError::TooLong))
}

fn is_one_key(list: &[u8], day: Day) -> bool {
    let [.., id] = day.0.to_be_bytes();
    let head = [0, (LENGTH - 2) as u8, id, KEM[0], KEM[1]];
    list.len() == LENGTH && list.starts_with(&head) && list.ends_with(&SUITE)
}

#[cfg(test)]
mod tests;
