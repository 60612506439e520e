//! How a command fails: a report for people, a code for programs.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use miette::Diagnostic;
use sealpost_server::succession::SuccessionError;
use sealpost_server::terminal;
use thiserror::Error;

use crate::archive::ArchiveError;
use crate::config::ConfigError;
use crate::key_service::KeepError;
use crate::key_service::epochs::EpochsError;
use crate::keys::KeyFileError;
use crate::server::{StartError, Stuck};
use crate::store::redis::OpenError;
use crate::tickets::KeysError;
use crate::tls::CertificateError;

/// Why a command failed.
#[derive(Debug, Error, Diagnostic)]
pub enum Failure {
    /// The configuration is wrong.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Config(#[from] ConfigError),
    /// The relay cannot start.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Start(#[from] StartError),
    /// A key cannot be written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Key(#[from] KeyFileError),
    /// A certificate cannot be made.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Certificate(#[from] CertificateError),
    /// `init` found something that it would have to overwrite.
    #[error("{} is there already; nothing was changed", path.display())]
    #[diagnostic(help("move it away, or choose another --dir"))]
    Exists {
        /// What is there.
        path: PathBuf,
    },
    /// `init` cannot tell by which name clients reach the relay.
    #[error("clients cannot reach the server by what it listens on")]
    #[diagnostic(help("say --host NAME:PORT, as in --host relay.example.org:8443"))]
    HostUnknown,
    /// `init` was told of an attester for a relay.
    #[error("a relay takes no vouchers, so --attester does nothing for it")]
    #[diagnostic(help("a key service takes them: --role key-service"))]
    AttesterOfRelay,
    /// The relay ended because its store hangs.
    #[error(transparent)]
    #[diagnostic(help("start it again; nothing that was accepted is lost"))]
    Stuck(#[from] Stuck),
    /// The system refused something.
    #[error("{doing} failed")]
    System {
        /// What was being done.
        doing: &'static str,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// The store was not purged.
    #[error("the store was not purged")]
    #[diagnostic(help("purging needs room on the disk for a second copy of what is kept"))]
    NotPurged,
    /// Another role than a relay's has nothing to purge.
    #[error("only a relay keeps anything that could be purged")]
    #[diagnostic(help("another role erases what it has done with by itself"))]
    NothingToPurge,
    /// The keys of epochs cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Epochs(#[from] EpochsError),
    /// The keys of tickets, or invite codes, cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Tickets(KeysError),
    /// Nobody needs a code at the server that is configured.
    #[error("this server gives no tickets for invite codes")]
    #[diagnostic(help("set `policy = \"invite\"` in [tickets], and start the server again"))]
    NoInvites,
    /// The server that is configured has no epochs.
    #[error("a relay without a directory has no epochs")]
    #[diagnostic(help(
        "a directory has them, and a key service: `[directory] enabled = true`, or `role = \"key-service\"`"
    ))]
    NoEpochs,
    /// There is nothing of the epoch that is to be retired.
    #[error("there is nothing to retire of epoch {epoch}")]
    #[diagnostic(help("`sealpost-relay epoch list` shows what there is"))]
    NoSuchEpoch {
        /// Its number.
        epoch: u32,
    },
    /// The epoch that is to be retired has not closed.
    #[error("epoch {epoch} is in use until {closes}; nothing was changed")]
    #[diagnostic(help(
        "after a leak, say --force: nobody is found by it any more, and there is no second time for it"
    ))]
    LiveEpoch {
        /// Its number.
        epoch: u32,
        /// Its last day.
        closes: String,
    },
    /// The epoch was retired.
    #[error("epoch {epoch} was retired; there is no second time for it")]
    #[diagnostic(help("`sealpost-relay epoch next` opens the one to come ahead of its time"))]
    RetiredEpoch {
        /// Its number.
        epoch: u32,
    },
    /// The epoch cannot be opened now.
    #[error("epoch {epoch} was not opened: {problem}")]
    #[diagnostic(help("ask the operators of the key services for `sealpost-relay epoch next`, then try again"))]
    EpochNotOpened {
        /// Its number.
        epoch: u32,
        /// Why.
        problem: String,
    },
    /// The store takes no requests now.
    #[error("the relay's store is out")]
    #[diagnostic(help("look at the log and at the disk, then try again"))]
    StoreOut,
    /// Nobody agreed to what cannot be undone.
    #[error("nothing was changed")]
    #[diagnostic(help("say --yes if that is what you want"))]
    Unconfirmed,
    /// Something is wrong with the machine or the configuration; it was said what.
    #[error("{problems} of what was looked at must be mended")]
    #[diagnostic(help("each is said above with what mends it"))]
    Unwell {
        /// How many.
        problems: usize,
    },
    /// There is no running server to ask.
    #[error("no server of this configuration runs")]
    #[diagnostic(help("start it with `sealpost-relay serve`, or name its configuration with --config"))]
    NotRunning,
    /// A running server cannot be asked anything.
    #[error("a running server cannot be asked: its configuration says admin = \"off\"")]
    #[diagnostic(help("write an address such as admin = \"127.0.0.1:8444\", and start it again"))]
    NoAdmin,
    /// Something is to be done that a running server would undo.
    #[error("the server runs")]
    #[diagnostic(help("stop it first: what it accepted meanwhile would be lost"))]
    StillRunning,
    /// The TLS key is not the server's own.
    #[error("the certificate is not the server's own: [tls] says mode = \"files\", or \"off\"")]
    #[diagnostic(help("put another certificate and key where `certificate` and `key` say"))]
    NotOwnCertificate,
    /// The operator's key cannot hand over to the next.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Succession(#[from] SuccessionError),
    /// Another server does not answer as the one that was named.
    #[error(transparent)]
    Peer(sealpost_server::peer::PeerError),
    /// A manifest does not hold.
    #[error(transparent)]
    Manifest(sealpost_wire::manifest::ManifestError),
    /// An archive does not hold.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Archive(ArchiveError),
    /// An archive is not the one that was named, or not of a server like this.
    #[error("the archive is another server's; nothing was changed")]
    #[diagnostic(help("--reference is what `init` printed where the server was, and its manifest shows"))]
    ForeignArchive,
    /// The rest of a server is to come upon another first part than it was made after.
    #[error("this is the rest of an archive whose first part was not imported here; nothing was changed")]
    #[diagnostic(help("import the first part to its end, with the same --dir and backend, and then this one"))]
    NoFirst,
    /// What is to come first is not a first part, or another server's.
    #[error("what --after names is not the first part of an archive of this server")]
    #[diagnostic(help("`sealpost-relay export FILE --first` makes one"))]
    NotAFirst,
    /// A running server does not give what it keeps.
    #[error("the running server does not give what it keeps")]
    #[diagnostic(help("run this as the account that the server runs as, with the configuration that it has"))]
    NotShown,
    /// There is no passphrase.
    #[error("there is no passphrase for the archive")]
    #[diagnostic(help("say --passphrase-file FILE, or type one on a terminal"))]
    NoPassphrase,
    /// A store that is to be filled has something in it.
    #[error("the store is not empty; nothing was changed")]
    #[diagnostic(help("import into another --dir, or, with Redis, another `namespace` in [redis]"))]
    StoreNotEmpty,
    /// A store was not carried over.
    #[error("{problem}")]
    #[diagnostic(help("give the same command again; where it was, nothing was changed"))]
    NotMoved {
        /// Why.
        problem: String,
    },
    /// What listens on the admin address did not answer as a relay does.
    #[error("what listens on the admin address is not this relay")]
    #[diagnostic(help(
        "`admin` in the configuration is another program's, or a relay's of another version: restart it"
    ))]
    NotARelay,
}

impl Failure {
    /// A system call that failed.
    pub(super) const fn system(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::System { doing, source }
    }

    /// Writes the report to standard error; the exit code is documented in `--help`.
    pub(super) fn report(&self) -> ExitCode {
        terminal::report(self);
        ExitCode::from(self.code())
    }

    const fn code(&self) -> u8 {
        match self {
            Self::Config(_) => 3,
            Self::NotOwnCertificate
            | Self::HostUnknown
            | Self::AttesterOfRelay
            | Self::NothingToPurge
            | Self::NoEpochs
            | Self::NoInvites => 2,
            Self::NoSuchEpoch { .. } | Self::LiveEpoch { .. } | Self::RetiredEpoch { .. } | Self::Unconfirmed => 2,
            Self::Key(_)
            | Self::Succession(_)
            | Self::Epochs(_)
            | Self::Tickets(_)
            | Self::Start(StartError::Tickets(_) | StartError::Redis(OpenError::Password(_)))
            | Self::Certificate(_)
            | Self::Exists { .. } => 4,
            Self::Start(StartError::Server(error)) => error.exit_code(),
            Self::Start(StartError::OwnGateway) => 3,
            Self::Start(StartError::Epochs(KeepError::Epochs(_))) => 4,
            Self::Start(_) | Self::Stuck(_) | Self::System { .. } | Self::NotPurged | Self::NotARelay => 1,
            Self::EpochNotOpened { .. } | Self::StoreOut | Self::Unwell { .. } | Self::NotRunning | Self::NoAdmin => 1,
            Self::StillRunning | Self::Peer(_) | Self::Manifest(_) | Self::Archive(_) | Self::NotMoved { .. } => 1,
            Self::NotShown => 1,
            Self::StoreNotEmpty | Self::ForeignArchive | Self::NoPassphrase => 4,
            Self::NoFirst | Self::NotAFirst => 4,
        }
    }
}
