//! `sealpost-relay serve`

use std::io;

use clap::Args;
use sealpost_server::{process, sandbox};
use tokio::runtime::{Builder, Runtime};

use super::{ConfigFile, Failure};
use crate::config::{Config, Role};
use crate::server::Server;
use crate::{config, log};

/// Serve clients until SIGTERM or SIGINT.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  sealpost-relay serve --config /var/lib/sealpost-relay/sealpost-relay.toml

On SIGTERM or SIGINT it takes no new connection, lets the others end for as long as `drain_timeout`
says, closes the store and exits with 0. On SIGHUP it reads the TLS certificate and its key anew,
for new connections. RUST_LOG is not read: see [log] in the configuration.")]
pub(super) struct Serve {
    #[command(flatten)]
    file: ConfigFile,
}

impl Serve {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let config = config::load(&self.file.config)?;
        log::start(&config.log);
        process::prepare(config.connections.max);
        sandbox::enter(&config.sandbox, &config.places());
        let runtime = runtime(&config).map_err(Failure::system("starting the runtime"))?;
        let served = runtime.block_on(async {
            let stop = process::stop_signal().map_err(Failure::system("listening for signals"))?;
            let server = Server::bind(&config).await?;
            let reloads = server.reloader().on_hangup().map_err(Failure::system("listening for signals"))?;
            tokio::spawn(reloads);
            Ok(server.run(stop).await?)
        });
        // What still waits for a disk that does not answer must not keep the process.
        runtime.shutdown_background();
        served
    }
}

/// One worker for each processor, but as many as a proxy is configured with.
fn runtime(config: &Config) -> io::Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    if config.role == Role::OhttpProxy {
        builder.worker_threads(config.ohttp_proxy.workers);
    }
    builder.enable_all().build()
}
