//! What an app holds: opt in, send, receive, opt out.

pub mod permit;
