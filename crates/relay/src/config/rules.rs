//! What no type can say of the values.

use std::collections::BTreeSet;
use std::time::Duration;

use bytesize::ByteSize;
use sealpost_blind::discovery::Parameters;
use sealpost_server::config::{Broken, Rules};
use sealpost_wire::request::MAX_ITEMS;

use super::{
    Backend, Config, Directory, KeyService, Limits, OhttpProxy, Retention, Role, Store, TicketPolicy, Tickets,
};
use crate::{keys, ohttp_proxy};

const MIB: u64 = 1024 * 1024;
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);
/// What a request takes that fills a shelf, at least.
const LEAST_BODY: ByteSize = ByteSize::kib(448);
const MOST_BODY: ByteSize = ByteSize::mib(16);
/// The most gateways of a proxy.
const MOST_GATEWAYS: usize = 256;
/// What the largest envelope takes, as stored.
const LEAST_MAILBOX: ByteSize = ByteSize::kib(64);

/// Adds every rule that `config` breaks, besides those of every server.
pub(super) fn check(config: &Config, rules: &mut Rules) {
    retention(&config.retention, rules);
    limits(&config.limits, rules);
    store(&config.store, rules);
    if config.store.backend == Backend::Redis {
        config.redis.check(rules);
    }
    directory(config, rules);
    key_service(config, rules);
    tickets(config, rules);
    let elsewhere = config.oblivious.keys != config.data && config.oblivious.keys != config.key_service.keys;
    rules.require(elsewhere, "oblivious.keys", "other things lie there");
    ohttp_proxy(config, rules);
}

/// What `config` must not say beside the key of its operator. Without one there is nothing to say.
pub(super) fn beside_the_key(config: &Config) -> Vec<Broken> {
    if config.role != Role::OhttpProxy {
        return Vec::new();
    }
    let Ok(operator) = keys::read_operator(&config.operator_key) else { return Vec::new() };
    let own = ohttp_proxy::run_by(&operator.public(), &config.ohttp_proxy_settings());
    let why =
        |place| format!("gateway {place} has this server's own operator key: one operator would see who asks what");
    own.into_iter().map(|place| Broken { key: "ohttp_proxy.gateways".into(), why: why(place) }).collect()
}

fn retention(kept: &Retention, rules: &mut Rules) {
    rules.within(kept.envelopes, HOUR..=365 * DAY, "retention.envelopes");
    rules.within(kept.lease, DAY..=3_650 * DAY, "retention.lease");
    rules.require(kept.lease >= kept.envelopes, "retention.lease", "a mailbox would lapse before what lies in it");
}

fn limits(limits: &Limits, rules: &mut Rules) {
    rules.within(limits.mailbox_envelopes, 1..=u32::MAX, "limits.mailbox_envelopes");
    rules.within(limits.mailbox_bytes, LEAST_MAILBOX..=ByteSize(u64::MAX), "limits.mailbox_bytes");
    rules.within(limits.deposits_per_minute, 1..=u32::MAX, "limits.deposits_per_minute");
    rules.within(limits.takes_per_hour, 1..=u32::MAX, "limits.takes_per_hour");
    rules.within(limits.shelf_items as usize, 1..=MAX_ITEMS, "limits.shelf_items");
    rules.within(limits.subscriptions, 1..=65_536, "limits.subscriptions");
    rules.within(limits.body, LEAST_BODY..=MOST_BODY, "limits.body");
}

fn store(store: &Store, rules: &mut Rules) {
    rules.memory(store.in_flight, "store.in_flight");
    rules.memory(store.undelivered, "store.undelivered");
    rules.memory(store.index, "store.index");
    rules.memory(store.cache, "store.cache");
}

fn directory(config: &Config, rules: &mut Rules) {
    let Directory { enabled: _, key_services, attester, hash_memory, hash_passes, publishes_per_minute } =
        &config.directory;
    let one_operator = matches!(key_services.as_slice(), [first, second] if first.operator == second.operator);
    rules.require(key_services.len() <= 2, "directory.key_services", "no client asks more than two key services");
    rules.require(!one_operator, "directory.key_services", "both are of one operator, which is one key service");
    let is_itself = |other: &sealpost_wire::RelayRef| other.host == config.relay.host;
    rules.require(!key_services.iter().any(is_itself), "directory.key_services", "this server itself is at that place");
    rules.require(
        !attester.as_ref().is_some_and(is_itself),
        "directory.attester",
        "this server itself is at that place",
    );
    let whole = hash_memory.as_u64() % MIB == 0;
    rules.require(whole, "directory.hash_memory", "not a number of whole MiB");
    let cost = Parameters::new(super::settings::mib(*hash_memory), *hash_passes, 1);
    rules.require(
        !whole || cost.is_ok(),
        "directory.hash_memory",
        "with these passes, no client would do so much, or so little",
    );
    rules.within(*publishes_per_minute, 1..=u32::MAX, "directory.publishes_per_minute");
}

fn key_service(config: &Config, rules: &mut Rules) {
    let KeyService { keys, attester, batches_per_minute, vouchers_per_epoch } = &config.key_service;
    rules.require(*keys != config.data, "key_service.keys", "a relay's store lies there");
    let itself = attester.as_ref().is_some_and(|attester| attester.host == config.relay.host);
    rules.require(!itself, "key_service.attester", "this server itself is at that place");
    rules.within(*batches_per_minute, 1..=u32::MAX, "key_service.batches_per_minute");
    rules.within(*vouchers_per_epoch, 1..=u32::MAX, "key_service.vouchers_per_epoch");
}

fn tickets(config: &Config, rules: &mut Rules) {
    let Tickets { policy, keys, issues_per_minute, front_doors, strangers_per_hour, .. } = &config.tickets;
    let others = [&config.data, &config.key_service.keys, &config.oblivious.keys];
    rules.require(!others.contains(&keys), "tickets.keys", "other things lie there");
    let attested = *policy != TicketPolicy::Attestation || config.ticket_attester().is_some();
    rules.require(
        attested,
        "tickets.policy",
        "no attester is named, in [directory] or, of a key service, [key_service]",
    );
    rules.within(*issues_per_minute, 1..=u32::MAX, "tickets.issues_per_minute");
    rules.within(*front_doors, 1..=64, "tickets.front_doors");
    rules.within(*strangers_per_hour, 1..=u32::MAX, "tickets.strangers_per_hour");
    let Tickets { mailboxes, shelves, entries, batches, .. } = config.tickets;
    for (count, key) in [(mailboxes, "tickets.mailboxes"), (shelves, "tickets.shelves"), (entries, "tickets.entries")] {
        rules.within(count, 8..=512, key);
    }
    // More would be a longer request than a key service reads.
    rules.within(batches, 8..=64, "tickets.batches");
}

fn ohttp_proxy(config: &Config, rules: &mut Rules) {
    let OhttpProxy { gateways, connections, waiting, timeout, workers } = &config.ohttp_proxy;
    let itself = gateways.iter().any(|gateway| gateway.host == config.relay.host);
    rules.require(!itself, "ohttp_proxy.gateways", "this server itself is one of them");
    let hosts: BTreeSet<_> = gateways.iter().map(|gateway| &gateway.host).collect();
    rules.require(hosts.len() == gateways.len(), "ohttp_proxy.gateways", "one of them is there twice");
    rules.require(gateways.len() <= MOST_GATEWAYS, "ohttp_proxy.gateways", "too many");
    rules.within(*connections, 1..=256, "ohttp_proxy.connections");
    rules.within(*waiting, 1..=usize::MAX >> 4, "ohttp_proxy.waiting");
    rules.within(*workers, 1..=64, "ohttp_proxy.workers");
    rules.within(*timeout, Duration::from_secs(1)..=HOUR, "ohttp_proxy.timeout");
    let in_time = *timeout < config.connections.request_timeout || config.role != Role::OhttpProxy;
    rules.require(in_time, "ohttp_proxy.timeout", "by then, whoever asked has been told to try later");
}

#[cfg(test)]
mod tests {
    use sealpost_server::config::broken;

    use super::*;
    use crate::config::TlsMode;

    fn broken_keys(change: impl FnOnce(&mut Config)) -> Vec<String> {
        let mut config = Config::default();
        change(&mut config);
        broken(&config).into_iter().map(|broken| broken.key).collect()
    }

    #[test]
    fn the_default_breaks_no_rule() {
        assert_eq!(broken_keys(|_| {}), [""; 0]);
    }

    #[test]
    fn tls_is_off_on_loopback_alone() {
        let off = |listen: &str| {
            broken_keys(|config| (config.tls.mode, config.listen) = (TlsMode::Off, listen.parse().unwrap()))
        };
        assert!(off("127.0.0.1:1").is_empty());
        assert!(off("[::1]:1").is_empty());
        assert_eq!(off("0.0.0.0:1"), ["tls.mode"]);
        assert_eq!(off("192.168.1.1:1"), ["tls.mode"]);
    }

    #[test]
    fn values_out_of_range_are_refused() {
        assert_eq!(broken_keys(|config| config.limits.body = ByteSize::kib(447)), ["limits.body"]);
        assert_eq!(broken_keys(|config| config.limits.shelf_items = 101), ["limits.shelf_items"]);
        assert_eq!(broken_keys(|config| config.connections.max = 0), ["connections.max"]);
        assert_eq!(
            broken_keys(|config| config.connections.idle_timeout = Duration::ZERO),
            ["connections.idle_timeout"]
        );
        assert_eq!(broken_keys(|config| config.relay.name = "a\nb".into()), ["relay.name"]);
        assert_eq!(broken_keys(|config| config.tls.web_pki = true), ["tls.web_pki"]);
    }

    #[test]
    fn a_lease_is_no_shorter_than_what_it_keeps() {
        let short = |config: &mut Config| (config.retention.envelopes, config.retention.lease) = (2 * DAY, DAY);
        assert_eq!(broken_keys(short), ["retention.lease"]);
    }

    #[test]
    fn a_key_service_has_a_directory_and_an_attester_other_than_itself() {
        assert_eq!(broken_keys(|config| config.key_service.keys = config.data.clone()), ["key_service.keys"]);
        let operator = sealpost_wire::operator::OperatorSecret::from_seed(&[1; 32]).public();
        let attester = |host: &str| {
            let attester = sealpost_wire::RelayRef { host: host.parse().unwrap(), operator };
            broken_keys(|config| config.key_service.attester = Some(attester))
        };
        assert_eq!(attester("localhost:8443"), ["key_service.attester"]);
        assert!(attester("localhost:8445").is_empty());
        let nobody = |config: &mut Config| {
            (config.key_service.batches_per_minute, config.key_service.vouchers_per_epoch) = (0, 0);
        };
        assert_eq!(broken_keys(nobody), ["key_service.batches_per_minute", "key_service.vouchers_per_epoch"]);
    }

    #[test]
    fn a_proxys_gateways_are_others_each_once_and_answer_before_it_does() {
        let proxy = |hosts: &[&str], timeout: u64| {
            broken_keys(|config| {
                let operator = sealpost_wire::operator::OperatorSecret::from_seed(&[1; 32]).public();
                let gateway = |host: &&str| sealpost_wire::RelayRef { host: host.parse().unwrap(), operator };
                config.role = Role::OhttpProxy;
                config.ohttp_proxy.gateways = hosts.iter().map(gateway).collect();
                config.ohttp_proxy.timeout = Duration::from_secs(timeout);
            })
        };
        assert!(proxy(&["a.example:1", "a.example:2"], 29).is_empty());
        assert_eq!(proxy(&["a.example:1", "a.example:1"], 29), ["ohttp_proxy.gateways"]);
        assert_eq!(proxy(&["localhost:8443"], 29), ["ohttp_proxy.gateways"]);
        assert_eq!(proxy(&[], 30), ["ohttp_proxy.timeout"]);
        assert_eq!(broken_keys(|config| config.ohttp_proxy.connections = 0), ["ohttp_proxy.connections"]);
        assert_eq!(broken_keys(|config| config.ohttp_proxy.workers = 0), ["ohttp_proxy.workers"]);
    }

    #[test]
    fn the_keys_of_days_have_a_directory_of_their_own() {
        assert_eq!(broken_keys(|config| config.oblivious.keys = config.data.clone()), ["oblivious.keys"]);
        assert_eq!(broken_keys(|config| config.oblivious.keys = config.key_service.keys.clone()), ["oblivious.keys"]);
    }

    #[test]
    fn tickets_on_an_attesters_word_need_an_attester() {
        let attested = |config: &mut Config| config.tickets.policy = TicketPolicy::Attestation;
        assert_eq!(broken_keys(attested), ["tickets.policy"]);
        let operator = sealpost_wire::operator::OperatorSecret::from_seed(&[1; 32]).public();
        let attester = sealpost_wire::RelayRef { host: "a.example:1".parse().unwrap(), operator };
        let with = |config: &mut Config| {
            (config.directory.attester, config.tickets.policy) = (Some(attester), TicketPolicy::Attestation);
        };
        assert!(broken_keys(with).is_empty());
        assert_eq!(broken_keys(|config| config.tickets.keys = config.data.clone()), ["tickets.keys"]);
        assert_eq!(broken_keys(|config| config.tickets.mailboxes = 7), ["tickets.mailboxes"]);
    }

    #[test]
    fn a_directory_has_two_key_services_at_most_of_two_operators() {
        let service = |host: &str, operator: u8| sealpost_wire::RelayRef {
            host: host.parse().unwrap(),
            operator: sealpost_wire::operator::OperatorSecret::from_seed(&[operator; 32]).public(),
        };
        let services = |services: &[sealpost_wire::RelayRef]| {
            broken_keys(|config| config.directory.key_services = services.to_vec())
        };
        let (one, other, third) = (service("a.example:1", 1), service("b.example:1", 2), service("c.example:1", 3));
        assert!(services(&[one.clone(), other.clone()]).is_empty());
        assert_eq!(services(&[one.clone(), other, third]), ["directory.key_services"]);
        assert_eq!(services(&[one, service("b.example:1", 1)]), ["directory.key_services"]);
        assert_eq!(services(&[service("localhost:8443", 1)]), ["directory.key_services"]);
    }

    #[test]
    fn a_directory_asks_of_devices_what_they_bear() {
        let cost = |memory, passes| {
            broken_keys(|config| (config.directory.hash_memory, config.directory.hash_passes) = (memory, passes))
        };
        assert!(cost(ByteSize::mib(19), 2).is_empty());
        assert_eq!(cost(ByteSize::gib(4), 1), ["directory.hash_memory"]);
        assert_eq!(cost(ByteSize::mib(64), 1_000_000), ["directory.hash_memory"]);
        assert_eq!(cost(ByteSize::mib(64) + ByteSize::kib(1), 3), ["directory.hash_memory"]);
    }

    #[test]
    fn the_least_body_holds_a_full_shelf() {
        let full_shelf = (MAX_ITEMS + 1) * (sealpost_wire::SealedItem::LENGTH + 3) + 128;
        assert!(LEAST_BODY.as_u64() >= full_shelf as u64);
    }
}
