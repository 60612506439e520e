//! `sealpost-relay export`

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sealpost_server::clock::Clock;
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::time::{Day, Hour};
use serde::Serialize;
use tokio::runtime::Runtime;

use super::passphrase::{Use, passphrase};
use super::running::Running;
use super::{ConfigFile, Failure, say, say_json};
use crate::archive::{self, Start, Writer};
use crate::belongings::belongings;
use crate::clock::SystemClock;
use crate::config::{self, Config, Role};
use crate::store::dump::DumpError;
use crate::store::{embedded, redis};

/// Put the whole server into one sealed and signed file.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost-relay export relay.archive
  sealpost-relay export relay.archive --passphrase-file /root/passphrase --json

Configuration, keys, and all that is in the store, from files or from Redis: for another
machine, another backend or a backup. The server must not run: what it accepted afterwards would
be lost. Clients keep what they send until it, or the one that takes its place, answers. The
archive is as good as the server: who has it and its passphrase is this server, and sees how
many mailboxes there are and how full. It holds no envelope that was acknowledged before; but
one that is acknowledged later stays in it. Delete it once it was imported.
With --json, one line:
  {\"archive\":…,\"files\":…,\"records\":…,\"bytes\":…}")]
pub(super) struct Export {
    /// Where to; it must not be there yet.
    archive: PathBuf,
    #[command(flatten)]
    file: ConfigFile,
    /// The passphrase is the first line of this file; without it, it is asked for.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// With a store in Redis: although relays run. What they accept meanwhile may be missing.
    #[arg(long)]
    running: bool,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

/// What was written.
#[derive(Serialize)]
struct Exported {
    archive: PathBuf,
    files: u64,
    records: u64,
    bytes: u64,
}

impl Export {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let config = config::load(&self.file.config)?;
        if self.archive.exists() {
            return Err(Failure::Exists { path: self.archive.clone() });
        }
        if !self.running {
            refuse_running(&config)?;
        }
        let operator = crate::keys::read_operator(&config.operator_key)?;
        let passphrase = passphrase(self.passphrase_file.as_deref(), Use::Protects)?;
        let exported = self.export(&config, &operator, &passphrase)?;
        match self.json {
            true => say_json(&exported),
            false => say(format_args!(
                "{}: {} files and {} records, {}",
                exported.archive.display(),
                exported.files,
                exported.records,
                bytesize::ByteSize(exported.bytes)
            )),
        }
        Ok(())
    }

    fn export(&self, config: &Config, operator: &OperatorSecret, passphrase: &[u8]) -> Result<Exported, Failure> {
        let unfinished = unfinished(&self.archive);
        let writing = || Failure::system("writing the archive");
        let out = create(&unfinished).map_err(writing())?;
        let written = self.write(out, config, operator, passphrase);
        if written.is_err() {
            let _removed = std::fs::remove_file(&unfinished);
        }
        let (files, records, bytes) = written?;
        std::fs::rename(&unfinished, &self.archive).map_err(writing())?;
        Ok(Exported { archive: self.archive.clone(), files, records, bytes })
    }

    /// How many files, records and bytes there are.
    fn write(
        &self,
        out: File,
        config: &Config,
        operator: &OperatorSecret,
        passphrase: &[u8],
    ) -> Result<(u64, u64, u64), Failure> {
        let writing = || Failure::system("writing the archive");
        let now = SystemClock.now();
        let bar = bar("exporting");
        let start = Start { operator: operator.public(), host: config.relay.host.to_string(), made: Day::of(now) };
        let out = BufWriter::with_capacity(1 << 20, bar.wrap_write(out));
        let mut writer = Writer::begin(out, passphrase, start).map_err(writing())?;
        let files = belongings(&self.file.config, config).map_err(Failure::system("looking for the server's files"))?;
        for file in &files {
            let bytes = std::fs::read(&file.path).map_err(Failure::system("reading the server's files"))?;
            writer.file(archive::File { name: file.name.clone(), bytes: bytes.into() }).map_err(writing())?;
        }
        let mut records = 0;
        dump(config, Hour::of(now), &mut |record| {
            records += 1;
            writer.record(record)
        })?;
        let mut out = writer.finish(operator).map_err(writing())?;
        out.flush().map_err(writing())?;
        bar.finish_and_clear();
        let file = File::open(unfinished(&self.archive)).map_err(writing())?;
        file.sync_all().map_err(writing())?;
        Ok((files.len() as u64, records, file.metadata().map_err(writing())?.len()))
    }
}

/// Gives all that is in a relay's store; other servers have none.
fn dump(config: &Config, now: Hour, take: crate::store::dump::Taker<'_>) -> Result<(), Failure> {
    if config.role != Role::Relay {
        return Ok(());
    }
    let settings = config.settings();
    match &settings.redis {
        Some(options) => redis::dump(options, now, take).map_err(of_redis),
        None => embedded::dump(&settings.store_options(), now, take).map_err(of_embedded),
    }
}

pub(super) fn of_redis(error: DumpError<redis::OpenError>) -> Failure {
    match error {
        DumpError::Open(error) => Failure::Start(crate::server::StartError::Redis(error)),
        error => of_dump(&error),
    }
}

pub(super) fn of_embedded(error: DumpError<embedded::OpenError>) -> Failure {
    match error {
        DumpError::Open(embedded::OpenError::Locked) => Failure::StillRunning,
        DumpError::Open(error) => {
            Failure::Start(crate::server::StartError::Store(crate::service::OpenError::Store(error)))
        }
        error => of_dump(&error),
    }
}

fn of_dump<E: std::error::Error>(error: &DumpError<E>) -> Failure {
    match error {
        DumpError::NotEmpty => Failure::StoreNotEmpty,
        error => Failure::NotMoved { problem: error.to_string() },
    }
}

/// A server that runs changes what is to be read or erased.
pub(super) fn refuse_running(config: &Config) -> Result<(), Failure> {
    let runtime = Runtime::new().map_err(Failure::system("starting the runtime"))?;
    match runtime.block_on(Running::find(config))? {
        Some(_) => Err(Failure::StillRunning),
        None => Ok(()),
    }
}

/// Where it is written before it is whole.
fn unfinished(archive: &Path) -> PathBuf {
    let mut name = archive.file_name().unwrap_or_default().to_owned();
    name.push(".unfinished");
    archive.with_file_name(name)
}

fn create(path: &Path) -> io::Result<File> {
    // An earlier one that was interrupted may have left it.
    let _left_behind = std::fs::remove_file(path);
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// A line that shows how far it is, where a person looks at it.
pub(super) fn bar(what: &'static str) -> ProgressBar {
    let target = if io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(None, target).with_message(what);
    let style = ProgressStyle::with_template("{spinner} {msg} {bytes} at {bytes_per_sec} {wide_bar} {eta}");
    style.map_or(bar.clone(), |style| bar.with_style(style))
}
