//! From a configuration to an attester.

use std::sync::Arc;
use std::time::Duration;

use sealpost_server::clock::{Clock, SystemClock};
use sealpost_server::peer::Patience;
use sealpost_server::{Foundation, keys};
use sealpost_wire::RelayRef;

use super::StartError;
use crate::asking::Network;
use crate::attesting::Attesting;
use crate::codes::Limits;
use crate::config::{Config, GatewayKind};
use crate::gateway::{FileGateway, Secret, SmsGateway, Webhook};
use crate::hashers::Hashers;
use crate::metrics::Metrics;
use crate::service::{Attester, Parts};
use crate::uptime::SinceStart;

/// How long a request waits for others to be hashed. What follows must fit into `connections.request_timeout` too.
const TURN: Duration = Duration::from_secs(10);
/// How long directory and key services may take.
const PATIENCE: Patience = Patience { connect: Duration::from_secs(4), request: Duration::from_secs(4) };

/// An attester as it is configured.
pub(super) fn attester(config: &Config, foundation: &Foundation) -> Result<Attester, StartError> {
    let network = Network::new(directory(config)?, PATIENCE);
    let hashers = Hashers::new(config.limits.hashers, TURN);
    let attesting = Attesting::new(Arc::new(network), Arc::clone(foundation.operator()), hashers);
    let limits = &config.limits;
    let parts = Parts {
        limits: Limits { per_minute: limits.codes_per_minute, per_day: limits.codes_per_day },
        gateway: gateway(config, foundation.clock())?,
        template: config.gateway.text.clone(),
        metrics: Metrics::new(foundation.registry()),
        clock: Arc::clone(foundation.clock()),
        uptime: Arc::new(SinceStart::now()),
    };
    Ok(Attester::new(attesting, parts))
}

/// Whether [`attester`] would make one.
pub(super) fn check(config: &Config) -> Result<(), StartError> {
    directory(config)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    gateway(config, &clock).map(drop)
}

fn directory(config: &Config) -> Result<RelayRef, StartError> {
    config.directory.clone().ok_or(StartError::NoDirectory)
}

fn gateway(config: &Config, clock: &Arc<dyn Clock>) -> Result<Arc<dyn SmsGateway>, StartError> {
    let gateway = &config.gateway;
    match gateway.kind {
        GatewayKind::File => Ok(Arc::new(FileGateway::new(gateway.file.clone()))),
        GatewayKind::Webhook => {
            let url = gateway.url.clone().ok_or(StartError::NoUrl)?;
            let line = keys::read(&gateway.secret).map_err(StartError::Secret)?;
            let secret = Secret::of_line(&line).map_err(StartError::SecretTooShort)?;
            let webhook = Webhook::new(url, secret, gateway.timeout, Arc::clone(clock));
            Ok(Arc::new(webhook.map_err(StartError::Tls)?))
        }
    }
}
