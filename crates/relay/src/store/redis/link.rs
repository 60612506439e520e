//! The connection to a server, or to all of a cluster.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use redis::aio::ConnectionManager;
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo, SingleNodeRoutingInfo};
use redis::{Cmd, ErrorKind, Pipeline, RedisError, ServerErrorKind, ToRedisArgs, Value, cmd};
use tokio::sync::OwnedMutexGuard;
use tokio::time::timeout;

use super::answer::{Fault, text};
use super::keys::Tag;
use super::open::ANSWERING;
use super::scripts::{SCRIPTS, Script};

/// A second key that a call names beside its tags, and that is never there. While a slot is on its way from one server to
/// another, both refuse a call that names several keys of which they lack any: so no script is carried out where only a part
/// of what it reads has arrived, and takes a mailbox that is still on its way for one that is gone.
const BESIDE: &str = "~";
/// The most that one call of a script is about, where it may be about many things.
const MOST_AT_ONCE: usize = 64;

/// A connection; clones share it.
#[derive(Clone)]
pub(super) enum Link {
    /// To the one server.
    Single(ConnectionManager),
    /// To all servers of a cluster.
    Cluster(Arc<ToCluster>),
}

/// A connection to a cluster, which can be made anew.
pub(super) struct ToCluster {
    client: ClusterClient,
    now: Mutex<ClusterConnection>,
    /// Whose turn it is, by tag.
    turns: Mutex<HashMap<Tag, Arc<tokio::sync::Mutex<()>>>>,
}

/// While it is held, whatever comes after it waits.
pub(super) type Turn = OwnedMutexGuard<()>;

impl ToCluster {
    /// Connects.
    pub(super) async fn connect(client: ClusterClient) -> Result<Self, RedisError> {
        let now = Mutex::new(client.get_async_connection().await?);
        Ok(Self { client, now, turns: Mutex::default() })
    }

    fn shared(&self) -> ClusterConnection {
        self.now.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn turn(&self, tag: &Tag) -> Arc<tokio::sync::Mutex<()>> {
        Arc::clone(self.turns.lock().unwrap_or_else(PoisonError::into_inner).entry(tag.clone()).or_default())
    }

    async fn renew(&self) -> Result<(), RedisError> {
        let fresh = self.client.get_async_connection().await?;
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }
}

/// A server.
#[derive(Clone)]
pub(super) enum Node {
    /// The one server.
    Single,
    /// One of a cluster.
    Of(Arc<str>, u16),
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Single => Ok(()),
            Self::Of(host, port) => write!(f, "{host}:{port}"),
        }
    }
}

/// A call of a script.
pub(super) struct Call {
    command: Cmd,
    /// One of its tags: all of them are on the same server.
    tag: Tag,
}

impl Call {
    /// A call about one tag.
    pub(super) fn new(script: &Script, tag: &Tag) -> Self {
        let mut command = cmd("EVALSHA");
        command.arg(script.hash()).arg(2).arg(tag.as_bytes()).arg(tag.key(BESIDE));
        Self { command, tag: tag.clone() }
    }

    /// A call about several tags; none about no tag.
    pub(super) fn about(script: &Script, tags: &[&Tag]) -> Option<Self> {
        let mut command = cmd("EVALSHA");
        command.arg(script.hash()).arg(tags.len() + 1);
        tags.iter().for_each(|tag| {
            command.arg(tag.as_bytes());
        });
        tags.first().map(|tag| {
            command.arg(tag.key(BESIDE));
            Self { command, tag: (*tag).clone() }
        })
    }

    /// Adds an argument.
    pub(super) fn with(mut self, argument: impl ToRedisArgs) -> Self {
        self.command.arg(argument);
        self
    }

    /// Adds arguments.
    pub(super) fn with_all<T: ToRedisArgs>(self, arguments: impl IntoIterator<Item = T>) -> Self {
        arguments.into_iter().fold(self, Self::with)
    }

    pub(super) const fn tag(&self) -> &Tag {
        &self.tag
    }
}

impl Link {
    /// Connects to a cluster anew, from the addresses that were configured. What was asked for by the connection before ends as it
    /// would have.
    pub(super) async fn renew(&self) -> Result<(), Fault> {
        match self {
            Self::Single(_) => Ok(()),
            Self::Cluster(connection) => Ok(connection.renew().await?),
        }
    }

    /// Waits until all that came before about `tag` is done. A connection to a cluster keeps no order: where much is under way,
    /// and where a call is tried again, the next one overtakes it.
    pub(super) async fn turn(&self, tag: &Tag) -> Result<Option<Turn>, Fault> {
        let Self::Cluster(connection) = self else { return Ok(None) };
        timeout(ANSWERING, connection.turn(tag).lock_owned()).await.map(Some).map_err(|_| Fault::Crowded)
    }

    /// Calls a script, which a server that does not know it yet is told.
    pub(super) async fn call(&self, call: &Call) -> Result<Value, Fault> {
        match self.ask(&call.tag, &call.command).await {
            Err(Fault::Redis(error)) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                self.load_scripts().await?;
                self.ask(&call.tag, &call.command).await
            }
            answer => answer,
        }
    }

    /// Gives a command to the server that has `tag`.
    pub(super) async fn ask(&self, tag: &Tag, command: &Cmd) -> Result<Value, Fault> {
        let answer = match self {
            Self::Single(connection) => connection.clone().send_packed_command(command).await,
            Self::Cluster(connection) => {
                let node = RoutingInfo::SingleNode(SingleNodeRoutingInfo::SpecificNode(tag.route()));
                connection.shared().route_command(command.clone(), node).await
            }
        };
        Ok(answer?.extract_error()?)
    }

    /// Gives commands, one behind the other, to the server that has `tag`.
    pub(super) async fn ask_in_a_row(&self, tag: &Tag, commands: Pipeline) -> Result<Vec<Value>, Fault> {
        let count = commands.len();
        let answers = match self {
            Self::Single(connection) => connection.clone().send_packed_commands(&commands, 0, count).await,
            Self::Cluster(connection) => {
                let node = SingleNodeRoutingInfo::SpecificNode(tag.route());
                connection.shared().route_pipeline(commands, 0, count, node).await
            }
        };
        Ok(answers?.into_iter().map(Value::extract_error).collect::<Result<_, _>>()?)
    }

    /// Gives a command to one server.
    pub(super) async fn ask_node(&self, node: &Node, command: &Cmd) -> Result<Value, Fault> {
        let answer = match (self, node) {
            (Self::Cluster(connection), Node::Of(host, port)) => {
                let node = SingleNodeRoutingInfo::ByAddress { host: host.to_string(), port: *port };
                connection.shared().route_command(command.clone(), RoutingInfo::SingleNode(node)).await
            }
            (Self::Single(connection), _) => connection.clone().send_packed_command(command).await,
            (Self::Cluster(_), Node::Single) => return Err(Fault::Odd),
        };
        Ok(answer?.extract_error()?)
    }

    /// All masters.
    pub(super) async fn masters(&self) -> Result<Vec<Node>, Fault> {
        self.nodes(MultipleNodeRoutingInfo::AllMasters).await
    }

    /// All servers, replicas too where it is a cluster.
    pub(super) async fn everyone(&self) -> Result<Vec<Node>, Fault> {
        self.nodes(MultipleNodeRoutingInfo::AllNodes).await
    }

    async fn nodes(&self, which: MultipleNodeRoutingInfo) -> Result<Vec<Node>, Fault> {
        let Self::Cluster(connection) = self else { return Ok(vec![Node::Single]) };
        let answers = connection.shared().route_command(cmd("PING"), RoutingInfo::MultiNode((which, None))).await?;
        let Value::Map(answers) = answers else { return Err(Fault::Odd) };
        answers.into_iter().map(|(address, _)| node(&text(address)?)).collect()
    }

    pub(super) async fn load_scripts(&self) -> Result<(), Fault> {
        for node in self.masters().await? {
            for script in SCRIPTS.all() {
                self.ask_node(&node, cmd("SCRIPT").arg("LOAD").arg(script.source())).await?;
            }
        }
        Ok(())
    }

    /// Divides what concerns these tags into calls, each told by the places of what it is about, in their order.
    pub(super) fn divide(&self, tags: &[Tag]) -> Vec<Vec<usize>> {
        let all: Vec<usize> = (0..tags.len()).collect();
        if let Self::Single(_) = self {
            return all.chunks(MOST_AT_ONCE).map(<[usize]>::to_vec).collect();
        }
        let mut sorted = all;
        sorted.sort_by_key(|place| tags.get(*place).map(Tag::as_bytes));
        let together = sorted.chunk_by(|one, next| tags.get(*one) == tags.get(*next));
        together.flat_map(|places| places.chunks(MOST_AT_ONCE)).map(<[usize]>::to_vec).collect()
    }
}

fn node(address: &str) -> Result<Node, Fault> {
    let (host, port) = address.rsplit_once(':').ok_or(Fault::Odd)?;
    Ok(Node::Of(host.into(), port.parse().map_err(|_| Fault::Odd)?))
}
