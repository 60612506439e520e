//! `sealpost-relay check-config`

use clap::Args;
use sealpost_server::terminal::Checked;

use super::{ConfigFile, Failure, say, say_json, warn};
use crate::config::{self, Config};
use crate::server;

/// Say what is wrong with a configuration, and where; changes nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost-relay check-config
  sealpost-relay check-config --config /etc/sealpost-relay.toml --json

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
        match &checked {
            _ if self.json => say_json(&verdict(&checked)),
            Ok(config) => {
                say(format_args!("{}: valid", self.file.config.display()));
                warn(config);
            }
            Err(_) => {}
        }
        checked.map(drop)
    }

    fn check(&self) -> Result<Config, Failure> {
        let config = config::load(&self.file.config)?;
        server::check_keys(&config)?;
        Ok(config)
    }
}

fn verdict(checked: &Result<Config, Failure>) -> Checked {
    match checked {
        Ok(config) => Checked::valid(&server::warnings(config)),
        Err(Failure::Config(error)) => Checked::invalid(Some(error)),
        Err(_) => Checked::invalid(None),
    }
}
