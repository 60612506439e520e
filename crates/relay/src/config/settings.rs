//! What the service and the manifest are told of the configuration.

use std::num::NonZeroU32;

use bytesize::ByteSize;
use sealpost_server::config::bytes;
use sealpost_server::peer::Patience;
use sealpost_wire::RelayRef;
use sealpost_wire::manifest::{Argon2, Limits, Retention};
use sealpost_wire::ticket::TicketKind;

use super::{Backend, Config, Directory, Durability, KeyService, OhttpProxy, Role, TicketPolicy};
use crate::service::{DirectorySettings, Memory, Settings, TicketSettings};
use crate::store::redis::Rates;
use crate::tickets::{self, Allowances, Policy};
use crate::{key_service, ohttp_proxy};

const HOUR: u64 = 60 * 60;
/// With `appendfsync everysec`, Redis syncs every second, and waits for a sync that is under way for another.
const LOST_BY_SECOND: u32 = 2;

impl Config {
    /// What the service is opened with.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings {
            directory: self.data.clone(),
            redis: (self.store.backend == Backend::Redis).then(|| self.redis.options(self.shared_rates())),
            limits: self.manifest_limits(),
            retention: self.manifest_retention(),
            memory: self.memory(),
            discovery: self.directory.enabled.then(|| self.directory_settings()),
            tickets: self
                .ticket_settings()
                .map(|issuer| TicketSettings { issuer, strangers_per_hour: self.tickets.strangers_per_hour }),
        }
    }

    /// How long before a crash what was accepted may be lost, in seconds; what the manifest tells.
    #[must_use]
    pub fn may_lose_seconds(&self) -> u32 {
        let is_second = self.store.backend == Backend::Redis && self.redis.durability == Durability::Second;
        if is_second { LOST_BY_SECOND } else { 0 }
    }

    /// What all relays of one store count together.
    fn shared_rates(&self) -> Rates {
        Rates { takes_per_hour: self.limits.takes_per_hour, strangers_per_hour: self.tickets.strangers_per_hour }
    }

    fn directory_settings(&self) -> DirectorySettings {
        let Directory { enabled: _, key_services, attester, hash_memory, hash_passes, publishes_per_minute } =
            self.directory.clone();
        DirectorySettings {
            key_services,
            attester,
            argon2: Argon2 { memory_mib: mib(hash_memory), passes: hash_passes, lanes: 1 },
            publishes_per_minute: NonZeroU32::new(publishes_per_minute).unwrap_or(NonZeroU32::MIN),
        }
    }

    /// What a key service is opened with.
    #[must_use]
    pub fn key_service_settings(&self) -> key_service::Settings {
        let KeyService { keys, attester, batches_per_minute, vouchers_per_epoch } = self.key_service.clone();
        let batches_per_minute = NonZeroU32::new(batches_per_minute).unwrap_or(NonZeroU32::MIN);
        let tickets = self.ticket_settings();
        key_service::Settings { directory: keys, attester, batches_per_minute, vouchers_per_epoch, tickets }
    }

    /// What tickets are issued with; none where there are none.
    #[must_use]
    pub fn ticket_settings(&self) -> Option<tickets::Settings> {
        let policy = match self.tickets.policy {
            TicketPolicy::Off => return None,
            TicketPolicy::Open => Policy::Open,
            TicketPolicy::Invite => Policy::Invite,
            TicketPolicy::Attestation => Policy::Attestation(Box::new(self.ticket_attester()?.clone())),
        };
        Some(tickets::Settings {
            directory: self.tickets.keys.clone(),
            allowances: self.allowances(&policy),
            policy,
            issues_per_minute: NonZeroU32::new(self.tickets.issues_per_minute).unwrap_or(NonZeroU32::MIN),
        })
    }

    /// The attester on whose word tickets may be given.
    pub(super) const fn ticket_attester(&self) -> Option<&RelayRef> {
        match self.role {
            Role::KeyService => self.key_service.attester.as_ref(),
            Role::Relay | Role::OhttpProxy => self.directory.attester.as_ref(),
        }
    }

    /// A relay gives no tickets for what a key service does, and where anyone gets tickets, nobody needs the next ones.
    fn allowances(&self, policy: &Policy) -> Allowances {
        let tickets = &self.tickets;
        let renewal = (TicketKind::Renewal, u16::from(*policy != Policy::Open));
        let publish = (TicketKind::Publish, if self.directory.enabled { tickets.entries } else { 0 });
        Allowances(match self.role {
            Role::KeyService => vec![(TicketKind::Evaluate, tickets.batches), renewal],
            Role::Relay | Role::OhttpProxy => vec![
                (TicketKind::Mailbox, tickets.mailboxes),
                (TicketKind::Shelf, tickets.shelves),
                publish,
                (TicketKind::FrontDoor, tickets.front_doors),
                renewal,
            ],
        })
    }

    /// What a proxy is opened with.
    #[must_use]
    pub fn ohttp_proxy_settings(&self) -> ohttp_proxy::Settings {
        let OhttpProxy { gateways, connections, waiting, timeout, workers: _ } = self.ohttp_proxy.clone();
        let patience = Patience { request: timeout, ..Patience::default() };
        ohttp_proxy::Settings { gateways, connections, waiting, patience }
    }

    /// The limits that the manifest tells.
    #[must_use]
    pub fn manifest_limits(&self) -> Limits {
        Limits {
            mailbox_envelopes: self.limits.mailbox_envelopes,
            mailbox_bytes: self.limits.mailbox_bytes.as_u64(),
            deposits_per_minute: self.limits.deposits_per_minute,
            takes_per_hour: self.limits.takes_per_hour,
            shelf_items: self.limits.shelf_items,
            subscriptions: self.limits.subscriptions,
            body_bytes: bytes(self.limits.body),
        }
    }

    /// The retention that the manifest tells, in whole hours and days, rounded up.
    #[must_use]
    pub fn manifest_retention(&self) -> Retention {
        let (envelopes, lease) = (self.retention.envelopes.as_secs(), self.retention.lease.as_secs());
        Retention { envelope_hours: whole(envelopes, HOUR), lease_days: whole(lease, 24 * HOUR) }
    }

    fn memory(&self) -> Memory {
        Memory {
            in_flight_bytes: bytes(self.store.in_flight),
            undelivered_bytes: bytes(self.store.undelivered),
            index_bytes: bytes(self.store.index),
            cache_bytes: self.store.cache.as_u64(),
            disk_reserve_bytes: self.store.disk_reserve.as_u64(),
        }
    }
}

/// A size in MiB.
pub(super) fn mib(size: ByteSize) -> u32 {
    u32::try_from(size.as_u64() / (1024 * 1024)).unwrap_or(u32::MAX)
}

fn whole(seconds: u64, unit: u64) -> u32 {
    u32::try_from(seconds.div_ceil(unit)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_the_services_own() {
        let settings = Config::default().settings();
        assert_eq!(settings, Settings { directory: settings.directory.clone(), ..Settings::default() });
    }
}
