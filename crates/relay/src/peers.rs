//! Other servers of ours, asked over the network.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sealpost_server::peer::{Patience, Peer};
use sealpost_wire::RelayRef;
use sealpost_wire::manifest::{KeyService, Role};

use crate::service::KeyServiceManifests;

/// Key services as they are reached from here.
pub(crate) struct Peers;

impl KeyServiceManifests for Peers {
    fn ask<'a>(&'a self, service: &'a RelayRef) -> BoxFuture<'a, Option<KeyService>> {
        let said = async {
            let peer = Peer::connect(service, Patience::default()).await.ok()?;
            let manifest = &peer.manifest().manifest;
            manifest.key_service.clone().filter(|_| manifest.role == Role::KeyService)
        };
        said.boxed()
    }
}
