//! `sealpost-relay purge`

use clap::Args;
use http::{Method, StatusCode};
use tokio::runtime::Runtime;

use super::running::Running;
use super::{ConfigFile, Failure, say};
use crate::config::{self, Config, Role};
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
        if config.role != Role::Relay {
            return Err(Failure::NothingToPurge);
        }
        let runtime = Runtime::new().map_err(Failure::system("starting the runtime"))?;
        runtime.block_on(purge(&config))?;
        say("purged");
        Ok(())
    }
}

async fn purge(config: &Config) -> Result<(), Failure> {
    let Some(running) = Running::find(config).await? else {
        return server::purge(config).await?.map_err(|_| Failure::NotPurged);
    };
    match running.ask(Method::POST, program::PURGE).await?.0 {
        StatusCode::OK => Ok(()),
        StatusCode::SERVICE_UNAVAILABLE => Err(Failure::NotPurged),
        _ => Err(Failure::NotARelay),
    }
}
