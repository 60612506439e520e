//! A directory with one person's store, and the three phases of its life.

use std::path::Path;
use std::sync::Arc;

use rusqlite::Transaction;
use sealpost_identity::consent::Messaging;
use sealpost_identity::{CardSeed, Consent, IdentityKeyPair};
use sealpost_wire::{CollectKey, DepositKey, RelayRef, StockKey};

use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::leaving::Leaving;
use crate::options::Options;
use crate::store::mailboxes::Purpose;
use crate::store::profile::{Own, Phase};
use crate::store::shelves::CardKind;
use crate::store::{Store, StoreError, mailboxes, profile, relays, shelves};
use crate::unlock::Unlock;

/// An opened profile, in the phase that its store says it is in.
#[derive(Debug)]
pub enum Profile {
    /// There is no consent; nothing but this directory knows of it.
    Fresh(Device),
    /// Messaging was consented to.
    OptedIn(Client),
    /// The consent was revoked; objects are left to be closed on relays.
    Leaving(Leaving),
}

impl Profile {
    /// Opens the profile in `directory`, or makes a fresh one where there is nothing. Nothing is sent, and no engine is
    /// started.
    ///
    /// ```
    /// use sealpost_client::{Options, Profile, Unlock};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// let profile = Profile::open(directory.path(), &Unlock::raw_key([7; 32]), Options::default())?;
    /// assert!(matches!(profile, Profile::Fresh(_)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::WrongKey`], [`ErrorKind::Corrupt`], [`ErrorKind::Foreign`], [`ErrorKind::NewerVersion`], or one of
    /// the kinds of trouble with storage.
    pub fn open(directory: &Path, unlock: &Unlock, options: Options) -> Result<Self, Error> {
        let store = Arc::new(Store::open(directory, unlock)?);
        match store.read(profile::phase)? {
            Phase::Fresh => Ok(Self::Fresh(Device { store, options })),
            Phase::OptedIn => Ok(Self::OptedIn(Client::open(store, options)?)),
            Phase::Leaving => Ok(Self::Leaving(Leaving::open(store, options)?)),
        }
    }
}

/// A profile without consent. It can do local things only: there is no way from here to a network but
/// [`Device::opt_in`].
///
/// ```compile_fail
/// # let directory = tempfile::tempdir().unwrap();
/// use sealpost_client::{Options, Profile, Unlock};
/// let Ok(Profile::Fresh(device)) = Profile::open(directory.path(), &Unlock::raw_key([7; 32]), Options::default())
///     else { return };
/// device.start(); // a `Device` has no engine
/// ```
pub struct Device {
    store: Arc<Store>,
    options: Options,
}

impl Device {
    /// Records the consent, and makes an identity and two cards: one to show to others, one that contacts are given.
    ///
    /// Works offline: the engine opens mailboxes and shelves at `relay` when it is reached. Durable when it returns.
    ///
    /// ```
    /// use sealpost_client::{Options, Profile, Unlock};
    /// use sealpost_identity::consent::{Consent, Messaging, Prompt};
    /// use sealpost_wire::time::Day;
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let operator = sealpost_wire::operator::OperatorSecret::from_seed(&[1; 32]).public();
    /// # let relay = sealpost_wire::RelayRef { host: "relay.example.org:443".parse()?, operator };
    /// let Profile::Fresh(device) = Profile::open(directory.path(), &Unlock::raw_key([7; 32]), Options::default())?
    ///     else { return Ok(()) };
    /// let prompt = Prompt::<Messaging>::standard();
    /// // Show `prompt.text()`; when the person agrees:
    /// let client = device.opt_in(Consent::given(prompt, Day(20_000)), relay)?;
    /// println!("{}", client.card()?.to_link());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Trouble with storage; nothing has changed then. [`ErrorKind::OptedOut`] when another process opted in meanwhile;
    /// [`ErrorKind::ProxyUnfit`] when the proxy that the options name is run by the relay's operator.
    pub fn opt_in(self, consent: Consent<Messaging>, relay: RelayRef) -> Result<Client, Error> {
        if self.options.proxy.as_ref().is_some_and(|proxy| proxy.operator == relay.operator) {
            return Err(ErrorKind::ProxyUnfit.into());
        }
        let own = Own { identity: IdentityKeyPair::generate(&mut rand::rng()), relay };
        self.store.write(|tx| {
            profile::opt_in(tx, &consent, &own)?;
            add_card(tx, CardKind::Shown)?;
            add_card(tx, CardKind::Inner).map(|_row| ())
        })?;
        Client::open(self.store, self.options)
    }
}

/// Makes a card with its shelf and front door on one's own relay, which learns of them when the engine opens them.
pub(crate) fn add_card(tx: &Transaction<'_>, kind: CardKind) -> Result<i64, StoreError> {
    let mut rng = rand::rng();
    let relay = relays::home(tx)?;
    let (seed, stock) = (CardSeed::random(&mut rng), StockKey::random(&mut rng));
    let card = shelves::add(tx, relay, kind, &seed, &stock, &mut rng)?;
    let purpose = Purpose::FrontDoor { card };
    mailboxes::add(tx, relay, &DepositKey::random(&mut rng), &CollectKey::random(&mut rng), &purpose)?;
    Ok(card)
}

impl std::fmt::Debug for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Device")
    }
}
