//! The seal to a pairwise mailbox.

use rand::CryptoRng;
use sealpost_wire::MailboxId;
use zeroize::Zeroizing;

use crate::aead;
use crate::route::OuterKey;

pub(super) const OVERHEAD: usize = aead::OVERHEAD;

pub(super) fn seal(key: &OuterKey, mailbox: &MailboxId, padded: &[u8], rng: &mut impl CryptoRng) -> Vec<u8> {
    aead::seal(key.secret(), &associated(mailbox), padded, rng)
}

pub(super) fn open(key: &OuterKey, mailbox: &MailboxId, envelope: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    aead::open(key.secret(), &associated(mailbox), envelope).ok()
}

fn associated(mailbox: &MailboxId) -> Vec<u8> {
    [b"sealpost v1 pairwise".as_slice(), mailbox.as_bytes()].concat()
}
