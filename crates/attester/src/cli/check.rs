//! `sealpost-attester check-config`

use clap::Args;
use sealpost_server::terminal::say_checked;

use super::{ConfigFile, Failure};
use crate::config::{self, Config};
use crate::server;

/// Say what is wrong with a configuration, and where; changes nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost-attester check-config
  sealpost-attester check-config --config /etc/sealpost-attester.toml --json

Reads the file, its keys and its certificate as `serve` would. With --json, one line:
  {\"valid\":false,\"problems\":[{\"file\":…,\"line\":…,\"column\":…,\"problem\":…,\"expected\":…,\"help\":…}],
   \"warnings\":[…]}")]
pub(super) struct CheckConfig {
    #[command(flatten)]
    file: ConfigFile,
    /// Answer in JSON; the exit code is the same.
    #[arg(long)]
    json: bool,
}

impl CheckConfig {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let checked = self.check();
        let told = match &checked {
            Ok(config) => Ok(server::warnings(config)),
            Err(Failure::Config(error)) => Err(Some(error)),
            Err(_) => Err(None),
        };
        say_checked(&self.file.config, self.json, told);
        checked.map(drop)
    }

    fn check(&self) -> Result<Config, Failure> {
        let config = config::load(&self.file.config)?;
        server::check(&config)?;
        Ok(config)
    }
}
