//! Looking up, against servers that do as they should and servers that do not.
//!
//! What fails these tests: a number that was hashed or evaluated twice in an epoch, a bucket that was read twice on a day, an
//! answer that was used although its proof does not hold, a contact that was replaced in silence.

mod epochs;
mod looking_up;
mod misbehaving;
mod proving;
mod reaching;
mod routing;

use sealpost_identity::consent::{Consent, Messaging, Prompt};
use sealpost_identity::{AddressBook, CardRef, CardSeed, IdentityKeyPair, PhoneNumber};
use sealpost_wire::{RelayRef, Secret, StockHash};
use tempfile::TempDir;

use super::fake::World;
use super::{DiscoveryAccess, DiscoveryReport};
use crate::clock;
use crate::{Client, Options, Profile, Unlock};

/// Someone who looks others up.
pub(super) struct Seeker {
    pub(super) client: Client,
    pub(super) discovery: DiscoveryAccess,
    pub(super) directory: TempDir,
}

pub(super) fn options() -> Options {
    Options { lookup_pace: std::time::Duration::ZERO, ..Options::default() }
}

impl Seeker {
    pub(super) fn new(relay: &RelayRef) -> Self {
        Self::with(relay, options())
    }

    pub(super) fn with(relay: &RelayRef, options: Options) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let profile = Profile::open(directory.path(), &Unlock::raw_key([1; 32]), options).unwrap();
        let Profile::Fresh(device) = profile else { panic!("not fresh") };
        let consent = Consent::given(Prompt::<Messaging>::standard(), clock::today());
        let client = device.opt_in(consent, relay.clone()).unwrap();
        let discovery = client.consent_to_discovery(Consent::given(Prompt::standard(), clock::today())).unwrap();
        Self { client, discovery, directory }
    }

    /// Opens the profile again, as another process would.
    pub(super) fn reopened(self) -> Self {
        let Self { client, discovery, directory } = self;
        drop((client, discovery));
        let profile = Profile::open(directory.path(), &Unlock::raw_key([1; 32]), options()).unwrap();
        let Profile::OptedIn(client) = profile else { panic!("not opted in") };
        let discovery = client.discovery().unwrap().unwrap();
        Self { client, discovery, directory }
    }

    pub(super) async fn look_up(&self, book: AddressBook) -> DiscoveryReport {
        self.discovery.discover(book).unwrap().finish().await.unwrap()
    }
}

pub(super) fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text, None).unwrap()
}

/// The n-th number of a row.
pub(super) fn nth(n: u32) -> String {
    format!("+49151{n:08}")
}

pub(super) fn book(entries: &[(&str, &str)]) -> AddressBook {
    let mut book = AddressBook::new();
    entries.iter().for_each(|(name, text)| assert!(book.add(name, number(text))));
    book
}

/// So many people of a row, by their numbers' places in it.
pub(super) fn row(count: u32) -> AddressBook {
    let mut book = AddressBook::new();
    (0..count).for_each(|n| assert!(book.add(&format!("person {n}"), number(&nth(n)))));
    book
}

/// A card of somebody else.
pub(super) fn card(world: &World, n: u8) -> CardRef {
    let identity = IdentityKeyPair::from_secret(Secret::new([n; 32])).public().hash();
    let seed = CardSeed::new(Secret::new([n; 32]));
    CardRef { relay: world.relay(), seed, stock: StockHash::from_bytes([n; 32]), identity }
}

pub(super) fn names<T>(of: &[(String, T)]) -> Vec<&str> {
    let mut names: Vec<_> = of.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names
}
