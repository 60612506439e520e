//! What a gateway is given, as JSON.

use sealpost_identity::PhoneNumber;
use serde::Serialize;
use zeroize::Zeroizing;

#[derive(Serialize)]
struct Message<'a> {
    to: &'a str,
    text: &'a str,
}

/// `{"to":"+…","text":"…"}`
pub(super) fn json(to: &PhoneNumber, text: &str) -> Zeroizing<Vec<u8>> {
    let message = Message { to: to.expose_e164(), text };
    // Two texts can always be written.
    Zeroizing::new(serde_json::to_vec(&message).unwrap_or_default())
}
