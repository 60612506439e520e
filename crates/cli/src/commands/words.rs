//! The SDK's states as words, the same in tables and in JSON.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use data_encoding::HEXLOWER;
use sealpost_client::{ContactState, FailureReason, Listing, MessageId, MessageState, Reason};
use sealpost_wire::time::Day;

use crate::failure::word;

/// How far a message is.
pub(super) const fn state(state: MessageState) -> &'static str {
    match state {
        MessageState::Received { .. } => "received",
        MessageState::Queued => "queued",
        MessageState::Accepted => "accepted",
        MessageState::Delivered => "delivered",
        MessageState::Read => "read",
        MessageState::Failed(_) => "failed",
    }
}

/// Why it will not be sent, if it will not.
pub(super) fn reason(state: MessageState) -> Option<String> {
    match state {
        MessageState::Failed(reason) => Some(word(&format!("{reason:?}"))),
        _ => None,
    }
}

/// What can be done about a message that will not be sent.
pub(super) const fn advice(reason: FailureReason) -> &'static str {
    match reason {
        FailureReason::ContactGone => "they opted out or withdrew their card; ask for a new one, then `sealpost add`",
        FailureReason::CardMismatch => "what lies behind the card is not what it names; ask for it again, in person",
        FailureReason::Blocked => "`sealpost accept NAME` lets them back in",
        FailureReason::Tripwire => "one of this device's own numbers was in the bytes to be sent; nothing was sent",
        _ => "their relay refuses it for good; ask them, or send less",
    }
}

/// Whether one wants to hear from a contact.
pub(super) const fn contact_state(state: ContactState) -> &'static str {
    match state {
        ContactState::Unaccepted => "unaccepted",
        ContactState::Accepted => "accepted",
        ContactState::Blocked => "blocked",
    }
}

/// How one's own number stands in the directory.
pub(super) fn listing(listing: Listing) -> String {
    word(&format!("{listing:?}"))
}

/// The day that goes with it, if one does.
pub(super) fn listing_day(listing: Listing) -> Option<String> {
    match listing {
        Listing::Listed { proof_due } => proof_due.map(day),
        Listing::Waiting { from: at } | Listing::Contested { until: at } => Some(day(at)),
        _ => None,
    }
}

/// Why it is not known of somebody whether they can be found.
pub(super) fn unknown(reason: Reason) -> String {
    word(&format!("{reason:?}"))
}

/// What can be done about that.
pub(super) const fn unknown_advice(reason: Reason) -> &'static str {
    match reason {
        Reason::ProofNeeded => {
            "`sealpost publish NUMBER --prove` proves your number, which gives the right to look up more people (with \
             --unlisted nobody finds you); or call again tomorrow"
        }
        Reason::KeyServiceRefused | Reason::DirectoryRefused | Reason::BadRecord => {
            "nothing that cannot be trusted was used; call again another day, or tell your relay's operator"
        }
        Reason::Memory => "close other programs and call again; what was done is kept",
        _ => "what was done is kept: the same call goes on where it stopped",
    }
}

/// A message's id, in hexadecimal.
pub(super) fn id(message: &MessageId) -> String {
    HEXLOWER.encode(message.as_bytes())
}

/// A time, in UTC to the second.
pub(super) fn time(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}

/// A day, in UTC.
pub(super) fn day(day: Day) -> String {
    let start = UNIX_EPOCH + Duration::from_secs(u64::from(day.0) * 86_400);
    time(start).chars().take("2000-01-01".len()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates() {
        assert_eq!(day(Day(0)), "1970-01-01");
        assert_eq!(day(Day(20_778)), "2026-11-21");
    }
}
