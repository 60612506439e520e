//! `sealpost-relay import`

mod mark;

use std::fs::DirBuilder;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use clap::Args;
use sealpost_server::config::Template;
use sealpost_wire::{RelayHost, RelayRef};
use serde::Serialize;

use super::export::{of_embedded, of_redis, reading};
use super::init::CONFIG;
use super::passphrase::{Use, passphrase};
use super::{Failure, say, say_json};
use crate::archive::{self, Contents, Reader};
use crate::belongings::place;
use crate::config::{self, Admin, Backend, Config, Role};
use crate::keys;
use crate::store::dump::{Filling, Part};
use crate::store::{embedded, redis};
use mark::Mark;

/// What the configuration is called in an archive.
const CONFIG_NAME: &str = "config";

/// Make a server of what `export` wrote.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost-relay import relay.archive --dir /var/lib/sealpost-relay
  sealpost-relay import relay.archive --dir /srv/relay --host relay.example.net:8443 --region fi
  sealpost-relay import relay.archive --dir /srv/relay \\
      --backend redis --redis rediss://redis.example.net:6379
  sealpost-relay import relay.first --dir /srv/relay
  sealpost-relay import relay.rest --dir /srv/relay

The archive is read to its end before anything is written: one that was altered, cut off, is
another operator's than --reference says, or was imported already changes nothing. An import
that was interrupted goes on where it was when the same command is given again. Of a server that
is exported in two parts, import the first as soon as it is there, and then the rest, with the
same options: until that is done, there is no server. Paths in the configuration
become the usual ones below --dir; a password of Redis, or `ca`, is not in an archive: write it
into the configuration. Never start both servers.
With --json, one line:
  {\"reference\":…,\"config\":…,\"files\":…,\"records\":…,\"next\":[…]}")]
pub(super) struct Import {
    /// What `export` wrote.
    archive: PathBuf,
    /// Where everything is written; made if it is not there.
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Only if it is this server's.
    #[arg(long, value_name = "REFERENCE")]
    reference: Option<RelayRef>,
    /// The store is to lie here, wherever it lay.
    #[arg(long, value_enum)]
    backend: Option<Backend>,
    /// With a store in Redis: the server, or some of a cluster.
    #[arg(long, value_name = "URL")]
    redis: Vec<String>,
    /// Where clients connect.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Where health and metrics are served, or "off".
    #[arg(long, value_name = "ADDRESS:PORT")]
    admin: Option<Admin>,
    /// The name and port by which clients reach it.
    #[arg(long, value_name = "NAME:PORT")]
    host: Option<RelayHost>,
    /// Where the data is kept, in your words.
    #[arg(long)]
    region: Option<String>,
    /// The passphrase is the first line of this file; without it, it is asked for.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

/// What was made.
#[derive(Serialize)]
struct Imported {
    reference: String,
    config: PathBuf,
    files: u64,
    records: u64,
    next: Vec<String>,
}

impl Import {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let passphrase = passphrase(self.passphrase_file.as_deref(), Use::Opens)?;
        let contents = archive::verify(self.open("looking through")?, &passphrase).map_err(Failure::Archive)?;
        let imported = self.import(&contents, &passphrase)?;
        if self.json {
            say_json(&imported);
        } else {
            tell(&imported);
        }
        Ok(())
    }

    fn open(&self, what: &'static str) -> Result<impl io::Read + Send + use<>, Failure> {
        reading(&self.archive, what)
    }

    fn import(&self, contents: &Contents, passphrase: &[u8]) -> Result<Imported, Failure> {
        if self.reference.as_ref().is_some_and(|wanted| wanted.operator != contents.start.operator) {
            return Err(Failure::ForeignArchive);
        }
        let (path, config) = (self.dir.join(CONFIG), self.config(contents)?);
        let text = Template::saying(&config).text();
        let rooted = config::parse(&text, &path.display().to_string())?.rooted_at(&self.dir);
        let places = places(contents, &path, &rooted)?;
        let filling = Filling { mark: contents.mark, part: contents.start.part };
        let mut mark = Mark::begin(&self.dir, filling, &places, &rooted)?;
        self.fill(&rooted, passphrase, &mut mark)?;
        if filling.part == Part::First {
            return Ok(self.imported(contents, &rooted, path, vec![the_rest(&self.archive)]));
        }
        adopt(&rooted)?;
        for (file, place) in contents.files.iter().zip(&places).filter(|(file, _)| file.name != CONFIG_NAME) {
            put(place, &file.bytes)?;
        }
        // With it there is a server.
        put(&path, text.as_bytes())?;
        mark.end()?;
        let next = next(&path, contents, &rooted, self);
        Ok(self.imported(contents, &rooted, path, next))
    }

    fn imported(&self, contents: &Contents, rooted: &Config, config: PathBuf, next: Vec<String>) -> Imported {
        let reference = RelayRef { host: rooted.relay.host.clone(), operator: contents.start.operator };
        let files = contents.files.len() as u64;
        Imported { reference: reference.to_string(), config, files, records: contents.records, next }
    }

    /// The configuration in the archive, with the usual paths and what is asked for here.
    fn config(&self, contents: &Contents) -> Result<Config, Failure> {
        let file = contents.files.iter().find(|file| file.name == CONFIG_NAME);
        let text = file.and_then(|file| str::from_utf8(&file.bytes).ok()).ok_or(Failure::ForeignArchive)?;
        let mut config = config::parse(text, "the archive's configuration")?;
        usual_paths(&mut config);
        if let Some(backend) = self.backend {
            config.store.backend = backend;
        }
        if !self.redis.is_empty() {
            config.redis.urls.clone_from(&self.redis);
        }
        config.listen = self.listen.unwrap_or(config.listen);
        config.admin = self.admin.unwrap_or(config.admin);
        config.relay.host = self.host.clone().unwrap_or(config.relay.host);
        // It was said of the former place.
        config.relay.moved_to = None;
        config.relay.region = self.region.clone().unwrap_or(config.relay.region);
        Ok(config)
    }

    fn fill(&self, config: &Config, passphrase: &[u8], mark: &mut Mark) -> Result<(), Failure> {
        if config.role != Role::Relay || mark.is_filled() {
            return mark.filled();
        }
        let reader = Reader::begin(self.open("importing")?, passphrase).map_err(Failure::Archive)?;
        let mut records = reader.records().map_err(Failure::Archive)?;
        let mut give = || records.next().map_err(io::Error::other);
        let settings = config.settings();
        let filled = match &settings.redis {
            Some(options) => redis::fill(options, &mark.filling, &mut give).map_err(of_redis),
            None => embedded::fill(&settings.store_options(), &mark.filling, &mut give).map_err(of_embedded),
        };
        if matches!(filled, Err(Failure::Start(_) | Failure::StoreNotEmpty | Failure::NoFirst)) {
            mark.give_up();
        }
        filled?;
        mark.filled()
    }
}

/// Everything where `init` would put it.
fn usual_paths(config: &mut Config) {
    let usual = Config::default();
    config.data = usual.data;
    config.operator_key = usual.operator_key;
    (config.tls.certificate, config.tls.key) = (usual.tls.certificate, usual.tls.key);
    (config.tls.acme.account, config.tls.acme.ca) = (usual.tls.acme.account, usual.tls.acme.ca);
    config.key_service.keys = usual.key_service.keys;
    config.tickets.keys = usual.tickets.keys;
    config.oblivious.keys = usual.oblivious.keys;
    (config.redis.password, config.redis.ca) = (usual.redis.password, usual.redis.ca);
    config.redis.user = usual.redis.user;
}

/// Where each file of the archive belongs.
fn places(contents: &Contents, path: &Path, config: &Config) -> Result<Vec<PathBuf>, Failure> {
    let places = contents.files.iter().map(|file| place(&file.name, path, config).ok_or(Failure::ForeignArchive));
    places.collect()
}

/// Has the store that was filled be the server's.
fn adopt(config: &Config) -> Result<(), Failure> {
    let settings = config.settings();
    match &settings.redis {
        _ if config.role != Role::Relay => Ok(()),
        Some(options) => redis::adopt(options).map_err(of_redis),
        None => embedded::adopt(&settings.store_options()).map_err(of_embedded),
    }
}

fn the_rest(first: &Path) -> String {
    format!("where the server is: sealpost-relay export FILE --after {}, and import FILE here", first.display())
}

fn make(dir: &Path) -> Result<(), Failure> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(Failure::system("making a directory"))
}

fn put(place: &Path, bytes: &[u8]) -> Result<(), Failure> {
    place.parent().map_or(Ok(()), make)?;
    // An interrupted import of the same archive may have put it there.
    let writing = || Failure::system("writing the server's files");
    keys::remove(place).map_err(writing())?;
    keys::create_with_mode(place, bytes, 0o600).map_err(writing())
}

fn next(path: &Path, contents: &Contents, config: &Config, import: &Import) -> Vec<String> {
    let mut next = vec![
        format!("sealpost-relay doctor --config {}", path.display()),
        format!("sealpost-relay serve --config {}", path.display()),
        format!(
            "delete {}, here and where it was made: what is acknowledged from now on stays in it",
            import.archive.display()
        ),
    ];
    if config.relay.host.as_str() != contents.start.host {
        next.insert(
            2,
            format!(
                "where the server was: sealpost-relay moved --to {}, and start it again, for clients to follow",
                config.relay.host
            ),
        );
    } else {
        next.insert(
            2,
            "where the server was: sealpost-relay erase; both have the same keys, and clients reach one".to_owned(),
        );
    }
    next
}

fn tell(imported: &Imported) {
    say(&imported.reference);
    say(format_args!("\n{} files and {} records\n\nNext:", imported.files, imported.records));
    for (step, number) in imported.next.iter().zip(1..) {
        say(format_args!("  {number}. {step}"));
    }
}
