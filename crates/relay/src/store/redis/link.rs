//! The connection to a server, or to all of a cluster.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use redis::aio::ConnectionManager;
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo, SingleNodeRoutingInfo};
use redis::{Cmd, ErrorKind, Pipeline, RedisError, ServerErrorKind, Value, cmd};
use tokio::sync::OwnedMutexGuard;
use tokio::time::timeout;

use super::answer::{Fault, list, text};
use super::call::Call;
use super::keys::Tag;
use super::open::ANSWERING;
use super::scripts::SCRIPTS;

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
        match self.ask(call.tag(), call.command()).await {
            Err(Fault::Redis(error)) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                self.load_scripts().await?;
                self.ask(call.tag(), call.command()).await
            }
            answer => answer,
        }
    }

    /// Calls a script behind what is laid down for it, at one moment. `None` where nothing is promised of either, and the server
    /// answers: it does not know the script yet, or is not the one to ask.
    pub(super) async fn call_behind(&self, laid_down: Vec<Cmd>, call: Call) -> Result<Option<Value>, Fault> {
        let (tag, command) = call.into_parts();
        let mut commands = Pipeline::with_capacity(laid_down.len() + 1);
        laid_down.into_iter().chain([command]).for_each(|command| {
            commands.atomic().add_command(command);
        });
        match self.carry_out(&tag, commands).await {
            Err(Fault::Redis(error)) if is_undecided(&error) => Ok(None),
            answers => Ok(answers?.pop()),
        }
    }

    /// Has commands carried out at one moment; what each is answered.
    async fn carry_out(&self, tag: &Tag, commands: Pipeline) -> Result<Vec<Value>, Fault> {
        // It is told of each that it is noted, and then of all what came of it.
        let noted = commands.len() + 1;
        let mut answers = match self {
            Self::Single(connection) => connection.clone().send_packed_commands(&commands, noted, 1).await?,
            Self::Cluster(connection) => {
                let node = SingleNodeRoutingInfo::SpecificNode(tag.route());
                connection.shared().route_pipeline(commands, noted, 1, node).await?
            }
        };
        let answers = list(answers.pop().ok_or(Fault::Odd)?.extract_error()?)?;
        Ok(answers.into_iter().map(Value::extract_error).collect::<Result<_, _>>()?)
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

/// Whether a server refused to carry out commands at one moment, or did not know the script that was one of them.
fn is_undecided(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::Server(ServerErrorKind::ExecAbort | ServerErrorKind::NoScript))
}

fn node(address: &str) -> Result<Node, Fault> {
    let (host, port) = address.rsplit_once(':').ok_or(Fault::Odd)?;
    Ok(Node::Of(host.into(), port.parse().map_err(|_| Fault::Odd)?))
}
