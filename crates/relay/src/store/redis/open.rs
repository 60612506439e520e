//! Connecting, and looking whether the server is one that keeps what it is given.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use miette::Diagnostic;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::cluster::ClusterClientBuilder;
use redis::{
    AsyncConnectionConfig, Client, ConnectionInfo, ErrorKind, IntoConnectionInfo, ProtocolVersion, PushInfo,
    RedisError, TlsCertificates, cmd,
};
use sealpost_server::keys::{self, KeyFileError};
use thiserror::Error;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::answer::{Fault, text};
use super::check;
use super::format;
use super::health::field;
use super::keys::Keys;
use super::link::{Link, ToCluster};
use super::options::Options;

/// How long a connection may take.
const CONNECTING: Duration = Duration::from_secs(5);
/// Commands that may be under way: more than ever are, since one that waits for room may be overtaken by the next.
const UNDER_WAY: usize = 1 << 16;
/// How long a server may take for an answer: it is not told again, but counts as out.
pub(super) const ANSWERING: Duration = Duration::from_secs(10);
/// How often a lost connection is tried to be made again before those who wait for it are told.
const RETRIES: usize = 1;
/// How often a cluster's servers are tried before those who wait are told: where to go, after a break, or when what is asked for
/// has arrived that is on its way from one to another.
const CLUSTER_RETRIES: u32 = 8;
/// How long between those tries, in milliseconds: at first, and at most. Together a second; the client's own waits are longer than
/// that for each.
const CLUSTER_WAITS: [u64; 2] = [10, 300];

/// Why a store on Redis could not be opened.
#[derive(Debug, Error, Diagnostic)]
pub enum OpenError {
    /// An address is none.
    #[error("{url:?} is no address of a Redis server")]
    #[diagnostic(help("in [redis], write urls as [\"redis://HOST:PORT\"], or rediss://… for TLS"))]
    Address {
        /// What is configured.
        url: String,
    },
    /// The password cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Password(#[from] KeyFileError),
    /// The certificates of authorities cannot be read, or used.
    #[error("the certificates in {} cannot be used", path.display())]
    #[diagnostic(help("`ca` in [redis] is a file of certificates in PEM, or \"\" for the system's"))]
    Authorities {
        /// The file.
        path: PathBuf,
        /// Why it cannot be read, if that is it.
        #[source]
        source: Option<io::Error>,
    },
    /// No server answers.
    #[error("no Redis server answers at {}", urls.join(", "))]
    #[diagnostic(help("is it running, and does it listen there, with TLS if and only if the url says rediss://?"))]
    Unreachable {
        /// Where they should be.
        urls: Vec<String>,
        /// Why the last one does not.
        #[source]
        source: RedisError,
    },
    /// The password is wrong, or missing.
    #[error("the Redis server does not accept this user and password")]
    #[diagnostic(help("see `user` and `password`, which is a file, in [redis], and ACL LIST at the server"))]
    NotAccepted,
    /// The user may not do what the relay must.
    #[error("the Redis server does not let this user ask for {what}")]
    #[diagnostic(help(
        "give it the right, as in: ACL SETUSER NAME +@all -@dangerous +info +config|get +bgrewriteaof +bgsave"
    ))]
    NotAllowed {
        /// What it was asked for.
        what: &'static str,
    },
    /// It is not a server that keeps what it is given.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Unfit(#[from] check::Unfit),
    /// A later version of the program wrote what is there.
    #[error("what is in Redis was written by a later version of this program, in format {format}")]
    #[diagnostic(help(
        "start the later version again; nothing was changed. A later version changes an older store when it is started, so \
         make a backup before that"
    ))]
    Newer {
        /// In which form.
        format: u32,
    },
    /// An import has begun and not ended.
    #[error("the store in Redis is half filled")]
    #[diagnostic(help("give the same `sealpost-relay import` again: it goes on"))]
    HalfFilled,
    /// It answered something that no Redis server answers.
    #[error("what answers is no Redis server that this program can use")]
    #[diagnostic(help(
        "is it Redis 7 or later, and does `urls` in [redis] lead to it and not to a proxy or Sentinel?"
    ))]
    Foreign(#[source] Option<RedisError>),
    /// The system does not give the store its thread.
    #[error("the store's thread cannot be started")]
    Thread(#[source] io::Error),
}

/// A store's connection.
pub(super) struct Opened {
    pub(super) link: Link,
    /// What is listened by. In a cluster a connection of its own: when a channel's slot moves, the server says unasked that its
    /// subscription has ended, and the client takes that for the answer to what was asked first, and each later answer for that to
    /// the question after.
    pub(super) ears: Link,
    /// What servers say without being asked.
    pub(super) pushes: UnboundedReceiver<PushInfo>,
}

/// Where the servers are, and how they are spoken with.
struct Way {
    servers: Vec<ConnectionInfo>,
    authorities: Option<Vec<u8>>,
}

/// Connects and checks.
pub(super) async fn open(options: &Options) -> Result<Opened, OpenError> {
    let opened = connect(options).await?;
    check::check(&opened.link, options.durability).await?;
    format::settle(&opened.link, &Keys::new(options.namespace.clone())).await?;
    opened.link.load_scripts().await?;
    Ok(opened)
}

/// Looks at every master, as a start does, and changes nothing.
///
/// # Errors
/// [`OpenError`], where they cannot be looked at.
pub async fn look(options: &Options) -> Result<Vec<check::Seen>, OpenError> {
    check::look(&connect(options).await?.link, options.durability).await
}

/// Connects, and checks nothing.
pub(super) async fn connect(options: &Options) -> Result<Opened, OpenError> {
    let way = Way::of(options)?;
    let info = way.first_answer(options).await?;
    let (sender, pushes) = unbounded_channel();
    let is_cluster = field(&info, "cluster_enabled") == Some("1");
    let (link, ears) = if is_cluster {
        (way.cluster(sender.clone()).await?, way.cluster(sender).await?)
    } else {
        let link = way.single(&info, sender).await?;
        (link.clone(), link)
    };
    Ok(Opened { link, ears, pushes })
}

type Pushes = tokio::sync::mpsc::UnboundedSender<PushInfo>;

impl Way {
    fn of(options: &Options) -> Result<Self, OpenError> {
        let password = options.password.as_deref().map(password).transpose()?;
        let server = |url: &String| server(url, options.user.as_deref(), password.as_deref());
        let authorities = options.ca.as_deref().map(authorities).transpose()?;
        Ok(Self { servers: options.urls.iter().map(server).collect::<Result<_, _>>()?, authorities })
    }

    /// What the first server that answers says of itself.
    async fn first_answer(&self, options: &Options) -> Result<String, OpenError> {
        let mut failed = None;
        for server in &self.servers {
            match self.info(server.clone()).await {
                Ok(info) => return Ok(info),
                Err(error) if error.kind() == ErrorKind::AuthenticationFailed || is_denial(&error) => {
                    return Err(OpenError::NotAccepted);
                }
                Err(error) => failed = Some(error),
            }
        }
        let source = failed.unwrap_or_else(|| (ErrorKind::InvalidClientConfig, "no urls").into());
        Err(OpenError::Unreachable { urls: options.urls.clone(), source })
    }

    async fn info(&self, server: ConnectionInfo) -> Result<String, RedisError> {
        let config = AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECTING));
        let config = config.set_response_timeout(Some(ANSWERING));
        let mut connection = self.client(server)?.get_multiplexed_async_connection_with_config(&config).await?;
        cmd("INFO").query_async(&mut connection).await
    }

    fn client(&self, server: ConnectionInfo) -> Result<Client, RedisError> {
        match &self.authorities {
            Some(_) => Client::build_with_tls(server, self.certificates()),
            None => Client::open(server),
        }
    }

    fn certificates(&self) -> TlsCertificates {
        TlsCertificates { client_tls: None, root_cert: self.authorities.clone() }
    }

    /// Connects to the one server: the first that answers as the one did that was asked.
    async fn single(&self, info: &str, pushes: Pushes) -> Result<Link, OpenError> {
        let config = ConnectionManagerConfig::new().set_number_of_retries(RETRIES).set_push_sender(pushes);
        let config = config.set_connection_timeout(Some(CONNECTING)).set_response_timeout(Some(ANSWERING));
        let config = config.set_pipeline_buffer_size(UNDER_WAY);
        let mut failed = None;
        for server in self.servers.iter().cloned() {
            match self.manager(server, config.clone(), info).await {
                Ok(Some(connection)) => return Ok(Link::Single(connection)),
                Ok(None) => {}
                Err(error) => failed = Some(error),
            }
        }
        Err(OpenError::Foreign(failed))
    }

    async fn manager(
        &self,
        server: ConnectionInfo,
        config: ConnectionManagerConfig,
        info: &str,
    ) -> Result<Option<ConnectionManager>, RedisError> {
        let mut connection = ConnectionManager::new_with_config(self.client(server)?, config).await?;
        let same: String = cmd("INFO").arg("server").query_async(&mut connection).await?;
        Ok((field(&same, "run_id") == field(info, "run_id")).then_some(connection))
    }

    async fn cluster(&self, pushes: Pushes) -> Result<Link, OpenError> {
        let mut builder = ClusterClientBuilder::new(self.servers.clone()).use_protocol(ProtocolVersion::RESP3);
        builder = builder.push_sender(pushes).connection_timeout(CONNECTING).response_timeout(ANSWERING);
        let [first, most] = CLUSTER_WAITS;
        builder = builder.retries(CLUSTER_RETRIES).min_retry_wait(first).max_retry_wait(most);
        builder = builder.overall_response_timeout(Some(ANSWERING));
        if self.authorities.is_some() {
            builder = builder.certs(self.certificates());
        }
        let client = builder.build().map_err(|error| OpenError::Foreign(Some(error)))?;
        let connection = ToCluster::connect(client).await.map_err(|error| OpenError::Foreign(Some(error)))?;
        Ok(Link::Cluster(Arc::new(connection)))
    }
}

fn server(url: &str, user: Option<&str>, password: Option<&str>) -> Result<ConnectionInfo, OpenError> {
    let address = || OpenError::Address { url: url.to_owned() };
    let server = url.into_connection_info().map_err(|_| address())?;
    let mut settings = server.redis_settings().clone().set_protocol(ProtocolVersion::RESP3).set_skip_set_lib_name();
    if let Some(user) = user {
        settings = settings.set_username(user);
    }
    if let Some(password) = password {
        settings = settings.set_password(password);
    }
    Ok(server.set_redis_settings(settings))
}

fn password(path: &Path) -> Result<String, KeyFileError> {
    let bytes = keys::read(path)?;
    let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    let not_a_key = |_| KeyFileError::NotAKey { path: path.to_owned(), expected: "one line, the password" };
    String::from_utf8(line.to_vec()).map_err(not_a_key)
}

fn authorities(path: &Path) -> Result<Vec<u8>, OpenError> {
    let failed = |source| OpenError::Authorities { path: path.to_owned(), source };
    let pem = std::fs::read(path).map_err(|error| failed(Some(error)))?;
    let is_pem = pem.windows(BEGIN.len()).any(|line| line == BEGIN);
    if is_pem { Ok(pem) } else { Err(failed(None)) }
}

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// Whether the server refused who asks.
pub(super) fn is_denial(error: &RedisError) -> bool {
    matches!(error.code(), Some("NOAUTH" | "WRONGPASS"))
}

/// Whether the server refused what is asked.
fn is_forbidden(error: &RedisError) -> bool {
    matches!(error.code(), Some("NOPERM")) || error.detail().is_some_and(|detail| detail.contains("unknown command"))
}

/// What a failed question to a server that answers means.
pub(super) fn refused(what: &'static str) -> impl Fn(Fault) -> OpenError {
    move |fault| match fault {
        Fault::Redis(error) if is_denial(&error) => OpenError::NotAccepted,
        Fault::Redis(error) if is_forbidden(&error) => OpenError::NotAllowed { what },
        Fault::Redis(error) => OpenError::Foreign(Some(error)),
        _ => OpenError::Foreign(None),
    }
}

impl From<Fault> for OpenError {
    fn from(fault: Fault) -> Self {
        refused("what the relay asks for")(fault)
    }
}

/// What a server says of itself.
pub(super) async fn info(link: &Link, node: &super::link::Node) -> Result<String, OpenError> {
    let answer = link.ask_node(node, &cmd("INFO")).await.map_err(refused("INFO"))?;
    text(answer).map_err(refused("INFO"))
}
