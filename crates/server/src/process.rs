//! What the process may do: no core dumps, which would write keys to the disk, and enough open files. And when to end.

use std::io;

use rustix::fs::Mode;
use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit, umask};

use tokio::signal::unix::{SignalKind, signal};

use crate::log::Event;

/// Files that are open besides connections: a store's, the listeners, the log.
const FILES_BESIDES: u64 = 256;

/// Makes the process one that may hold keys and as many connections; to be called once the log was started.
pub fn prepare(connections: usize) {
    forbid_dumps();
    keep_files_private();
    allow_connections(connections);
}

/// Ready when the process is asked to stop, by SIGTERM or SIGINT. Must be called within a tokio runtime.
///
/// # Errors
/// The system's.
pub fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Keeps memory from being dumped to disk and other processes of the same account from reading it.
///
/// What the system refuses is logged, and the server runs on: the unit file in `deploy/` says the same to systemd.
fn forbid_dumps() {
    let limited = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let undumpable = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    if limited.and(undumpable).is_err() {
        Event::Dumpable {}.log();
    }
}

/// Makes every file that is created from now on its owner's alone, a store's among them.
fn keep_files_private() {
    umask(Mode::RWXG | Mode::RWXO);
}

/// How many files may have to be open with so many connections.
pub(crate) const fn files_for(connections: usize) -> u64 {
    (connections as u64).saturating_add(FILES_BESIDES)
}

/// Raises the limit of open files as far as the system lets it.
fn allow_connections(count: usize) {
    let limits = getrlimit(Resource::Nofile);
    // What cannot be raised shows in the comparison below.
    let _raised = setrlimit(Resource::Nofile, Rlimit { current: limits.maximum, ..limits });
    let allowed = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    if allowed < files_for(count) {
        Event::FewFiles { limit: allowed }.log();
    }
}
