//! `sealpost-relay purge`

use std::io::ErrorKind;

use clap::Args;
use http::{Method, Request, StatusCode};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

use super::{ConfigFile, Failure, say};
use crate::config::{self, Admin, Config, Role};
use crate::{program, server};

/// Rewrite the store without anything that was erased.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  sealpost-relay purge --config /var/lib/sealpost-relay/sealpost-relay.toml

Erased envelopes are unreadable at once, since nobody keeps their key; their bytes stay on the disk
until their day's files are dropped. This drops them now. A running relay does it itself, asked on its
admin listener; otherwise the store is opened here.")]
pub(super) struct Purge {
    #[command(flatten)]
    file: ConfigFile,
}

impl Purge {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let config = config::load(&self.file.config)?;
        if config.role == Role::KeyService {
            return Err(Failure::NothingToPurge);
        }
        let runtime = Runtime::new().map_err(Failure::system("starting the runtime"))?;
        runtime.block_on(purge(&config))?;
        say("purged");
        Ok(())
    }
}

async fn purge(config: &Config) -> Result<(), Failure> {
    match connect(config).await {
        Some(stream) => ask(stream?).await,
        None => server::purge(config).await?.map_err(|_| Failure::NotPurged),
    }
}

/// A connection to the running relay, if one runs.
async fn connect(config: &Config) -> Option<Result<TcpStream, Failure>> {
    let Admin::On(address) = config.admin else { return None };
    match TcpStream::connect(address).await {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => None,
        connected => Some(connected.map_err(Failure::system("connecting to the admin listener"))),
    }
}

async fn ask(stream: TcpStream) -> Result<(), Failure> {
    match post(stream).await {
        Ok(StatusCode::OK) => Ok(()),
        Ok(StatusCode::SERVICE_UNAVAILABLE) => Err(Failure::NotPurged),
        Ok(_) | Err(_) => Err(Failure::NotARelay),
    }
}

async fn post(stream: TcpStream) -> hyper::Result<StatusCode> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let mut request = Request::new(Empty::<&[u8]>::new());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = http::Uri::from_static(program::PURGE);
    let connection = tokio::spawn(connection);
    let answer = sender.send_request(request).await.map(|response| response.status());
    connection.abort();
    answer
}
