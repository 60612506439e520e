//! Somebody with a profile.

use std::path::Path;
use std::time::Duration;

use sealpost_benches::conversation::relay;
use sealpost_client::consent::{Consent, Messaging, Prompt};
use sealpost_client::{CardRef, Client, Day, Options, Profile, RelayRef, Unlock};
use sealpost_identity::{CardSeed, IdentityKeyPair};
use sealpost_wire::StockKey;
use tempfile::TempDir;

pub(crate) struct Person {
    pub(crate) client: Client,
    pub(crate) directory: TempDir,
}

impl Person {
    /// Opted in, and not online.
    pub(crate) fn new(relay: &RelayRef) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let Profile::Fresh(device) = open(directory.path()) else { panic!("not fresh") };
        let client =
            device.opt_in(Consent::given(Prompt::<Messaging>::standard(), Day(20_000)), relay.clone()).unwrap();
        Self { client, directory }
    }

    /// The same, whose relay there is not.
    pub(crate) fn alone() -> Self {
        Self::new(&relay().unwrap())
    }
}

/// By a key that the device's keystore has: the slow hash of a passphrase is slow on purpose.
pub(crate) fn open(directory: &Path) -> Profile {
    // The relays are at loopback addresses.
    let options = Options { private_relays: true, gap_wait: Duration::from_secs(2), ..Options::default() };
    Profile::open(directory, &Unlock::raw_key([7; 32]), options).unwrap()
}

/// The card of somebody whom there is not.
pub(crate) fn card() -> CardRef {
    let rng = &mut rand::rng();
    let identity = IdentityKeyPair::generate(rng).public().hash();
    let stock = StockKey::random(rng).hash();
    CardRef { relay: relay().unwrap(), seed: CardSeed::random(rng), stock, identity }
}
