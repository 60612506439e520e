#![doc = include_str!("../README.md")]

mod client;
mod clock;
mod contact;
mod discovery;
mod engine;
mod error;
mod event;
mod leaving;
mod message;
mod moving;
mod net;
mod options;
pub mod permit;
pub mod policy;
mod profile;
mod regions;
mod sms;
mod status;
mod store;
mod tickets;
mod unlock;

pub use client::{Client, Running};
pub use contact::{Chat, Contact, ContactId, ContactState, MAX_NAME};
pub use discovery::{
    DiscoveryAccess, DiscoveryJob, DiscoveryReport, EpochTerms, Found, Listing, Progress, Reason, Stage, Terms,
};
pub use error::{Error, ErrorKind};
pub use event::{Connection, Event, Events, WaitReason};
pub use leaving::{Leaving, OptOutReport};
pub use message::{FailureReason, Message, MessageState, Position};
pub use moving::{MoveStage, Moving};
pub use options::Options;
pub use policy::CollectPolicy;
pub use profile::{Device, Profile};
pub use regions::Regions;
pub use sealpost_crypto::content::MAX_TEXT;
pub use sealpost_crypto::{MessageId, Text, quiet_panics};
// What the calls here take and give, so that an app needs this crate alone.
pub use sealpost_identity::{
    AddressBook, CardRef, Imei, Imsi, PhoneNumber, SafetyNumber, consent, numbers, qr, tripwire,
};
pub use sealpost_wire::directory::Epoch;
pub use sealpost_wire::statement::SignedDeletion;
pub use sealpost_wire::time::Day;
pub use sealpost_wire::{RelayHost, RelayRef};
pub use sms::{Route, SmsAccess, SmsRefused, SmsSender};
pub use status::Status;
pub use unlock::Unlock;
