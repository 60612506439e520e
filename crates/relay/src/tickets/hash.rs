//! The names of what is spent, and of requests.

use blake3::Hasher;
use sealpost_wire::directory::VoucherId;
use sealpost_wire::request::Request;
use sealpost_wire::ticket::{InviteCode, Ticket};
use sealpost_wire::to_bytes;
use zeroize::Zeroizing;

const REQUEST: &str = "sealpost v1 spending request";
const TICKET: &str = "sealpost v1 spent ticket";
const VOUCHER: &str = "sealpost v1 spent voucher";
const INVITE: &str = "sealpost v1 spent invite";

/// Names a request with all that is in it.
pub(super) fn of_request<R: Request>(request: &R) -> [u8; 16] {
    derive(REQUEST, &[R::PATH.as_bytes(), &[0], &Zeroizing::new(to_bytes(request))])
}

/// Names a ticket. Its output is left out: there is one for each nonce.
pub(super) fn spent_id(ticket: &Ticket) -> [u8; 16] {
    derive(TICKET, &[&[ticket.kind().number()], &ticket.first_day().0.to_be_bytes(), ticket.nonce().expose()])
}

pub(super) fn spent_voucher(voucher: VoucherId) -> [u8; 16] {
    derive(VOUCHER, &[voucher.as_bytes()])
}

pub(super) fn spent_invite(code: &InviteCode) -> [u8; 16] {
    derive(INVITE, &[&code.name()])
}

fn derive(context: &str, parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = Hasher::new_derive_key(context);
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().as_bytes().first_chunk().copied().unwrap_or_default()
}
