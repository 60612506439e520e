//! What an operator is told of a configuration and the machine that it is on, beside a running server or without one.

use std::path::Path;
use std::time::SystemTime;

use sealpost_server::config::{Configuration, bytes};
use sealpost_server::doctor::{self, Check, Finding, Level};

use crate::config::{Backend, Config, Role};
use crate::server::{self, StartError, Warning};
use crate::store::redis::{self, Seen};

/// Looks at everything; `is_running` is `None` where it cannot be asked whether the server runs.
pub async fn examine(path: &Path, config: &Config, is_running: Option<bool>, now: SystemTime) -> Vec<Finding> {
    let serving = config.serving();
    let valid = Finding::ok(Check::Configuration, format_args!("{} is valid", path.display()));
    let permissions = [doctor::config_file(path), doctor::operator_key(&config.operator_key)];
    let mut found = vec![valid];
    found.extend(server::warnings(config).into_iter().map(of_warning));
    found.extend(doctor::listeners(&serving, is_running));
    found.extend(doctor::clock(now, &config.operator_key));
    found.extend(doctor::certificate(&serving, now));
    found.extend(permissions);
    found.extend(doctor::directories(&directories(config), &config.operator_key));
    found.extend(keys(config));
    found.extend(store(config).await);
    found.extend(doctor::machine(config.connections.max, budgets(config)));
    found
}

/// The directories of what the server keeps.
fn directories(config: &Config) -> Vec<&Path> {
    let own = match config.role {
        Role::Relay if config.store.backend == Backend::Embedded => Some(&*config.data),
        Role::KeyService => Some(&*config.key_service.keys),
        Role::Relay | Role::OhttpProxy => None,
    };
    let oblivious = config.serving().oblivious.map(|oblivious| &*oblivious.keys);
    own.into_iter().chain(oblivious).chain([&*config.tickets.keys]).collect()
}

/// Keys besides the operator's and the certificate's, which are looked at by themselves.
fn keys(config: &Config) -> Option<Finding> {
    use sealpost_server::StartError::{Certificate, OperatorKey};
    match server::check_keys(config) {
        Ok(()) | Err(StartError::Server(OperatorKey(_) | Certificate(_))) => None,
        Err(error) => Some(Finding::of_error(Check::Permissions, &error)),
    }
}

async fn store(config: &Config) -> Vec<Finding> {
    match (config.role, config.store.backend) {
        (Role::Relay, Backend::Redis) => of_redis(config).await,
        (Role::Relay, Backend::Embedded) => room(&config.data).into_iter().chain(doctor::disk(&config.data)).collect(),
        (Role::KeyService, _) => doctor::disk(&config.key_service.keys),
        (Role::OhttpProxy, _) => Vec::new(),
    }
}

/// What is free; when that is too little, it is a warning already.
fn room(data: &Path) -> Option<Finding> {
    let free = server::free_space(data)? / (1024 * 1024);
    Some(Finding::ok(Check::Disk, format_args!("{free} MiB are free where the data lies")))
}

async fn of_redis(config: &Config) -> Vec<Finding> {
    let Some(options) = config.settings().redis else { return Vec::new() };
    let seen = match redis::look(&options).await {
        Ok(seen) => seen,
        Err(error) => return vec![Finding::of_error(Check::Redis, &error)],
    };
    let unprotected = config.redis.is_unprotected().then(|| {
        Finding::warning(
            Check::Redis,
            "the relay needs no password for a Redis server on another machine: whoever reaches it reads and erases",
            "`user` and `password` in [redis], and at the server: ACL SETUSER; ACL SETUSER default off",
        )
    });
    seen.iter().flat_map(of_server).chain(unprotected).collect()
}

/// What was seen of one server, in the words that a start would say of it.
fn of_server(seen: &Seen) -> Vec<Finding> {
    let place = if seen.server.is_empty() { String::new() } else { format!("{}: ", seen.server) };
    let unfit = seen.unfit.iter().map(|unfit| Finding::of_error(Check::Redis, unfit));
    let traces = seen.traces.iter().map(|trace| Finding::warning(Check::Redis, trace.event().text(), trace.mend()));
    let wastes = seen.wastes.iter().map(|waste| Finding::warning(Check::Redis, waste.text(), waste.mend()));
    let mut found: Vec<Finding> = unfit.chain(traces).chain(wastes).collect();
    if found.is_empty() {
        found.push(Finding::ok(Check::Redis, "the server keeps what it is given, and nothing besides"));
    }
    found.into_iter().map(|told| Finding { finding: format!("{place}{}", told.finding), ..told }).collect()
}

/// What the server may take of memory, in bytes, but for its connections.
fn budgets(config: &Config) -> u64 {
    let store = &config.store;
    let own = [store.in_flight, store.undelivered, store.index, store.cache];
    let own = if config.role == Role::Relay { own.map(|size| size.as_u64()).iter().sum() } else { 0 };
    own + bytes(config.connections.replies) as u64
}

fn of_warning(warning: Warning) -> Finding {
    let (check, mend) = match warning {
        Warning::AdminExposed => (Check::Port, "`admin` on 127.0.0.1, or \"off\""),
        Warning::LittleSpace { .. } => {
            (Check::Disk, "sealpost-relay purge; a larger disk; or a smaller store.disk_reserve")
        }
        Warning::LittleReserve => (Check::Disk, "`disk_reserve = \"256 MiB\"` in [store]"),
        Warning::AnyoneMayAsk => (Check::Configuration, "`attester` in [key_service]"),
        Warning::AnyoneMayPublish => (Check::Configuration, "`attester` in [directory]"),
        Warning::NoKeyService => (Check::Configuration, "`key_services` in [directory]"),
        Warning::RedisInTheClear => (Check::Redis, "`urls` with rediss:// in [redis]"),
        Warning::RedisMayLose => {
            (Check::Redis, "`durability = \"disk\"` in [redis], and appendfsync always at the server")
        }
        Warning::NoGateways => (Check::Configuration, "`gateways` in [ohttp_proxy]"),
    };
    let is_refusing = matches!(warning, Warning::LittleSpace { free, reserve } if free <= reserve);
    let told = Finding::warning(check, warning, mend);
    if is_refusing { Finding { level: Level::Problem, ..told } } else { told }
}
