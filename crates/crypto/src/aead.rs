//! AES-256-GCM (NIST SP 800-38D) with a random nonce in front: `nonce[12] ‖ ciphertext ‖ tag[16]`.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use rand::CryptoRng;
use sealpost_wire::Secret;
use zeroize::Zeroizing;

const NONCE: usize = 12;
const TAG: usize = 16;
/// What the seal adds.
pub(crate) const OVERHEAD: usize = NONCE + TAG;

/// The bytes were not sealed under this key with this associated data.
pub(crate) struct NotOpened;

/// Seals `plaintext`. A key seals fewer than 2^32 of them, so that random nonces do not meet.
pub(crate) fn seal(key: &Secret<32>, aad: &[u8], plaintext: &[u8], rng: &mut impl CryptoRng) -> Vec<u8> {
    let mut nonce = [0; NONCE];
    rng.fill_bytes(&mut nonce);
    let sealed = cipher(key).encrypt(&nonce.into(), Payload { msg: plaintext, aad });
    #[expect(clippy::expect_used, reason = "AES-GCM refuses plaintexts of 64 GiB and more, and nothing else")]
    let sealed = sealed.expect("a plaintext of a few kilobytes is sealed");
    [nonce.as_slice(), &sealed].concat()
}

/// Opens what [`seal`] made.
pub(crate) fn open(key: &Secret<32>, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE>().ok_or(NotOpened)?;
    let opened = cipher(key).decrypt(&(*nonce).into(), Payload { msg: rest, aad });
    opened.map(Zeroizing::new).map_err(|_| NotOpened)
}

fn cipher(key: &Secret<32>) -> Aes256Gcm {
    Aes256Gcm::new(key.expose().into())
}
