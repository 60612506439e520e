//! What an app holds: opt in, send, receive, opt out.

pub(crate) mod net;
pub mod permit;
