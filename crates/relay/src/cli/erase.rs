//! `sealpost-relay erase`

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use data_encoding::{BASE64, HEXLOWER};
use sealpost_wire::operator::{OperatorSecret, Purpose};
use sealpost_wire::time::Day;
use serde::Serialize;

use super::epoch::calendar::date;
use super::export::{of_embedded, of_redis, refuse_running};
use super::{ConfigFile, Failure, confirm, say, say_json};
use crate::belongings::{belongings, directories};
use crate::clock::{Clock, SystemClock};
use crate::config::{self, Backend, Config, Role};
use crate::keys;
use crate::store::{embedded, redis};

/// Where the receipt is left, beside the configuration.
const RECEIPT: &str = "erased.json";

/// Erase the whole server, with a signed receipt.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealpost-relay erase
  sealpost-relay erase --yes --json --config /srv/relay/sealpost-relay.toml

Erases the store, in files or in Redis, and every key and file of the server; the operator's key
last, with which it signs what it prints and leaves in erased.json. The server must not run; if
it is interrupted, do it again. Files are overwritten first, which file systems that copy on
write, snapshots and disks that move blocks around may undo: so may a backup, an archive and
Redis's own replicas. Nobody can prove a deletion: the receipt is the operator's word. One line
of JSON, the signature in base64, over \"sealpost v1 erasure\\0\" and the statement's text:
  {\"statement\":\"{\\\"erased\\\":…,\\\"operator\\\":…,\\\"role\\\":…,\\\"store\\\":…,\\\"day\\\":…}\",
   \"signature\":…}")]
pub(super) struct Erase {
    #[command(flatten)]
    file: ConfigFile,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// Print the receipt alone.
    #[arg(long)]
    json: bool,
}

/// What the operator states.
#[derive(Serialize)]
struct Erasure {
    /// `host:port` of the server that is no more.
    erased: String,
    operator: String,
    role: Role,
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<Backend>,
    day: String,
}

/// The statement's exact text, signed.
#[derive(Serialize)]
struct Receipt {
    statement: String,
    signature: String,
}

impl Erase {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let config = config::load(&self.file.config)?;
        let operator = keys::read_operator(&config.operator_key)?;
        refuse_running(&config)?;
        confirm(self.yes, &format!("Erase the server {} with all that it keeps, for good?", config.relay.host))?;
        let receipt = Receipt::of(&config, &operator, Day::of(SystemClock.now()))?;
        erase_store(&config)?;
        let left = self.erase_files(&config, &receipt).map_err(Failure::system("erasing the server's files"))?;
        say_json(&receipt);
        if !self.json {
            say(format_args!("\nThe server is erased. The receipt above is in {}", left.display()));
        }
        Ok(())
    }

    fn erase_files(&self, config: &Config, receipt: &Receipt) -> io::Result<PathBuf> {
        let (last, others): (Vec<_>, Vec<_>) = belongings(&self.file.config, config)?
            .into_iter()
            .partition(|file| matches!(file.name.as_str(), "config" | "operator.key"));
        others.iter().try_for_each(|file| keys::erase(&file.path).map(drop))?;
        directories(config).iter().try_for_each(|(_, directory)| remove_directory(directory))?;
        let left = self.file.config.with_file_name(RECEIPT);
        keys::remove(&left)?;
        keys::create_with_mode(&left, &serde_json::to_vec(receipt)?, 0o644)?;
        last.iter().try_for_each(|file| keys::erase(&file.path).map(drop))?;
        Ok(left)
    }
}

impl Receipt {
    fn of(config: &Config, operator: &OperatorSecret, today: Day) -> Result<Self, Failure> {
        let unwritable = |error: serde_json::Error| Failure::System { doing: "writing JSON", source: error.into() };
        let statement = serde_json::to_string(&Erasure {
            erased: config.relay.host.to_string(),
            operator: HEXLOWER.encode(operator.public().as_bytes()),
            role: config.role,
            store: (config.role == Role::Relay).then_some(config.store.backend),
            day: date(today),
        })
        .map_err(unwritable)?;
        let signature = BASE64.encode(&operator.sign(Purpose::Erasure, statement.as_bytes()));
        Ok(Self { statement, signature })
    }
}

fn erase_store(config: &Config) -> Result<(), Failure> {
    if config.role != Role::Relay {
        return Ok(());
    }
    let settings = config.settings();
    match &settings.redis {
        Some(options) => redis::erase(options).map_err(of_redis),
        None => {
            embedded::is_free(&settings.store_options()).map_err(of_embedded)?;
            erase_tree(&config.data).map_err(Failure::system("erasing the store"))
        }
    }
}

/// Overwrites all files below with zeros, and removes them.
fn erase_tree(directory: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        match entry.file_type()? {
            kind if kind.is_dir() => erase_tree(&entry.path())?,
            kind if kind.is_file() => keys::erase(&entry.path()).map(drop)?,
            _ => fs::remove_file(entry.path())?,
        }
    }
    fs::remove_dir(directory)
}

/// Removes a directory that has nothing of the server in it any more, with what is below; what others put there stays.
fn remove_directory(directory: &Path) -> io::Result<()> {
    let below = fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    below.filter(|path| path.is_dir()).try_for_each(|path| remove_directory(&path))?;
    match fs::remove_dir(directory) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::DirectoryNotEmpty) => Ok(()),
        removed => removed,
    }
}
