//! `sealpost-relay init`

use std::fs::DirBuilder;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use clap::Args;
use sealpost_wire::{RelayHost, RelayRef};
use serde::Serialize;

use super::{Failure, say, say_json, warn};
use crate::config::{self, Admin, Config, Role, Template};
use crate::keys;
use crate::tls::Certificate;

const CONFIG: &str = "sealpost-relay.toml";

/// Write a configuration, the operator's key and a TLS key; overwrites nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost-relay init
  sealpost-relay init --dir /var/lib/sealpost-relay --listen 0.0.0.0:8443 \\
      --host relay.example.org:8443 --name 'Example relay' --region eu-de --json
  sealpost-relay init --role key-service --dir /var/lib/sealpost-keys --listen 0.0.0.0:8445 \\
      --host keys.example.org:8445 --admin 127.0.0.1:8446 --attester sealpost-relay:…

  sealpost-relay init --role ohttp-proxy --dir /var/lib/sealpost-proxy --listen 0.0.0.0:8447 \\
      --host proxy.example.org:8447 --admin 127.0.0.1:8448

Prints the server's reference, which is what others need to use it. With --json, one line; the `data`
of a key service is the directory of its keys, and a proxy has none:
  {\"reference\":…,\"config\":…,\"operator_key\":…,\"tls_key\":…,\"data\":…,\"next\":[…]}")]
pub(super) struct Init {
    /// What the server is to be.
    #[arg(long, value_enum, default_value = "relay")]
    role: Role,
    /// Where everything is written; made if it is not there.
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Where clients connect.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8443")]
    listen: SocketAddr,
    /// The name and port by which clients reach it; on loopback, "localhost" and the port of --listen.
    #[arg(long, value_name = "NAME:PORT")]
    host: Option<RelayHost>,
    /// A name for people; "A Sealpost relay", "A Sealpost key service" or "A Sealpost proxy".
    #[arg(long)]
    name: Option<String>,
    /// Where the data is kept, in your words, such as "eu-de"; the server signs it.
    #[arg(long, default_value = "unstated")]
    region: String,
    /// Of a key service: the reference of the attester whose vouchers it takes; without, anyone may ask it.
    #[arg(long, value_name = "REFERENCE")]
    attester: Option<RelayRef>,
    /// Where health, metrics and, of a relay, purging are served, or "off".
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8444")]
    admin: Admin,
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
    data: Option<PathBuf>,
    next: Vec<String>,
}

impl Init {
    pub(super) fn run(&self) -> Result<(), Failure> {
        if self.attester.is_some() && self.role != Role::KeyService {
            return Err(Failure::AttesterOfRelay);
        }
        let host = self.host()?;
        let text = self.template(&host).text();
        let path = self.dir.join(CONFIG);
        let config = config::parse(&text, &path.display().to_string())?.rooted_at(&self.dir);
        refuse_overwriting(&path, &config)?;
        let written = write(&path, &text, &config)?;
        if self.json {
            say_json(&written)
        } else {
            tell(&written);
        }
        warn(&config);
        Ok(())
    }

    fn host(&self) -> Result<RelayHost, Failure> {
        let port = self.listen.port();
        let local = || format!("localhost:{port}").parse().ok().filter(|_| is_loopback(self.listen.ip()));
        self.host.clone().or_else(local).ok_or(Failure::HostUnknown)
    }

    fn template(&self, host: &RelayHost) -> Template {
        let name = self.name.as_deref().unwrap_or(match self.role {
            Role::Relay => "A Sealpost relay",
            Role::KeyService => "A Sealpost key service",
            Role::OhttpProxy => "A Sealpost proxy",
        });
        let attester = self.attester.as_ref().map(ToString::to_string).unwrap_or_default();
        Template::of::<Config>()
            .with("role", self.role.name())
            .with("listen", &self.listen.to_string())
            .with("admin", &self.admin.to_string())
            .with("relay.host", host.as_str())
            .with("relay.name", name)
            .with("relay.region", &self.region)
            .with("key_service.attester", &attester)
    }
}

const fn is_loopback(address: IpAddr) -> bool {
    address.is_loopback()
}

fn refuse_overwriting(path: &Path, config: &Config) -> Result<(), Failure> {
    let files = [path, &config.operator_key, &config.tls.key, &config.tls.certificate];
    match files.into_iter().chain(kept(config)).find(|file| file.exists()) {
        Some(found) => Err(Failure::Exists { path: found.to_owned() }),
        None => Ok(()),
    }
}

/// The directory of what the server will keep, if it keeps anything.
fn kept(config: &Config) -> Option<&Path> {
    match config.role {
        Role::Relay => Some(&config.data),
        Role::KeyService => Some(&config.key_service.keys),
        Role::OhttpProxy => None,
    }
}

fn write(path: &Path, text: &str, config: &Config) -> Result<Written, Failure> {
    let directory = |path: &Path| DirBuilder::new().recursive(true).mode(0o700).create(path);
    // A proxy has no other.
    directory(kept(config).unwrap_or(path.parent().unwrap_or(Path::new("."))))
        .map_err(Failure::system("making the data directory"))?;
    let operator = keys::create_operator(&config.operator_key, &mut rand::rng())?;
    Certificate::create(&config.tls.certificate, &config.tls.key, &config.relay.host)?;
    keys::create_with_mode(path, text.as_bytes(), 0o644).map_err(Failure::system("writing the configuration"))?;
    let reference = RelayRef { host: config.relay.host.clone(), operator: operator.public() };
    Ok(Written {
        reference: reference.to_string(),
        config: path.to_owned(),
        operator_key: config.operator_key.clone(),
        tls_key: config.tls.key.clone(),
        data: kept(config).map(Path::to_owned),
        next: next(path, config),
    })
}

fn next(path: &Path, config: &Config) -> Vec<String> {
    vec![
        format!(
            "back up {}: whoever has it is this server, and without it there is none",
            config.operator_key.display()
        ),
        format!("sealpost-relay check-config --config {}", path.display()),
        format!("sealpost-relay serve --config {}", path.display()),
        match config.role {
            Role::Relay => {
                "give the reference above to those who shall use the relay; to keep others out, set `policy = \"invite\"` in [tickets] and \
                 give each of them a code of `sealpost-relay invite`"
                    .to_owned()
            }
            Role::KeyService => {
                "give the reference above to those whose directories and attesters shall use it".to_owned()
            }
            Role::OhttpProxy => {
                "write into [ohttp_proxy] whose relays it passes requests on to, and give the reference above to who asks"
                    .to_owned()
            }
        },
    ]
}

fn tell(written: &Written) {
    say(&written.reference);
    say("\nWritten:");
    for path in [&written.config, &written.operator_key, &written.tls_key].into_iter().chain(&written.data) {
        say(format_args!("  {}", path.display()));
    }
    say("\nNext:");
    for (step, number) in written.next.iter().zip(1..) {
        say(format_args!("  {number}. {step}"));
    }
}
