//! The messages that the vectors are made of.

pub(crate) mod attester;
mod frames;
pub(crate) mod parts;
mod replies;
mod requests;

use minicbor::Encode;
use sealpost_wire::to_bytes;

/// A message, what it shows and its kind's name.
pub(crate) struct Sample {
    pub(crate) kind: &'static str,
    pub(crate) shows: &'static str,
    pub(crate) body: Vec<u8>,
}

fn sample<T: Encode<()>>(kind: &'static str, shows: &'static str, value: T) -> Sample {
    Sample { kind, shows, body: to_bytes(&value) }
}

/// All samples; each kind at least once.
pub(crate) fn all() -> Vec<Sample> {
    let sections = [
        requests::of_mailboxes(),
        requests::of_shelves(),
        requests::of_senders(),
        requests::of_discovery(),
        replies::to_owners(),
        replies::to_senders(),
        replies::of_discovery(),
        replies::of_refusal(),
        frames::of_owners(),
        frames::of_senders(),
    ];
    sections.into_iter().flatten().collect()
}
