//! `sealpost-relay manifest`

use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use sealpost_server::peer::{Patience, Peer};
use sealpost_wire::RelayRef;
use sealpost_wire::manifest::{MAX_LENGTH, SignedManifest, VerifiedManifest};
use serde::Serialize;
use tokio::runtime::Runtime;

use super::{ConfigFile, Failure, say};
use crate::clock::SystemClock;
use crate::config;
use crate::server;

/// Show, sign and verify what servers say of themselves.
#[derive(Debug, Args)]
pub(super) struct ManifestCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Ask a server what it says of itself, and show it if it holds.
    Show(Show),
    /// Sign anew what this configuration and its keys say.
    Sign(Sign),
    /// Say whether a signed manifest is the one of a reference.
    Verify(Verify),
}

/// Ask a server what it says of itself, and show it if it holds.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost-relay manifest show
  sealpost-relay manifest show sealpost-relay:relay.example.org:8443/…

Connects as a client does: the manifest must be signed by the key in the reference, or by its
successor, and name the key of the certificate that was shown. Without a reference, the server
of this configuration is asked, at its `host`. Prints JSON; docs/protocol/relay.md says what is
in it.")]
struct Show {
    /// Which server.
    reference: Option<RelayRef>,
    #[command(flatten)]
    file: ConfigFile,
}

/// Sign anew what this configuration and its keys say.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  sealpost-relay manifest sign > manifest.json

A running server signs its own, each day and whenever something changes, and tells besides which
epochs and tickets it has; this one is to be published elsewhere, or compared. It works without
a running server.")]
struct Sign {
    #[command(flatten)]
    file: ConfigFile,
}

/// Say whether a signed manifest is the one of a reference.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost-relay manifest verify manifest.json --reference sealpost-relay:relay.example.org:8443/…
  curl --insecure https://relay.example.org:8443/v1/relay \\
      | sealpost-relay manifest verify - --reference …

Prints the manifest if the reference's key, or its successor, has signed it for that host; else
says what is wrong, and the exit code is 1. Whether a server shows the certificate that it
names, `show` looks at.")]
struct Verify {
    /// The file, or \"-\" for standard input.
    file: PathBuf,
    /// Whose it should be.
    #[arg(long, value_name = "REFERENCE")]
    reference: RelayRef,
}

/// What holds.
#[derive(Serialize)]
struct Shown {
    /// Whether the key in the reference signed it, or one that came after.
    signed_by_successor: bool,
    manifest: serde_json::Value,
}

impl ManifestCommand {
    pub(super) fn run(&self) -> Result<(), Failure> {
        match &self.command {
            Command::Show(show) => show.run(),
            Command::Sign(sign) => sign.run(),
            Command::Verify(verify) => verify.run(),
        }
    }
}

impl Show {
    fn run(&self) -> Result<(), Failure> {
        let reference = match &self.reference {
            Some(reference) => reference.clone(),
            None => own(&self.file)?,
        };
        let runtime = Runtime::new().map_err(Failure::system("starting the runtime"))?;
        let peer = runtime.block_on(Peer::connect_at(&reference, Patience::default())).map_err(Failure::Peer)?;
        show(peer.manifest(), &reference)
    }
}

/// The reference of the server that a configuration is of.
fn own(file: &ConfigFile) -> Result<RelayRef, Failure> {
    let config = config::load(&file.config)?;
    let operator = crate::keys::read_operator(&config.operator_key)?.public();
    Ok(RelayRef { host: config.relay.host, operator })
}

impl Sign {
    fn run(&self) -> Result<(), Failure> {
        let config = config::load(&self.file.config)?;
        server::check_keys(&config)?;
        let signed = server::signed_manifest(&config, Arc::new(SystemClock))?;
        say(String::from_utf8_lossy(&signed));
        Ok(())
    }
}

impl Verify {
    fn run(&self) -> Result<(), Failure> {
        let bytes = self.read().map_err(Failure::system("reading the manifest"))?;
        let signed = SignedManifest::from_json(&bytes).map_err(Failure::Manifest)?;
        let verified = signed.verify(&self.reference.host, &self.reference.operator).map_err(Failure::Manifest)?;
        show(&verified, &self.reference)
    }

    fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let source: Box<dyn Read> = match self.file.as_os_str() == "-" {
            true => Box::new(io::stdin().lock()),
            false => Box::new(std::fs::File::open(&self.file)?),
        };
        source.take(MAX_LENGTH as u64 + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

fn show(verified: &VerifiedManifest, reference: &RelayRef) -> Result<(), Failure> {
    let unwritable = |error: serde_json::Error| Failure::System { doing: "writing JSON", source: error.into() };
    let manifest = serde_json::to_value(&verified.manifest).map_err(unwritable)?;
    let shown = Shown { signed_by_successor: verified.operator != reference.operator, manifest };
    say(serde_json::to_string_pretty(&shown).map_err(unwritable)?);
    Ok(())
}
