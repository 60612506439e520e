//! Which way requests take, and how mailboxes are collected.

use sealpost_wire::RelayRef;

use super::Client;
use crate::contact::ContactId;
use crate::error::{Error, ErrorKind};
use crate::net::Way;
use crate::options::Options;
use crate::policy::CollectPolicy;
use crate::store::{Store, profile};

impl Client {
    /// Chooses how mailboxes are collected, from now on and for good; a running engine goes over to it, in whichever process.
    ///
    /// ```
    /// # use sealpost_client::{CollectPolicy, ErrorKind, Options, Profile, Unlock};
    /// # use sealpost_identity::consent::{Consent, Prompt};
    /// # let reference = |seed| sealpost_wire::operator::OperatorSecret::from_seed(&[seed; 32]).public();
    /// # let relay = sealpost_wire::RelayRef { host: "relay.example.org:443".parse()?, operator: reference(1) };
    /// # let proxy = sealpost_wire::RelayRef { host: "proxy.example.net:443".parse()?, operator: reference(2) };
    /// # let here = tempfile::tempdir()?;
    /// # let profile = Profile::open(here.path(), &Unlock::raw_key([7; 32]), Options::default())?;
    /// # let Profile::Fresh(device) = profile else { unreachable!() };
    /// # let client = device.opt_in(Consent::given(Prompt::standard(), sealpost_wire::time::Day(20_000)), relay)?;
    /// let refused = client.set_collect_policy(CollectPolicy::Apart).unwrap_err();
    /// assert_eq!(refused.kind(), ErrorKind::ProxyNeeded);
    /// client.set_proxy(Some(proxy))?;
    /// client.set_collect_policy(CollectPolicy::Apart)?;
    /// assert_eq!(client.status()?.policy, CollectPolicy::Apart);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::ProxyNeeded`], or trouble with storage.
    pub fn set_collect_policy(&self, policy: CollectPolicy) -> Result<(), Error> {
        let refused = self.change(|tx| {
            let way = profile::way(tx)?;
            if policy == CollectPolicy::Apart && way.proxy.is_none() {
                return Ok(Err(ErrorKind::ProxyNeeded));
            }
            profile::set_way(tx, &Way { policy, ..way }).map(Ok)
        });
        Ok(refused??)
    }

    /// Names the proxy that requests go through from now on, or none. As [`Options::proxy`].
    ///
    /// # Errors
    /// [`ErrorKind::ProxyUnfit`] when it is run by the operator of one's relay; [`ErrorKind::ProxyNeeded`] when there would be
    /// none and mailboxes are collected apart; trouble with storage.
    pub fn set_proxy(&self, proxy: Option<RelayRef>) -> Result<(), Error> {
        name(&self.0.store, proxy)?;
        self.0.changed.notify_one();
        Ok(())
    }

    /// Says which conversations the app has open: collected apart, their mailboxes are asked for more often, as long as an
    /// engine of this process runs. Nothing is stored.
    pub fn set_open_conversations(&self, contacts: impl IntoIterator<Item = ContactId>) {
        self.0.looked_at.send_replace(contacts.into_iter().collect());
    }
}

/// Has the profile remember the proxy that options name.
///
/// # Errors
/// As [`Client::set_proxy`].
pub(crate) fn remember(store: &Store, options: &Options) -> Result<(), Error> {
    if options.proxy.is_some() { name(store, options.proxy.clone()) } else { Ok(()) }
}

fn name(store: &Store, proxy: Option<RelayRef>) -> Result<(), Error> {
    let refused = store.write(|tx| {
        let (way, relay) = (profile::way(tx)?, profile::relay(tx)?);
        if proxy.as_ref().is_some_and(|proxy| proxy.operator == relay.operator) {
            return Ok(Err(ErrorKind::ProxyUnfit));
        }
        if proxy.is_none() && way.policy == CollectPolicy::Apart {
            return Ok(Err(ErrorKind::ProxyNeeded));
        }
        profile::set_way(tx, &Way { proxy, ..way }).map(Ok)
    });
    Ok(refused??)
}
