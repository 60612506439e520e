//! Carrying a whole store away, and filling a new one, while no relay has it open.

use sealpost_wire::time::Hour;

use super::directory::Directory;
use super::disk::{Disk, Fault};
use super::{OpenError, Options};
use crate::store::dump::{DumpError, Giver, Taker};

/// Gives everything that is of use at `now`. The store stays as it is.
///
/// # Errors
/// [`DumpError`]; [`OpenError::Locked`] in it, while a relay has it open.
pub(crate) fn dump(options: &Options, now: Hour, take: Taker<'_>) -> Result<(), DumpError<OpenError>> {
    let directory = settle(options)?;
    let disk = Disk::open(&directory.live(), options.cache_bytes).map_err(|fault| DumpError::Open(fault.into()))?;
    let mut failed = None;
    let dumped = disk.dump(now, &mut |record| {
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

/// Makes a store of all that is given. Until all of it is there, and durable, there is none.
///
/// # Errors
/// [`DumpError`]; [`DumpError::NotEmpty`] where there is one already.
pub(crate) fn fill(options: &Options, give: Giver<'_>) -> Result<(), DumpError<OpenError>> {
    let directory = settle(options)?;
    let unusable = |error| DumpError::Open(OpenError::Directory(error));
    if directory.live().try_exists().map_err(unusable)? {
        return Err(DumpError::NotEmpty);
    }
    let filled = fill_next(&directory, options, give);
    if filled.is_err() {
        // What is half made is worth nothing; the next one who opens the store clears it away as well.
        let _cleared = directory.clear_next();
    }
    filled?;
    directory.adopt_next().map_err(unusable)
}

fn fill_next(directory: &Directory, options: &Options, give: Giver<'_>) -> Result<(), DumpError<OpenError>> {
    let disk = Disk::make(&directory.next(), options.cache_bytes).map_err(|fault| DumpError::Open(fault.into()))?;
    let mut filler = disk.filler();
    while let Some(record) = give().map_err(DumpError::Archive)? {
        filler.put(record).map_err(|_| DumpError::Store)?;
    }
    filler.finish().map_err(|_| DumpError::Store)
}

fn settle(options: &Options) -> Result<Directory, DumpError<OpenError>> {
    Directory::settle(options.directory.clone()).map_err(|error| DumpError::Open(OpenError::Directory(error)))
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
