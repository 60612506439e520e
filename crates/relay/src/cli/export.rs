//! `sealpost-relay export`

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use http::{Method, StatusCode};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sealpost_server::clock::Clock;
use sealpost_server::terminal::tell;
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
use crate::program;
use crate::store::dump::{DumpError, Known, Part, Pipe, Taker};
use crate::store::{embedded, redis};

/// How often it is looked whether the server still runs.
const PAUSE: Duration = Duration::from_millis(100);

/// Put the whole server into one sealed and signed file, or into two.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost-relay export relay.archive
  sealpost-relay export relay.archive --passphrase-file /root/passphrase --json
  sealpost-relay export relay.first --first
  sealpost-relay export relay.rest --after relay.first

Configuration, keys, and all that is in the store, from files or from Redis: for another
machine, another backend or a backup. The server must not run: what it accepted afterwards would
be lost. Clients keep what they send until it, or the one that takes its place, answers.
So that it stops for a short time only, let --first export what is in mailboxes and on shelves
while it runs, take that to the new place and import it there. Then --after exports what has
changed since: it reads the first part, waits until the server is stopped, and goes on. It takes
16 bytes of memory for each envelope and item.
An archive has its name once it is whole, and FILE.unfinished until then: an export that was
interrupted leaves that, which no import takes. Give the command again, and it is begun anew.
An archive is as good as the server: who has it and its passphrase is this server, and sees how
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
    /// The first of two parts; the server may run.
    #[arg(long, conflicts_with = "after")]
    first: bool,
    /// The rest: what has changed since that first part was made.
    #[arg(long, value_name = "FIRST")]
    after: Option<PathBuf>,
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
        if !self.first && self.after.is_none() {
            refuse_running(&config)?;
        }
        let operator = crate::keys::read_operator(&config.operator_key)?;
        let passphrase = passphrase(self.passphrase_file.as_deref(), Use::Protects)?;
        let what = self.what(&config, &operator, &passphrase)?;
        let exported = self.export(&config, &operator, &passphrase, what)?;
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

    /// What is to be exported. For the rest of a server, waits until it does not run.
    fn what(&self, config: &Config, operator: &OperatorSecret, passphrase: &[u8]) -> Result<What, Failure> {
        let Some(first) = &self.after else {
            return Ok(if self.first { What::First } else { What::Whole });
        };
        let input = reading(first, "reading what was exported")?;
        let mut known = Known::default();
        let contents = archive::verify_with(input, passphrase, &mut |record| known.note(record));
        let contents = contents.map_err(Failure::Archive)?;
        if contents.start.part != Part::First || contents.start.operator != operator.public() {
            return Err(Failure::NotAFirst);
        }
        wait_for_stop(config)?;
        Ok(What::Rest { of: contents.mark, known })
    }

    fn export(
        &self,
        config: &Config,
        operator: &OperatorSecret,
        passphrase: &[u8],
        what: What,
    ) -> Result<Exported, Failure> {
        let unfinished = unfinished(&self.archive);
        let writing = || Failure::system("writing the archive");
        if unfinished.exists() {
            tell(format_args!("{} is of an export that was interrupted: it is begun anew", unfinished.display()));
        }
        let out = create(&unfinished).map_err(writing())?;
        let written = self.write(out, config, operator, passphrase, what);
        if written.is_err() {
            let _removed = std::fs::remove_file(&unfinished);
        }
        let (files, records, bytes) = written?;
        std::fs::rename(&unfinished, &self.archive).map_err(writing())?;
        sync_directory_of(&self.archive).map_err(writing())?;
        Ok(Exported { archive: self.archive.clone(), files, records, bytes })
    }

    /// How many files, records and bytes there are.
    fn write(
        &self,
        out: File,
        config: &Config,
        operator: &OperatorSecret,
        passphrase: &[u8],
        what: What,
    ) -> Result<(u64, u64, u64), Failure> {
        let writing = || Failure::system("writing the archive");
        let now = SystemClock.now();
        let bar = bar("exporting");
        let start = Start {
            operator: operator.public(),
            host: config.relay.host.to_string(),
            made: Day::of(now),
            part: what.part(),
        };
        let out = BufWriter::with_capacity(1 << 20, bar.wrap_write(out));
        let mut writer = Writer::begin(out, passphrase, start).map_err(writing())?;
        let files = belongings(&self.file.config, config).map_err(Failure::system("looking for the server's files"))?;
        for file in &files {
            let bytes = std::fs::read(&file.path).map_err(Failure::system("reading the server's files"))?;
            writer.file(archive::File { name: file.name.clone(), bytes: bytes.into() }).map_err(writing())?;
        }
        let mut records = 0;
        let mut take = |record| {
            records += 1;
            writer.record(record)
        };
        if config.role == Role::Relay {
            what.of_store(config, Hour::of(now), &mut take)?;
        }
        let mut out = writer.finish(operator).map_err(writing())?;
        out.flush().map_err(writing())?;
        bar.finish_and_clear();
        let file = File::open(unfinished(&self.archive)).map_err(writing())?;
        file.sync_all().map_err(writing())?;
        Ok((files.len() as u64, records, file.metadata().map_err(writing())?.len()))
    }
}

/// What is exported.
enum What {
    Whole,
    First,
    Rest { of: [u8; 32], known: Known },
}

impl What {
    const fn part(&self) -> Part {
        match self {
            Self::Whole => Part::Whole,
            Self::First => Part::First,
            Self::Rest { of, .. } => Part::Rest { of: *of },
        }
    }

    /// Gives what is in a relay's store of it.
    fn of_store(self, config: &Config, now: Hour, take: Taker<'_>) -> Result<(), Failure> {
        match self {
            Self::Whole => dump(config, now, take),
            Self::First => dump_first(config, now, take),
            Self::Rest { known, .. } => {
                let mut changes = known.changes(take);
                dump(config, now, &mut |record| changes.give(record))?;
                changes.finish().map_err(Failure::system("writing the archive"))
            }
        }
    }
}

fn dump(config: &Config, now: Hour, take: Taker<'_>) -> Result<(), Failure> {
    let settings = config.settings();
    match &settings.redis {
        Some(options) => redis::dump(options, now, take).map_err(of_redis),
        None => embedded::dump(&settings.store_options(), now, take).map_err(of_embedded),
    }
}

/// Of files that a relay has open it gives what is in them itself; Redis is read beside it.
fn dump_first(config: &Config, now: Hour, take: Taker<'_>) -> Result<(), Failure> {
    let settings = config.settings();
    match &settings.redis {
        Some(options) => redis::dump_objects(options, now, take).map_err(of_redis),
        None if shown(config, take)? => Ok(()),
        None => embedded::dump_objects(&settings.store_options(), now, take).map_err(of_embedded),
    }
}

/// Gives what the running relay gives; false if none runs.
fn shown(config: &Config, take: Taker<'_>) -> Result<bool, Failure> {
    let runtime = Runtime::new().map_err(Failure::system("starting the runtime"))?;
    let reading = || Failure::system("reading what the running relay gives");
    let asked = async {
        let Some(running) = Running::find(config).await? else { return Ok(None) };
        let pipe = Pipe::make(&config.data).map_err(reading())?;
        match running.ask(Method::POST, program::EXPORT).await?.0 {
            StatusCode::OK => Ok(Some(pipe)),
            StatusCode::CONFLICT => Err(Failure::NotShown),
            _ => Err(Failure::NotARelay),
        }
    };
    let Some(mut pipe) = runtime.block_on(asked)? else { return Ok(false) };
    while let Some(record) = pipe.read().map_err(reading())? {
        take(record).map_err(Failure::system("writing the archive"))?;
    }
    Ok(true)
}

/// Waits until the server does not run.
fn wait_for_stop(config: &Config) -> Result<(), Failure> {
    let runtime = Runtime::new().map_err(Failure::system("starting the runtime"))?;
    if runtime.block_on(Running::find(config))?.is_some() {
        tell("what was exported is read: stop the server now");
    }
    while runtime.block_on(Running::find(config))?.is_some() {
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

/// An archive that is read, with a line that shows how far it is.
pub(super) fn reading(archive: &Path, what: &'static str) -> Result<impl io::Read + Send + use<>, Failure> {
    let file = File::open(archive).map_err(Failure::system("opening the archive"))?;
    let bar = bar(what);
    bar.set_length(file.metadata().map(|file| file.len()).unwrap_or_default());
    Ok(BufReader::with_capacity(1 << 20, bar.wrap_read(file)))
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
        DumpError::NoFirst => Failure::NoFirst,
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

/// So that the name outlives a crash as well.
fn sync_directory_of(path: &Path) -> io::Result<()> {
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

/// A line that shows how far it is, where a person looks at it.
pub(super) fn bar(what: &'static str) -> ProgressBar {
    let target = if io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(None, target).with_message(what);
    let style = ProgressStyle::with_template("{spinner} {msg} {bytes} at {bytes_per_sec} {wide_bar} {eta}");
    style.map_or(bar.clone(), |style| bar.with_style(style))
}
