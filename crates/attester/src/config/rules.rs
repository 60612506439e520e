//! What no type can say of the values.

use std::time::Duration;

use sealpost_server::config::Rules;

use super::{Config, GatewayKind};

pub(super) fn check(config: &Config, rules: &mut Rules) {
    let itself = config.directory.as_ref().is_some_and(|directory| directory.host == config.attester.host);
    rules.require(!itself, "directory", "the attester itself is at that place");
    gateway(config, rules);
    let limits = &config.limits;
    rules.within(limits.codes_per_minute, 1..=u32::MAX, "limits.codes_per_minute");
    // A code that is counted takes some hundred bytes.
    rules.within(limits.codes_per_day, 1..=10_000_000, "limits.codes_per_day");
    rules.within(limits.hashers, 1..=64, "limits.hashers");
}

fn gateway(config: &Config, rules: &mut Rules) {
    let gateway = &config.gateway;
    let found = gateway.kind != GatewayKind::Webhook || gateway.url.is_some();
    rules.require(found, "gateway.url", "a webhook needs one");
    let timeout = gateway.timeout;
    rules.require(timeout >= Duration::from_secs(1), "gateway.timeout", "too little");
    // Else the client is told to try later before it is known whether a code was sent.
    rules.require(timeout < config.connections.request_timeout, "gateway.timeout", "as long as a request may take");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(change: impl FnOnce(&mut Config)) -> Vec<String> {
        let mut config = Config::default();
        change(&mut config);
        sealpost_server::config::broken(&config).into_iter().map(|broken| broken.key).collect()
    }

    #[test]
    fn the_default_breaks_none() {
        assert!(broken(|_| {}).is_empty());
    }

    #[test]
    fn a_webhook_has_a_url_and_less_time_than_a_request() {
        assert_eq!(broken(|config| config.gateway.kind = GatewayKind::Webhook), ["gateway.url"]);
        assert_eq!(broken(|config| config.gateway.timeout = Duration::from_millis(999)), ["gateway.timeout"]);
        assert_eq!(broken(|config| config.gateway.timeout = Duration::from_secs(30)), ["gateway.timeout"]);
    }

    #[test]
    fn limits_are_numbers_that_can_be_kept() {
        assert_eq!(broken(|config| config.limits.codes_per_minute = 0), ["limits.codes_per_minute"]);
        assert_eq!(broken(|config| config.limits.codes_per_day = 10_000_001), ["limits.codes_per_day"]);
        assert_eq!(broken(|config| config.limits.hashers = 65), ["limits.hashers"]);
    }

    #[test]
    fn an_attester_is_not_its_own_directory() {
        let reference = "sealpost-relay:localhost:8443/25NJQAMCWEFLPVKL73J4SZAHHIHOC4XT3KTCGJNPAINGR5YHKENA";
        assert_eq!(broken(|config| config.directory = Some(reference.parse().unwrap())), ["directory"]);
    }
}
