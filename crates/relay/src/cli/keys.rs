//! `sealpost-relay keys`

use clap::{Args, Subcommand, ValueEnum};
use sealpost_server::succession;
use sealpost_wire::RelayRef;
use serde::Serialize;
use tokio::runtime::Runtime;

use super::running::Running;
use super::{ConfigFile, Failure, confirm, say, say_json};
use crate::config::{self, Config};
use crate::server;
use crate::tls::Certificate;

/// Replace the operator's key or the TLS key by new ones that clients follow.
#[derive(Debug, Args)]
pub(super) struct Keys {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Draw a new key in the place of one.
    Rotate(Rotate),
}

/// Draw a new key in the place of one.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost-relay keys rotate tls
  sealpost-relay keys rotate operator --yes --json

tls: a new key and certificate of the server's own. Clients that meet it ask for the manifest,
which names it, and go on; do it when others may have read tls.key.
operator: the old key signs the new one, and is erased. Clients that know the old one follow;
old references stay good. Keep operator.succession with operator.key: back both up. It does not
help against whoever has a copy of the old key, who can sign a successor too. No relay may run
meanwhile; where several share a store, give all of them both files before you start one.
Keys of tickets, of Oblivious HTTP and of epochs are replaced by the day or the epoch by
themselves.
With --json, one line:
  {\"rotated\":…,\"reference\":…}")]
struct Rotate {
    #[command(flatten)]
    file: ConfigFile,
    /// Which key.
    #[arg(value_enum)]
    key: Which,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Which {
    /// That of the certificate.
    Tls,
    /// The one that references and cards name.
    Operator,
}

#[derive(Serialize)]
struct Rotated {
    rotated: Which,
    reference: String,
}

impl Keys {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let Command::Rotate(rotate) = &self.command;
        let config = config::load(&rotate.file.config)?;
        let rotated = rotate.rotate(&config)?;
        if rotate.json {
            say_json(&rotated);
        } else {
            rotate.tell(&config, &rotated);
        }
        Ok(())
    }
}

impl Rotate {
    fn rotate(&self, config: &Config) -> Result<Rotated, Failure> {
        match self.key {
            Which::Tls => {
                let Certificate { .. } = renew_certificate(config)?;
            }
            Which::Operator => self.hand_over(config)?,
        }
        let operator = crate::keys::read_operator(&config.operator_key)?.public();
        let reference = RelayRef { host: config.relay.host.clone(), operator };
        Ok(Rotated { rotated: self.key, reference: reference.to_string() })
    }

    fn hand_over(&self, config: &Config) -> Result<(), Failure> {
        confirm(self.yes, "Have another operator's key take over, and erase this one?")?;
        let runtime = Runtime::new().map_err(Failure::system("starting the runtime"))?;
        runtime.block_on(async {
            if Running::find(config).await?.is_some() {
                return Err(Failure::StillRunning);
            }
            Ok(server::forget_shared_keys(config).await?)
        })?;
        succession::hand_over(&config.operator_key, &mut rand::rng())?;
        Ok(())
    }

    fn tell(&self, config: &Config, rotated: &Rotated) {
        say(&rotated.reference);
        say("\nNext:");
        match self.key {
            Which::Tls => say("  1. start the server again; who is connected stays until then"),
            Which::Operator => {
                let list = succession::list(&config.operator_key);
                say(format_args!("  1. back up {} and {}", config.operator_key.display(), list.display()));
                say("  2. start the server");
                say("  3. give the reference above to whom you tell of the server from now on; former ones stay good");
            }
        }
    }
}

/// A new pair in the place of the server's own.
fn renew_certificate(config: &Config) -> Result<Certificate, Failure> {
    if !config.tls.makes_its_own() {
        return Err(Failure::NotOwnCertificate);
    }
    Ok(Certificate::renew(&config.tls.certificate, &config.tls.key, &config.relay.host)?)
}
