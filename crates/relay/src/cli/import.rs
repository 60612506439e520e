//! `sealpost-relay import`

use std::fs::{DirBuilder, File};
use std::io::{self, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use clap::Args;
use data_encoding::HEXLOWER;
use sealpost_server::config::Template;
use sealpost_wire::{RelayHost, RelayRef};
use serde::Serialize;

use super::export::{bar, of_embedded, of_redis};
use super::init::CONFIG;
use super::passphrase::{Use, passphrase};
use super::{Failure, say, say_json};
use crate::archive::{self, Contents, Reader};
use crate::belongings::place;
use crate::config::{self, Admin, Backend, Config, Role};
use crate::keys;
use crate::store::{embedded, redis};

/// What says that an import has begun, and how far it is.
const MARK: &str = "import.unfinished";
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

The archive is read to its end before anything is written: one that was altered, cut off, is
another operator's than --reference says, or was imported already changes nothing. An import
that was interrupted goes on when the same command is given again. Paths in the configuration
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

    fn open(&self, what: &'static str) -> Result<impl io::Read, Failure> {
        let file = File::open(&self.archive).map_err(Failure::system("opening the archive"))?;
        let bar = bar(what);
        bar.set_length(file.metadata().map(|file| file.len()).unwrap_or_default());
        Ok(BufReader::with_capacity(1 << 20, bar.wrap_read(file)))
    }

    fn import(&self, contents: &Contents, passphrase: &[u8]) -> Result<Imported, Failure> {
        if self.reference.as_ref().is_some_and(|wanted| wanted.operator != contents.start.operator) {
            return Err(Failure::ForeignArchive);
        }
        let (path, config) = (self.dir.join(CONFIG), self.config(contents)?);
        let text = Template::saying(&config).text();
        let rooted = config::parse(&text, &path.display().to_string())?.rooted_at(&self.dir);
        let places = places(contents, &path, &rooted)?;
        let mark = Mark::begin(&self.dir, &contents.mark, &places, &rooted)?;
        self.fill(&rooted, passphrase, &mark)?;
        for (file, place) in contents.files.iter().zip(&places).filter(|(file, _)| file.name != CONFIG_NAME) {
            put(place, &file.bytes)?;
        }
        // With it there is a server.
        put(&path, text.as_bytes())?;
        mark.end()?;
        let reference = RelayRef { host: rooted.relay.host.clone(), operator: contents.start.operator };
        let next = next(&path, contents, &rooted, self);
        let files = contents.files.len() as u64;
        Ok(Imported { reference: reference.to_string(), config: path, files, records: contents.records, next })
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

    fn fill(&self, config: &Config, passphrase: &[u8], mark: &Mark) -> Result<(), Failure> {
        if config.role != Role::Relay || mark.is_filled {
            return Ok(());
        }
        let mut reader = Reader::begin(self.open("importing")?, passphrase).map_err(Failure::Archive)?;
        let mut give = || reader.record().map_err(io::Error::other);
        let settings = config.settings();
        let filled = match &settings.redis {
            Some(options) => redis::fill(options, &mark.of, &mut give).map_err(of_redis),
            None => embedded::fill(&settings.store_options(), &mut give).map_err(of_embedded),
        };
        if filled.is_err() {
            mark.give_up();
            // What it made is empty; what it did not make is not.
            let _removed = std::fs::remove_dir(&config.data);
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

/// What says that an import has begun.
struct Mark {
    path: PathBuf,
    /// Which archive it is of.
    of: [u8; 32],
    is_filled: bool,
    is_new: bool,
}

const FILLED: &str = "filled";

impl Mark {
    /// Begins, or goes on with what was begun with the same archive.
    fn begin(dir: &Path, of: &[u8; 32], places: &[PathBuf], config: &Config) -> Result<Self, Failure> {
        let path = dir.join(MARK);
        let begun = std::fs::read_to_string(&path).ok();
        if let Some(begun) = begun {
            let is_same = begun.lines().next() == Some(HEXLOWER.encode(of).as_str());
            let is_filled = begun.lines().nth(1) == Some(FILLED);
            return if is_same {
                Ok(Self { path, of: *of, is_filled, is_new: false })
            } else {
                Err(Failure::Exists { path })
            };
        }
        let data = (config.role == Role::Relay && config.store.backend == Backend::Embedded).then_some(&config.data);
        if let Some(found) = places.iter().chain(data).find(|place| place.exists()) {
            return Err(Failure::Exists { path: found.clone() });
        }
        make(dir)?;
        let mark = Self { path, of: *of, is_filled: false, is_new: true };
        mark.write("")?;
        Ok(mark)
    }

    fn write(&self, state: &str) -> Result<(), Failure> {
        let failed = || Failure::system("writing how far the import is");
        keys::remove(&self.path).map_err(failed())?;
        let text = format!("{}\n{state}\n", HEXLOWER.encode(&self.of));
        keys::create_with_mode(&self.path, text.as_bytes(), 0o600).map_err(failed())
    }

    fn filled(&self) -> Result<(), Failure> {
        self.write(FILLED)
    }

    /// What had only begun leaves nothing.
    fn give_up(&self) {
        if self.is_new {
            let _removed = keys::remove(&self.path);
        }
    }

    fn end(&self) -> Result<(), Failure> {
        keys::remove(&self.path).map_err(Failure::system("ending the import"))
    }
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
