//! `sealpost-attester init`

use std::fs::DirBuilder;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use clap::Args;
use data_encoding::HEXLOWER;
use sealpost_server::keys;
use sealpost_server::tls::Certificate;
use sealpost_wire::{RelayHost, RelayRef, Secret};
use serde::Serialize;
use zeroize::Zeroizing;

use super::{Failure, say, say_json, warn};
use crate::config::{self, Admin, Config, GatewayKind, Template};
use crate::gateway::WebhookUrl;

const CONFIG: &str = "sealpost-attester.toml";

/// Write a configuration, the operator's key and a TLS key; overwrites nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost-attester init --directory sealpost-relay:localhost:8443/… --listen 127.0.0.1:8445 \\
      --admin 127.0.0.1:8446
  sealpost-attester init --dir /var/lib/sealpost-attester --listen 0.0.0.0:8443 \\
      --host attester.example.org:8443 --region eu-de \\
      --directory sealpost-relay:relay.example.org:8443/… --webhook https://sms.example.org/send

Prints the attester's reference, which the directory and its key services are configured with. With
--json, one line:
  {\"reference\":…,\"config\":…,\"operator_key\":…,\"tls_key\":…,\"gateway_secret\":…,\"next\":[…]}")]
pub(super) struct Init {
    /// Where everything is written; made if it is not there.
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Where clients connect.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8443")]
    listen: SocketAddr,
    /// The name and port by which clients reach the attester; on loopback, "localhost" and the port of --listen.
    #[arg(long, value_name = "NAME:PORT")]
    host: Option<RelayHost>,
    /// A name for people.
    #[arg(long, default_value = "A Sealpost attester")]
    name: String,
    /// Where it works, in your words, such as "eu-de"; the attester signs it.
    #[arg(long, default_value = "unstated")]
    region: String,
    /// Where health and metrics are served, or "off".
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8444")]
    admin: Admin,
    /// The reference of the relay in whose directory numbers are listed; it can be filled in later.
    #[arg(long, value_name = "REFERENCE")]
    directory: Option<RelayRef>,
    /// What sends the SMS; without one, codes are written to a file.
    #[arg(long, value_name = "URL")]
    webhook: Option<WebhookUrl>,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

/// What was written.
#[derive(Serialize)]
struct Written {
    reference: String,
    config: PathBuf,
    operator_key: PathBuf,
    tls_key: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway_secret: Option<PathBuf>,
    next: Vec<String>,
}

impl Init {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let host = self.host()?;
        let text = self.template(&host).text();
        let path = self.dir.join(CONFIG);
        let config = config::parse(&text, &path.display().to_string())?.rooted_at(&self.dir);
        refuse_overwriting(&path, &config)?;
        let written = self.write(&path, &text, &config)?;
        if self.json {
            say_json(&written);
        } else {
            tell(&written);
        }
        warn(&config);
        Ok(())
    }

    fn host(&self) -> Result<RelayHost, Failure> {
        let port = self.listen.port();
        let local = || format!("localhost:{port}").parse().ok().filter(|_| self.listen.ip().is_loopback());
        self.host.clone().or_else(local).ok_or(Failure::HostUnknown)
    }

    fn template(&self, host: &RelayHost) -> Template {
        let template = Template::of::<Config>()
            .with("listen", &self.listen.to_string())
            .with("admin", &self.admin.to_string())
            .with("host", host.as_str())
            .with("name", &self.name)
            .with("region", &self.region);
        let template = self.directory.iter().fold(template, |template, directory| {
            template.with("directory", &directory.to_string()) //
        });
        self.webhook
            .iter()
            .fold(template, |template, url| template.with("kind", "webhook").with("url", &url.to_string()))
    }

    fn write(&self, path: &Path, text: &str, config: &Config) -> Result<Written, Failure> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.dir);
        made.map_err(Failure::system("making the directory"))?;
        let operator = keys::create_operator(&config.operator_key, &mut rand::rng())?;
        Certificate::create(&config.tls.certificate, &config.tls.key, &config.attester.host)?;
        let gateway_secret = gateway_secret(config)?;
        keys::create_with_mode(path, text.as_bytes(), 0o644).map_err(Failure::system("writing the configuration"))?;
        Ok(Written {
            reference: RelayRef { host: config.attester.host.clone(), operator: operator.public() }.to_string(),
            config: path.to_owned(),
            operator_key: config.operator_key.clone(),
            tls_key: config.tls.key.clone(),
            next: next(path, config),
            gateway_secret,
        })
    }
}

/// Draws what a webhook knows the attester by.
fn gateway_secret(config: &Config) -> Result<Option<PathBuf>, Failure> {
    if config.gateway.kind != GatewayKind::Webhook {
        return Ok(None);
    }
    let secret = Secret::<32>::random(&mut rand::rng());
    let line = Zeroizing::new(format!("{}\n", HEXLOWER.encode(secret.expose())));
    keys::create(&config.gateway.secret, line.as_bytes())?;
    Ok(Some(config.gateway.secret.clone()))
}

fn refuse_overwriting(path: &Path, config: &Config) -> Result<(), Failure> {
    let files = [path, &config.operator_key, &config.tls.key, &config.tls.certificate, &config.gateway.secret];
    match files.into_iter().find(|file| file.exists()) {
        Some(found) => Err(Failure::Exists { path: found.to_owned() }),
        None => Ok(()),
    }
}

fn next(path: &Path, config: &Config) -> Vec<String> {
    let (key, path) = (config.operator_key.display(), path.display());
    let directory = format!("write the reference of the directory's relay into {path}, as `directory`");
    let secret =
        format!("give {} to what is at the webhook, to check signatures with", config.gateway.secret.display());
    let steps = [
        Some(format!("back up {key}: whoever has it can vouch for any number")),
        config.directory.is_none().then_some(directory),
        (config.gateway.kind == GatewayKind::Webhook).then_some(secret),
        Some("write the reference above into the configuration of the directory and of its key services".to_owned()),
        Some(format!("sealpost-attester check-config --config {path}")),
        Some(format!("sealpost-attester serve --config {path}")),
    ];
    steps.into_iter().flatten().collect()
}

fn tell(written: &Written) {
    say(&written.reference);
    say("\nWritten:");
    for path in [&written.config, &written.operator_key, &written.tls_key].into_iter().chain(&written.gateway_secret) {
        say(format_args!("  {}", path.display()));
    }
    say("\nNext:");
    for (step, number) in written.next.iter().zip(1..) {
        say(format_args!("  {number}. {step}"));
    }
}
