//! What must hold for every message and frame, whatever it carries.

#[path = "properties/decoding.rs"]
mod decoding;
#[path = "properties/messages.rs"]
mod messages;
#[path = "properties/printing.rs"]
mod printing;
#[path = "properties/values.rs"]
mod values;
