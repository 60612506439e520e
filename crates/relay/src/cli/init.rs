//! `sealpost-relay init`

mod questions;
mod unit;

use std::fs::DirBuilder;
use std::io::{self, IsTerminal};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use clap::Args;
use sealpost_wire::{RelayHost, RelayRef};
use serde::Serialize;

use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

use self::questions::{Answers, Person};
use super::{Failure, say, say_json, warn};
use crate::config::{self, Admin, Backend, Config, Role, Template};
use crate::keys;
use crate::tls::Certificate;

pub(super) const CONFIG: &str = "sealpost-relay.toml";

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

On a terminal, what is not said of role, listen, host, region and backend is asked for;
elsewhere, and with --json, it is as below. Prints the server's reference, which is what others
need to use it. With --json, one line; the `data` of a key service is the directory of its keys,
and a proxy has none:
  {\"reference\":…,\"config\":…,\"operator_key\":…,\"tls_key\":…,\"data\":…,\"next\":[…]}")]
pub(super) struct Init {
    /// What the server is to be; a relay, if nothing else is said.
    #[arg(long, value_enum)]
    role: Option<Role>,
    /// Where everything is written; made if it is not there.
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Where clients connect; 127.0.0.1:8443, if nothing else is said.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// The name and port by which clients reach it; on loopback, "localhost" and the port of --listen.
    #[arg(long, value_name = "NAME:PORT")]
    host: Option<RelayHost>,
    /// A name for people; "A Sealpost relay", "A Sealpost key service" or "A Sealpost proxy".
    #[arg(long)]
    name: Option<String>,
    /// Where the data is kept, in your words, such as "eu-de"; the server signs it.
    #[arg(long)]
    region: Option<String>,
    /// Of a relay: where its store lies; in files, if nothing else is said.
    #[arg(long, value_enum)]
    backend: Option<Backend>,
    /// With a store in Redis: the server, as in redis://127.0.0.1:6379.
    #[arg(long, value_name = "URL")]
    redis: Option<String>,
    /// Of a key service: the reference of the attester whose vouchers it takes; without, anyone may ask it.
    #[arg(long, value_name = "REFERENCE")]
    attester: Option<RelayRef>,
    /// Where health, metrics and, of a relay, purging are served, or "off".
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8444")]
    admin: Admin,
    /// Write a unit for systemd there as well.
    #[arg(long, value_name = "FILE")]
    unit: Option<PathBuf>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<PathBuf>,
    next: Vec<String>,
}

impl Init {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let answers = self.answers()?;
        if self.attester.is_some() && answers.role != Some(Role::KeyService) {
            return Err(Failure::AttesterOfRelay);
        }
        let path = self.dir.join(CONFIG);
        let text = Template::saying(&self.config(answers)?).text();
        let config = config::parse(&text, &path.display().to_string())?.rooted_at(&self.dir);
        refuse_overwriting(&path, &config, self.unit.as_deref())?;
        let written = self.write(&path, &text, &config)?;
        if self.json {
            say_json(&written);
        } else {
            tell(&written);
        }
        warn(&config);
        Ok(())
    }

    /// What was said, and what is asked for besides where somebody is there to answer.
    fn answers(&self) -> Result<Answers, Failure> {
        let told = Answers {
            role: self.role,
            listen: self.listen,
            host: self.host.clone(),
            region: self.region.clone(),
            backend: self.backend.or(self.redis.is_some().then_some(Backend::Redis)),
            redis: self.redis.clone(),
        };
        if self.json || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return Ok(told);
        }
        let mut person = Person::new(io::stdin().lock(), io::stderr().lock());
        person.ask(told).map_err(Failure::system("asking on the terminal"))
    }

    fn config(&self, answers: Answers) -> Result<Config, Failure> {
        let mut config = Config::default();
        config.role = answers.role.unwrap_or(config.role);
        config.listen = answers.listen.unwrap_or(config.listen);
        config.admin = self.admin;
        let (listen, port) = (config.listen.ip(), config.listen.port());
        let local = || format!("localhost:{port}").parse().ok().filter(|_| is_loopback(listen));
        config.relay.host = answers.host.or_else(local).ok_or(Failure::HostUnknown)?;
        config.relay.region = answers.region.unwrap_or(config.relay.region);
        config.relay.name = self.name.clone().unwrap_or_else(|| named(config.role).to_owned());
        config.store.backend = answers.backend.unwrap_or(config.store.backend);
        config.redis.urls = answers.redis.map_or(config.redis.urls, |url| vec![url]);
        config.key_service.attester.clone_from(&self.attester);
        Ok(config)
    }

    fn write(&self, path: &Path, text: &str, config: &Config) -> Result<Written, Failure> {
        let mut written = write(path, text, config)?;
        if let Some(unit) = &self.unit {
            write_unit(unit, &self.dir).map_err(Failure::system("writing the unit"))?;
            written.unit = Some(unit.clone());
            written.next.insert(
                2,
                format!("useradd --system --no-create-home sealpost-relay; chown -R sealpost-relay: {}; systemctl daemon-reload; systemctl enable --now {}", self.dir.display(), unit.file_name().unwrap_or_default().display()),
            );
        }
        Ok(written)
    }
}

const fn named(role: Role) -> &'static str {
    match role {
        Role::Relay => "A Sealpost relay",
        Role::KeyService => "A Sealpost key service",
        Role::OhttpProxy => "A Sealpost proxy",
    }
}

fn write_unit(path: &Path, dir: &Path) -> io::Result<()> {
    let text = unit::unit(&std::env::current_exe()?, &std::fs::canonicalize(dir)?);
    keys::create_with_mode(path, text.as_bytes(), 0o644)
}

const fn is_loopback(address: IpAddr) -> bool {
    address.is_loopback()
}

fn refuse_overwriting(path: &Path, config: &Config, unit: Option<&Path>) -> Result<(), Failure> {
    let files = [path, &config.operator_key, &config.tls.key, &config.tls.certificate];
    match files.into_iter().chain(kept(config)).chain(unit).find(|file| file.exists()) {
        Some(found) => Err(Failure::Exists { path: found.to_owned() }),
        None => Ok(()),
    }
}

/// The directory of what the server will keep, if it keeps anything.
fn kept(config: &Config) -> Option<&Path> {
    match config.role {
        Role::Relay => (config.store.backend == Backend::Embedded).then_some(&*config.data),
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
        unit: None,
        next: next(path, config),
    })
}

fn next(path: &Path, config: &Config) -> Vec<String> {
    vec![
        format!(
            "back up {}: whoever has it is this server, and without it there is none",
            config.operator_key.display()
        ),
        format!("sealpost-relay doctor --config {}", path.display()),
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
    if io::stdout().is_terminal()
        && let Ok(code) = QrCode::with_error_correction_level(&written.reference, EcLevel::M)
    {
        let (dark, light) = (Dense1x2::Light, Dense1x2::Dark);
        say(code.render::<Dense1x2>().dark_color(dark).light_color(light).quiet_zone(true).build());
    }
    say(&written.reference);
    say("\nWritten:");
    for path in
        [&written.config, &written.operator_key, &written.tls_key].into_iter().chain(&written.data).chain(&written.unit)
    {
        say(format_args!("  {}", path.display()));
    }
    say("\nNext:");
    for (step, number) in written.next.iter().zip(1..) {
        say(format_args!("  {number}. {step}"));
    }
}
