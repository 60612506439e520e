//! `sealpost-relay moved`

use std::path::Path;

use clap::Args;
use sealpost_server::config::Template;
use sealpost_wire::RelayHost;
use serde::Serialize;

use super::export::refuse_running;
use super::{ConfigFile, Failure, say, say_json};
use crate::config::{self, Config, TlsMode};
use crate::keys;
use crate::tls::Certificate;

/// Have this server say, signed, where it has moved to.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  sealpost-relay moved --to relay.example.net:8443

For where a server was, once what it kept was exported and imported at the new place, under the
same operator's key. Writes `moved_to` into [relay], and a new TLS key, so that clients which
know the former one ask. Started again, it opens no store and answers with its manifest alone;
clients follow it to the new host and ask here no more. Let it run as long as somebody may come
who has been away: a lease, 90 days. Proxies that name it follow as long as it runs. With
--json, one line:
  {\"moved_to\":…,\"next\":[…]}")]
pub(super) struct Moved {
    #[command(flatten)]
    file: ConfigFile,
    /// The name and port by which clients reach it from now on.
    #[arg(long, value_name = "NAME:PORT")]
    to: RelayHost,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Told {
    moved_to: String,
    next: Vec<String>,
}

impl Moved {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let path = &self.file.config;
        let config = config::load(path)?;
        refuse_running(&config)?;
        self.write(path)?;
        if config.tls.makes_its_own() {
            Certificate::renew(&config.tls.certificate, &config.tls.key, &config.relay.host)?;
        }
        let told = Told { moved_to: self.to.to_string(), next: next(path, &config) };
        if self.json {
            say_json(&told);
        } else {
            say(format_args!("moved to {}\n\nNext:", told.moved_to));
            told.next.iter().zip(1..).for_each(|(step, number)| say(format_args!("  {number}. {step}")));
        }
        Ok(())
    }

    /// Writes it into the configuration, if that is still one with it.
    fn write(&self, path: &Path) -> Result<(), Failure> {
        let writing = || Failure::system("writing the configuration");
        let text = std::fs::read_to_string(path).map_err(writing())?;
        let text = Template::from_text(text).with_or_added("relay", "moved_to", self.to.as_str()).text();
        config::parse(&text, &path.display().to_string())?;
        keys::replace(path, text.as_bytes()).map_err(writing())
    }
}

fn next(path: &Path, config: &Config) -> Vec<String> {
    let mut next = vec![format!("sealpost-relay serve --config {}", path.display())];
    if config.tls.mode == TlsMode::Files {
        next.insert(
            0,
            "put a certificate with another key where [tls] says, or clients that know this one do not ask".to_owned(),
        );
    }
    next
}
