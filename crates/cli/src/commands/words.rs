//! The SDK's states as words, the same in tables and in JSON.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use data_encoding::HEXLOWER;
use sealpost_client::{ContactState, FailureReason, MessageId, MessageState};
use sealpost_wire::time::Day;

use crate::failure::word;

/// How far a message is.
pub(super) const fn state(state: MessageState) -> &'static str {
    match state {
        MessageState::Received { .. } => "received",
        MessageState::Queued => "queued",
        MessageState::Accepted => "accepted",
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
