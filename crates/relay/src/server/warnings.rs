//! What does not keep a server from starting, and still is not as its operator would want it.

use std::fmt;
use std::path::Path;

use crate::config::{Backend, Config, Durability, Redis, Role};
use crate::log::Event;

const MIB: u64 = 1024 * 1024;
/// What the store needs to go on erasing when it is full: as much as it may hold back in memory before it is written.
const LEAST_RESERVE: u64 = 64 * MIB;
/// What the store's journal may take besides what is kept.
const JOURNAL: u64 = 128 * MIB;

/// Something that an operator should know of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warning {
    /// The admin listener is not on loopback.
    AdminExposed,
    /// So little of the disk is left that deposits are refused, or soon will be.
    LittleSpace {
        /// What is free where the data lies, in MiB.
        free: u64,
        /// What is to stay free, in MiB.
        reserve: u64,
    },
    /// The reserve is too small for what it is there for.
    LittleReserve,
    /// A key service that others than this machine reach evaluates for anyone.
    AnyoneMayAsk,
    /// The directory lists anyone under any number.
    AnyoneMayPublish,
    /// What keeps numbers from whoever has the directory is a price alone.
    NoKeyService,
    /// What goes to Redis can be read on its way.
    RedisInTheClear,
    /// What was accepted last may be lost.
    RedisMayLose,
    /// A proxy has nobody to pass anything on to.
    NoGateways,
}

impl Warning {
    pub(super) fn log(self) {
        match self {
            // The server itself says so.
            Self::AdminExposed => {}
            Self::LittleSpace { free, reserve } => Event::LittleSpace { free, reserve }.log(),
            Self::LittleReserve => Event::LittleReserve {}.log(),
            Self::AnyoneMayAsk => Event::AnyoneMayAsk {}.log(),
            Self::AnyoneMayPublish => Event::AnyoneMayPublish {}.log(),
            Self::NoKeyService => Event::NoKeyService {}.log(),
            Self::RedisInTheClear => Event::RedisInTheClear {}.log(),
            Self::RedisMayLose => Event::RedisMayLose {}.log(),
            Self::NoGateways => Event::NoGateways {}.log(),
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AdminExposed => f.write_str(
                "the admin listener has no password and is not on loopback: whoever reaches it can read the relay's \
                 numbers and have its store rewritten",
            ),
            Self::LittleSpace { free, reserve } => write!(
                f,
                "{free} MiB are free where the data lies, and {reserve} MiB are to stay free (store.disk_reserve): \
                 senders are told to try later, now or soon",
            ),
            Self::LittleReserve => f.write_str(
                "store.disk_reserve is less than 64 MiB: when the disk is full, owners may be unable to make room",
            ),
            Self::AnyoneMayAsk => f.write_str(
                "key_service.attester is empty: anyone may have elements evaluated, and so try out one number after \
                 the other as fast as key_service.batches_per_minute lets them",
            ),
            Self::AnyoneMayPublish => f.write_str(
                "directory.attester is empty: anyone may be listed under any number, yours too; people who look one up \
                 are told so",
            ),
            Self::NoKeyService => f.write_str(
                "directory.key_services is empty: whoever has this relay's data can try all numbers at the price of the \
                 slow hash, some hundred dollars; people who look one up are told so",
            ),
            Self::RedisInTheClear => f.write_str(
                "redis.urls has a server on another machine without TLS: whoever is on the way reads the password, and \
                 everything that a relay may learn; write rediss://",
            ),
            Self::RedisMayLose => f.write_str(
                "redis.durability is \"second\": when the server's machine crashes, messages that were accepted within the \
                 last two seconds are lost, and nobody is told",
            ),
            Self::NoGateways => {
                f.write_str("ohttp_proxy.gateways is empty: write the references of others' relays into it")
            }
        }
    }
}

/// What `config` should be warned of on this machine, as it is now.
#[must_use]
pub fn warnings(config: &Config) -> Vec<Warning> {
    let exposed = config.admin.is_exposed().then_some(Warning::AdminExposed);
    let others = match config.role {
        Role::Relay => of_relay(config),
        Role::KeyService => of_key_service(config),
        Role::OhttpProxy => config.ohttp_proxy.gateways.is_empty().then_some(Warning::NoGateways).into_iter().collect(),
    };
    exposed.into_iter().chain(others).collect()
}

fn of_relay(config: &Config) -> Vec<Warning> {
    let of_store = match config.store.backend {
        Backend::Embedded => of_disk(config),
        Backend::Redis => of_redis(&config.redis),
    };
    of_store.into_iter().chain(of_directory(config)).collect()
}

fn of_redis(redis: &Redis) -> Vec<Warning> {
    let exposed = redis.is_exposed().then_some(Warning::RedisInTheClear);
    let loses = (redis.durability == Durability::Second).then_some(Warning::RedisMayLose);
    exposed.into_iter().chain(loses).collect()
}

fn of_disk(config: &Config) -> Vec<Warning> {
    let reserve = config.store.disk_reserve.as_u64();
    let free = free_space(&config.data).filter(|free| *free < reserve.saturating_add(JOURNAL));
    let space = free.map(|free| Warning::LittleSpace { free: free / MIB, reserve: reserve / MIB });
    let small = (reserve < LEAST_RESERVE).then_some(Warning::LittleReserve);
    space.into_iter().chain(small).collect()
}

fn of_directory(config: &Config) -> Vec<Warning> {
    let directory = &config.directory;
    let anyone = (directory.enabled && directory.attester.is_none()).then_some(Warning::AnyoneMayPublish);
    let alone = (directory.enabled && directory.key_services.is_empty()).then_some(Warning::NoKeyService);
    anyone.into_iter().chain(alone).collect()
}

fn of_key_service(config: &Config) -> Vec<Warning> {
    let open = config.key_service.attester.is_none() && !config.listen.ip().is_loopback();
    open.then_some(Warning::AnyoneMayAsk).into_iter().collect()
}

/// What is free on the disk where `path` is or will be; `None` when the system does not tell.
pub(crate) fn free_space(path: &Path) -> Option<u64> {
    let there = path.ancestors().find(|path| path.exists()).unwrap_or(Path::new("."));
    fs4::available_space(there).ok()
}

#[cfg(test)]
mod tests {
    use bytesize::ByteSize;

    use super::*;

    fn warned(change: impl FnOnce(&mut Config)) -> Vec<Warning> {
        let mut config = Config { data: "/tmp/not/there/yet".into(), ..Config::default() };
        config.store.disk_reserve = ByteSize(LEAST_RESERVE);
        change(&mut config);
        warnings(&config)
    }

    #[test]
    fn a_reserve_that_the_disk_does_not_have_is_told() {
        let told = warned(|config| config.store.disk_reserve = ByteSize(u64::MAX));
        assert!(matches!(told[..], [Warning::LittleSpace { reserve, .. }] if reserve == u64::MAX / MIB));
    }

    #[test]
    fn a_reserve_of_nothing_is_told() {
        assert_eq!(warned(|config| config.store.disk_reserve = ByteSize(0)), [Warning::LittleReserve]);
    }

    #[test]
    fn of_redis_what_is_lost_and_what_is_exposed_is_told() {
        let told = |durability, url: &str| {
            warned(|config| {
                config.store.backend = Backend::Redis;
                config.store.disk_reserve = ByteSize(u64::MAX);
                (config.redis.durability, config.redis.urls) = (durability, vec![url.to_owned()]);
            })
        };
        assert_eq!(told(Durability::Disk, "redis://127.0.0.1:6379"), []);
        assert_eq!(told(Durability::Second, "rediss://a.example:6379"), [Warning::RedisMayLose]);
        assert_eq!(told(Durability::Replicas, "redis://a.example:6379"), [Warning::RedisInTheClear]);
    }

    #[test]
    fn a_directory_without_attester_or_key_services_is_told() {
        let expected = [Warning::AnyoneMayPublish, Warning::NoKeyService];
        assert_eq!(warned(|config| config.directory.enabled = true), expected);
    }

    #[test]
    fn an_admin_listener_that_others_reach_is_told() {
        let told = |admin: &str| warned(|config| config.admin = admin.parse().unwrap());
        assert_eq!(told("0.0.0.0:8444"), [Warning::AdminExposed]);
        assert_eq!(told("[::]:8444"), [Warning::AdminExposed]);
        assert_eq!((told("[::1]:8444"), told("off")), (vec![], vec![]));
    }

    #[test]
    fn a_key_service_that_evaluates_for_anyone_is_told_and_nothing_of_a_store() {
        let told = |listen: &str| {
            warned(|config| {
                (config.role, config.listen) = (Role::KeyService, listen.parse().unwrap());
                config.store.disk_reserve = ByteSize(u64::MAX);
            })
        };
        assert_eq!((told("0.0.0.0:8443"), told("127.0.0.1:8443")), (vec![Warning::AnyoneMayAsk], vec![]));
    }
}
