//! What must hold for every message and frame, whatever it carries.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a sample that cannot be made is the test's mistake")]

mod decoding;
mod messages;
mod printing;
mod texts;
mod values;
