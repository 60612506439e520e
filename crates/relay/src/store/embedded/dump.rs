//! Carrying a whole store away, and filling a new one, while no relay has it open.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use sealpost_wire::time::Hour;

use super::directory::Directory;
use super::disk::{Begun, Disk, Fault, Place};
use super::{OpenError, Options, Shared};
use crate::store::dump::{DumpError, Filling, Giver, Part, Record, Taker, Writer};

/// Gives everything that is of use at `now`. The store stays as it is.
///
/// # Errors
/// [`DumpError`]; [`OpenError::Locked`] in it, while a relay has it open.
pub(crate) fn dump(options: &Options, now: Hour, take: Taker<'_>) -> Result<(), DumpError<OpenError>> {
    read(options, take, |disk, give| disk.dump(now, give))
}

/// Gives what is in mailboxes and on shelves alone.
///
/// # Errors
/// As for [`dump`].
pub(crate) fn dump_objects(options: &Options, now: Hour, take: Taker<'_>) -> Result<(), DumpError<OpenError>> {
    read(options, take, |disk, give| disk.dump_objects(now, give))
}

type Give<'a> = &'a mut dyn FnMut(Record) -> Result<(), Fault>;

fn read(
    options: &Options,
    take: Taker<'_>,
    work: impl FnOnce(&Disk, Give<'_>) -> Result<(), Fault>,
) -> Result<(), DumpError<OpenError>> {
    let directory = settle(options)?;
    let disk = Disk::open(&directory.live(), options.cache_bytes).map_err(|fault| DumpError::Open(fault.into()))?;
    let mut failed = None;
    let dumped = work(&disk, &mut |record| {
        take(record).map_err(|error| {
            failed = Some(error);
            Fault::Damaged
        })
    });
    match (dumped, failed) {
        (Ok(()), _) => Ok(()),
        (Err(_), Some(error)) => Err(DumpError::Archive(error)),
        (Err(_), None) => Err(DumpError::Store),
    }
}

/// Makes a store of all that is given, which is none before it is adopted; what was interrupted goes on.
///
/// # Errors
/// [`DumpError`]; [`DumpError::NotEmpty`] where there is one already, or one is being made of something else.
pub(crate) fn fill(options: &Options, filling: &Filling, give: Giver<'_>) -> Result<(), DumpError<OpenError>> {
    let directory = settle(options)?;
    let unusable = |error| DumpError::Open(OpenError::Directory(error));
    let there = |path: PathBuf| path.try_exists().map_err(unusable);
    if there(directory.live())? {
        return Err(DumpError::NotEmpty);
    }
    if !there(directory.filling())? {
        if matches!(filling.part, Part::Rest { .. }) {
            return Err(DumpError::NoFirst);
        }
        // Made elsewhere and moved, since a database that is half made cannot be opened.
        drop(Disk::make(&directory.next(), options.cache_bytes).map_err(|fault| DumpError::Open(fault.into()))?);
        directory.begin_filling().map_err(unusable)?;
    }
    fill_on(&directory, options, filling, give)
}

/// Puts a store that was filled to its end in its place, or finds it there.
///
/// # Errors
/// [`DumpError`].
pub(crate) fn adopt(options: &Options) -> Result<(), DumpError<OpenError>> {
    let directory = settle(options)?;
    if directory.live().exists() {
        return Ok(());
    }
    let disk = Disk::open(&directory.filling(), options.cache_bytes).map_err(|fault| DumpError::Open(fault.into()))?;
    disk.end_filling().map_err(|_| DumpError::Store)?;
    // Journals that stay are read again, and nothing else.
    let _emptied_or_not = disk.close(&directory.filling());
    directory.adopt_filled().map_err(|error| DumpError::Open(OpenError::Directory(error)))
}

fn fill_on(
    directory: &Directory,
    options: &Options,
    filling: &Filling,
    give: Giver<'_>,
) -> Result<(), DumpError<OpenError>> {
    let failed = |_| DumpError::Store;
    let disk = Disk::open(&directory.filling(), options.cache_bytes).map_err(|fault| DumpError::Open(fault.into()))?;
    let (records, mut filler) = match disk.filler(filling).map_err(failed)? {
        Begun::At(records, filler) => (records, filler),
        Begun::Done => return Ok(()),
        Begun::Other if matches!(filling.part, Part::Rest { .. }) => return Err(DumpError::NoFirst),
        Begun::Other => return Err(DumpError::NotEmpty),
    };
    for _ in 0..records {
        give().map_err(DumpError::Archive)?;
    }
    while let Some(record) = give().map_err(DumpError::Archive)? {
        filler.put(record).map_err(failed)?;
    }
    filler.finish().map_err(failed)
}

/// Has a thread give what is in mailboxes and on shelves to whoever reads the pipe in the directory.
///
/// It has the database for a part at a time, so that nobody waits for whoever reads.
///
/// # Errors
/// The system's, when nobody reads or there is no thread.
pub(super) fn show(shared: Arc<Shared>, directory: &Path, now: Hour) -> io::Result<()> {
    let mut writer = Writer::open(directory)?;
    let work = move || -> Option<()> {
        let mut place = Some(Place::FIRST);
        while let Some(here) = place {
            let (records, next) = shared.with(|disk| disk.part(here, now)).ok()?;
            records.iter().try_for_each(|record| writer.write(record)).ok()?;
            place = next;
        }
        writer.finish().ok()
    };
    thread::Builder::new().name("store-shower".into()).spawn(work).map(drop)
}

fn settle(options: &Options) -> Result<Directory, DumpError<OpenError>> {
    Directory::settle(options.directory.clone()).map_err(DumpError::Open)
}

/// Whether there is a store that no relay has open, or none.
///
/// # Errors
/// [`DumpError::Open`], with [`OpenError::Locked`] in it while a relay has it open.
pub(crate) fn is_free(options: &Options) -> Result<(), DumpError<OpenError>> {
    let live = settle(options)?.live();
    if !live.exists() {
        return Ok(());
    }
    // One that cannot be read can be erased.
    match Disk::open(&live, options.cache_bytes).map_err(OpenError::from) {
        Err(OpenError::Locked) => Err(DumpError::Open(OpenError::Locked)),
        _ => Ok(()),
    }
}
