//! What is measured: a relay that is started for it, the floor, or a relay at a URL; and what is started beside it.

use std::env;
use std::path::PathBuf;

use http::Uri;
use sealpost_wire::RelayRef;

use crate::failure::Failure;
use crate::load::carrier::Route;
use crate::load::client::Target;
use crate::process::Usage;
use crate::redis::{Backing, Redis};
use crate::scenario::shape::Over;
use crate::seal::Opening;
use crate::server::{Role, Server, Site, own_program};
pub use crate::server::{Tuning, libfaketime};

/// What a key service's part is called in results.
pub const KEY_SERVICE: &str = "key service";

/// What is to be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A relay with an embedded store.
    Relay,
    /// What the relay's socket code would cost by itself.
    Floor,
}

/// Where the programs are, and where a relay may keep its store.
#[derive(Debug, Clone)]
pub struct Programs {
    /// `sealpost-relay`.
    pub relay: PathBuf,
    /// This program, which is the floor too.
    pub own: PathBuf,
    /// Where stores are made; the system's temporary directory without.
    pub data: Option<PathBuf>,
    /// A relay that runs already, to be measured instead.
    pub url: Option<Uri>,
    /// A proxy that runs already and knows that relay.
    pub proxy: Option<Uri>,
    /// Whether a relay's store is to be in Redis, and in which.
    pub redis: Option<Backing>,
}

/// A server that runs until this is dropped, if it was started for the run.
pub struct Subject {
    /// How it is spoken to.
    pub target: Target,
    /// How what it delivers is opened.
    pub opening: Opening,
    /// Its name at a proxy, `host:port`.
    name: String,
    proxy: Option<Target>,
    /// Its files are below the relay's, which go with it.
    redis: Option<Redis>,
    /// The first of them is the relay, or the floor.
    servers: Vec<(&'static str, Server)>,
}

impl Programs {
    /// Those beside this one, unless another relay is named.
    ///
    /// # Errors
    /// [`Failure::Files`].
    pub fn find(relay: Option<PathBuf>, data: Option<PathBuf>, url: Option<Uri>) -> Result<Self, Failure> {
        let own = own_program()?;
        let beside = || own.with_file_name("sealpost-relay").with_extension(env::consts::EXE_EXTENSION);
        Ok(Self { relay: relay.unwrap_or_else(beside), own, data, url, proxy: None, redis: None })
    }

    /// Starts what is to be measured, and waits until it listens.
    ///
    /// # Errors
    /// [`Failure`], of the start.
    pub fn start(&self, kind: Kind, tls: bool) -> Result<Subject, Failure> {
        self.start_tuned(kind, tls, &Tuning::default())
    }

    /// The same; a relay with that, too.
    ///
    /// # Errors
    /// [`Failure`], of the start.
    pub fn start_tuned(&self, kind: Kind, tls: bool, tuning: &Tuning) -> Result<Subject, Failure> {
        if let Some(url) = self.url.as_ref().filter(|_| kind == Kind::Relay) {
            let proxy = self.proxy.as_ref().map(target).transpose()?;
            return Ok(Subject { name: name(url)?, proxy, ..Subject::at(target(url)?, Opening::AtRest) });
        }
        let (server, redis, opening) = match kind {
            Kind::Relay => {
                let site = Site::make(self, Role::Relay)?;
                let redis = self.redis.map(|backing| Redis::start(backing, site.directory.path())).transpose()?;
                let mut tuning = tuning.clone();
                tuning.values.extend(redis.iter().flat_map(|redis| redis.tuning().values));
                (site.serve(self, tls, &tuning)?, redis, Opening::AtRest)
            }
            Kind::Floor => (Server::floor(self, tls)?, None, Opening::Bare),
        };
        let target = Target::new(server.address(), "localhost", tls)?;
        Ok(Subject { servers: vec![("relay", server)], redis, ..Subject::at(target, opening) })
    }

    /// The same for deposits that go in that way: where it leads through a proxy, one is started beside the relay, which
    /// has to speak TLS then.
    ///
    /// # Errors
    /// [`Failure`], of the start.
    pub fn start_for(&self, kind: Kind, tls: bool, over: Over) -> Result<Subject, Failure> {
        let mut subject = self.start(kind, tls)?;
        if over == Over::Proxy && subject.proxy.is_none() {
            let gateway = subject.reference().cloned().filter(|_| tls);
            let gateway = gateway.ok_or_else(|| {
                Failure::Argument(
                    "a proxy leads to a relay with --tls; to one at a URL, by one that --proxy names".into(),
                )
            })?;
            subject.name = gateway.host.as_str().to_owned();
            let gateways = toml::Value::from(vec![gateway.to_string()]);
            let tuning = Tuning { values: vec![("ohttp_proxy", "gateways", gateways)] };
            let proxy = Site::make(self, Role::Proxy)?.serve(self, tls, &tuning)?;
            subject.proxy = Some(Target::new(proxy.address(), "localhost", tls)?);
            subject.servers.push(("proxy", proxy));
        }
        Ok(subject)
    }

    /// Starts a key service, and a relay with a directory that has it evaluate; both by TLS. A relay at a URL has to have
    /// both already, and to list whoever comes.
    ///
    /// # Errors
    /// [`Failure`], of the start.
    pub fn start_directory(&self) -> Result<Subject, Failure> {
        if self.url.is_some() {
            return self.start(Kind::Relay, true);
        }
        let service = Site::make(self, Role::KeyService)?.serve(self, true, &Tuning::default())?;
        let references: Vec<_> = service.reference.iter().map(ToString::to_string).collect();
        let tuning = Tuning {
            values: vec![("directory", "enabled", true.into()), ("directory", "key_services", references.into())],
        };
        let mut subject = self.start_tuned(Kind::Relay, true, &tuning)?;
        subject.servers.push((KEY_SERVICE, service));
        Ok(subject)
    }

    /// Kills a relay that was started here, without a warning, and starts it again where it was: by a clock so many days
    /// ahead, where libfaketime is there.
    ///
    /// # Errors
    /// [`Failure`], of the start.
    pub fn kill_and_start(&self, subject: &mut Subject, days: u32) -> Result<(), Failure> {
        let relay = subject.servers.first_mut();
        let (_, relay) = relay.ok_or_else(|| Failure::Argument("another's relay is not killed".into()))?;
        relay.kill_and_start(self, days)
    }
}

impl Subject {
    /// What somebody else has started; what it takes of its machine is not known.
    #[must_use]
    pub const fn at(target: Target, opening: Opening) -> Self {
        Self { target, opening, name: String::new(), proxy: None, servers: Vec::new(), redis: None }
    }

    /// What the processes have taken so far that were started for the run, all together.
    ///
    /// # Errors
    /// [`Failure::Files`], when one has ended.
    pub fn usage(&self) -> Result<Option<Usage>, Failure> {
        Ok(self.usage_by_program()?.into_iter().map(|(_, usage)| usage).reduce(Usage::and))
    }

    /// The same, each program by itself: the relay first.
    ///
    /// # Errors
    /// [`Failure::Files`], when one has ended.
    pub fn usage_by_program(&self) -> Result<Vec<(&'static str, Usage)>, Failure> {
        let servers = self.servers.iter().map(|(name, server)| Ok((*name, server.usage()?)));
        let redis = self.redis.iter().map(|redis| Ok(("redis", redis.usage()?)));
        servers.chain(redis).collect()
    }

    /// What the relay's files take, in bytes, if it was started for the run.
    #[must_use]
    pub fn disk(&self) -> Option<u64> {
        self.servers.first().map(|(_, relay)| relay.disk())
    }

    /// How people name the relay, if it was started for the run.
    #[must_use]
    pub fn reference(&self) -> Option<&RelayRef> {
        self.servers.first().and_then(|(_, relay)| relay.reference.as_ref())
    }

    /// Whether mailboxes are to be opened before they are written to.
    #[must_use]
    pub fn keeps_mailboxes(&self) -> bool {
        self.opening == Opening::AtRest
    }

    /// The way of requests; none for what a socket takes.
    ///
    /// # Errors
    /// [`Failure::Argument`], where no proxy is there.
    pub fn route(&self, over: Over) -> Result<Option<Route>, Failure> {
        let gateway = self.target.clone();
        Ok(match over {
            Over::Websocket => None,
            Over::Http2 => Some(Route::Direct(gateway)),
            Over::Oblivious => Some(Route::Gateway(gateway)),
            Over::Proxy => {
                let proxy = self.proxy.clone().ok_or_else(|| Failure::Argument("no proxy is named".into()))?;
                Some(Route::Proxy { gateway, name: self.name.clone(), proxy })
            }
        })
    }
}

/// Where a URL points to; `https` is by TLS.
fn target(url: &Uri) -> Result<Target, Failure> {
    let (host, port) = place(url)?;
    Target::named(host, port, is_tls(url))
}

/// What a proxy calls it.
fn name(url: &Uri) -> Result<String, Failure> {
    let (host, port) = place(url)?;
    Ok(format!("{host}:{port}"))
}

fn place(url: &Uri) -> Result<(&str, u16), Failure> {
    let host = url.host().ok_or_else(|| Failure::Argument("the URL names no host".into()))?;
    Ok((host, url.port_u16().unwrap_or(if is_tls(url) { 443 } else { 80 })))
}

fn is_tls(url: &Uri) -> bool {
    url.scheme_str() != Some("http")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_at_a_url_has_a_name_at_a_proxy_with_its_port() {
        let of = |url: &str| name(&url.parse().unwrap()).unwrap();
        assert_eq!(of("https://relay.example.org"), "relay.example.org:443");
        assert_eq!(of("http://localhost:8080"), "localhost:8080");
    }

    #[tokio::test]
    async fn a_way_through_a_proxy_wants_one() {
        let target = Target::new("127.0.0.1:1".parse().unwrap(), "localhost", false).unwrap();
        let subject = Subject::at(target, Opening::AtRest);
        assert!(subject.route(Over::Websocket).unwrap().is_none());
        assert!(subject.route(Over::Proxy).is_err() && subject.route(Over::Oblivious).is_ok());
    }
}
