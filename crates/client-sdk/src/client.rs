//! An opted-in profile: contacts, messages, the card, the engine.

pub(crate) mod contacts;
mod conversations;
mod discovery;
pub(crate) mod route;
mod running;
mod telling;

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use sealpost_identity::{CardRef, IdentityKey, IdentityKeyPair};
use sealpost_wire::RelayRef;
use sealpost_wire::ticket::InviteCode;
use tokio::sync::{Notify, broadcast, watch};
use tokio_util::sync::CancellationToken;

use crate::clock;
use crate::contact::ContactId;
use crate::error::Error;
#[cfg(doc)]
use crate::error::ErrorKind;
use crate::event::{Connection, Event, Events};
use crate::leaving::Leaving;
use crate::options::Options;
use crate::status::Status;
use crate::store::shelves::CardKind;
use crate::store::{
    Store, contacts as contact_rows, inbox, mailboxes, messages, outbox, pins, profile, shelves, tickets,
};

pub use running::Running;

/// An opted-in profile. Cheap to clone; all clones are one profile.
///
/// Everything here is local and works offline; what is to be sent is kept until an engine, started by
/// [`Client::start`] in this process or in another one, has sent it. The calls that touch the store take some
/// milliseconds, since they return when what they did is durable: in asynchronous code, make them on a blocking thread
/// where that matters.
#[derive(Clone)]
pub struct Client(pub(crate) Arc<Inner>);

/// What the app's calls and the engine share.
pub(crate) struct Inner {
    pub(crate) store: Arc<Store>,
    pub(crate) identity: IdentityKeyPair,
    pub(crate) options: Options,
    pub(crate) events: broadcast::Sender<Event>,
    pub(crate) connection: watch::Sender<Connection>,
    /// The conversations that the app has open.
    pub(crate) looked_at: watch::Sender<BTreeSet<ContactId>>,
    /// Wakes the engine when this process has put something into the store.
    pub(crate) changed: Notify,
    /// Held by the one look-up that is under way.
    pub(crate) looking_up: tokio::sync::Mutex<()>,
    /// Ends the look-ups of this process. Another token takes its place when it has.
    pub(crate) look_ups: std::sync::Mutex<CancellationToken>,
}

/// How many events a reader may lag behind.
const EVENTS: usize = 4_096;

impl Inner {
    /// Tells whoever reads events.
    pub(crate) fn tell(&self, event: Event) {
        // Nobody has to read them.
        let _readers = self.events.send(event);
    }

    /// Ends the look-ups of this process.
    pub(crate) fn end_look_ups(&self) {
        let mut token = self.look_ups.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *token).cancel();
    }

    /// What ends a look-up that begins now.
    pub(crate) fn look_up_token(&self) -> CancellationToken {
        self.look_ups.lock().unwrap_or_else(PoisonError::into_inner).child_token()
    }

    /// Remembers, and tells if it is news.
    pub(crate) fn set_connection(&self, connection: Connection) {
        let is_news = |known: &mut Connection| std::mem::replace(known, connection) != connection;
        if self.connection.send_if_modified(is_news) {
            self.tell(Event::Connection(connection));
        }
    }
}

impl Client {
    pub(crate) fn open(store: Arc<Store>, options: Options) -> Result<Self, Error> {
        route::remember(&store, &options)?;
        let identity = store.read(profile::own)?.identity;
        let events = broadcast::Sender::new(EVENTS);
        let connection = watch::Sender::new(Connection::Idle);
        let looked_at = watch::Sender::default();
        let (changed, looking_up, look_ups) =
            (Notify::new(), tokio::sync::Mutex::default(), std::sync::Mutex::default());
        Ok(Self(Arc::new(Inner {
            store,
            identity,
            options,
            events,
            connection,
            looked_at,
            changed,
            looking_up,
            look_ups,
        })))
    }

    /// The card to show to others, as a link or a QR code. Whoever has it can write.
    ///
    /// It is valid from the opt-in on, and of use to others once the relay was reached for the first time.
    ///
    /// # Errors
    /// Trouble with storage.
    pub fn card(&self) -> Result<CardRef, Error> {
        let card = self.look(|tx| shelves::one(tx, CardKind::Shown))?;
        Ok(card.card(self.identity().hash()))
    }

    /// One's own identity key.
    #[must_use]
    pub fn identity(&self) -> &IdentityKey {
        self.0.identity.public()
    }

    /// Events from now on. Several readers each get all of them.
    #[must_use]
    pub fn events(&self) -> Events {
        Events::new(self.0.events.subscribe())
    }

    /// How the profile stands.
    ///
    /// ```
    /// # use sealpost_client::{Options, Profile, Unlock};
    /// # use sealpost_identity::consent::{Consent, Prompt};
    /// # let operator = sealpost_wire::operator::OperatorSecret::from_seed(&[1; 32]).public();
    /// # let relay = sealpost_wire::RelayRef { host: "relay.example.org:443".parse()?, operator };
    /// # let opted_in = |directory: &tempfile::TempDir| {
    /// #     let profile = Profile::open(directory.path(), &Unlock::raw_key([7; 32]), Options::default()).unwrap();
    /// #     let Profile::Fresh(device) = profile else { unreachable!() };
    /// #     device.opt_in(Consent::given(Prompt::standard(), sealpost_wire::time::Day(20_000)), relay.clone()).unwrap()
    /// # };
    /// # let (here, there) = (tempfile::tempdir()?, tempfile::tempdir()?);
    /// # let (client, other) = (opted_in(&here), opted_in(&there));
    /// let status = client.status()?;
    /// assert_eq!((status.contacts, status.outbox), (0, 0));
    /// assert!(!status.engine_runs);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Trouble with storage.
    pub fn status(&self) -> Result<Status, Error> {
        let Inner { store, connection, .. } = &*self.0;
        let engine_runs = crate::engine::lock::is_held(store.files())?;
        let connection = *connection.borrow();
        self.look(|tx| {
            let (relay, way) = (profile::relay(tx)?, profile::way(tx)?);
            Ok(Status {
                proxy: way.proxy,
                policy: way.policy,
                region: pins::manifest(tx, &relay)?.map(|manifest| manifest.region),
                relay,
                since: profile::consent_day(tx)?,
                connection,
                engine_runs,
                contacts: contact_rows::count(tx)?,
                outbox: outbox::count(tx)?,
                received: messages::count_received(tx)?,
                unopened: inbox::count_unopened(tx)?,
                mailboxes: mailboxes::count_open(tx)?,
                shelf_items: shelves::one(tx, CardKind::Shown)?.counted,
            })
        })
    }

    /// Keeps an invite code that the operator of a server has given, one's own relay above all. It is shown to that server
    /// when there are no tickets left, once, and by nothing that this profile has opened there. Works offline.
    ///
    /// # Errors
    /// Trouble with storage.
    pub fn add_invite(&self, server: &RelayRef, code: &InviteCode) -> Result<(), Error> {
        self.0.store.write(|tx| {
            profile::require_opted_in(tx)?;
            tickets::add_invite(tx, &server.operator, code)
        })?;
        self.0.changed.notify_one();
        Ok(())
    }

    /// Revokes the consent. Works offline, and is durable when it returns.
    ///
    /// Identity, contacts, sessions and messages are erased; what is left is what closes one's objects on the relay.
    /// [`Leaving::finish`] does that. Engines, also of other processes, stop by themselves.
    ///
    /// ```
    /// # use sealpost_client::{Options, Profile, Unlock};
    /// # use sealpost_identity::consent::{Consent, Prompt};
    /// # let operator = sealpost_wire::operator::OperatorSecret::from_seed(&[1; 32]).public();
    /// # let relay = sealpost_wire::RelayRef { host: "relay.example.org:443".parse()?, operator };
    /// # let opted_in = |directory: &tempfile::TempDir| {
    /// #     let profile = Profile::open(directory.path(), &Unlock::raw_key([7; 32]), Options::default()).unwrap();
    /// #     let Profile::Fresh(device) = profile else { unreachable!() };
    /// #     device.opt_in(Consent::given(Prompt::standard(), sealpost_wire::time::Day(20_000)), relay.clone()).unwrap()
    /// # };
    /// # let (here, there) = (tempfile::tempdir()?, tempfile::tempdir()?);
    /// # let (client, other) = (opted_in(&here), opted_in(&there));
    /// let leaving = client.opt_out()?;
    /// // Nothing of the person is left but what closes two front doors and two shelves.
    /// assert_eq!(leaving.report()?.pending, 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Trouble with storage; the consent is still in force then.
    pub fn opt_out(self) -> Result<Leaving, Error> {
        let Inner { store, options, changed, .. } = &*self.0;
        store.write(|tx| crate::leaving::revoke(tx, clock::now()))?;
        self.0.end_look_ups();
        changed.notify_one();
        Leaving::open(Arc::clone(store), options.clone())
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client")
    }
}
