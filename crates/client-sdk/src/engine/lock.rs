//! One engine per profile: whoever holds the lock on `engine.lock`.
//!
//! The lock belongs to the open file, so it is released when the process ends in whatever way.

use std::fs::{File, TryLockError};

use crate::store::{Files, StoreError};

/// Held while this engine is the profile's only one.
pub(crate) struct EngineLock(File);

impl EngineLock {
    /// Takes the lock, or says `None` when another engine has it.
    pub(crate) fn try_take(files: &Files) -> Result<Option<Self>, StoreError> {
        let file = Files::create_private(&files.lock()).map_err(StoreError::of_file)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(StoreError::of_file(error)),
        }
    }
}

impl Drop for EngineLock {
    fn drop(&mut self) {
        // Closing the file does the same; this is for descriptors that a child process has inherited.
        let _closing_does_it_too = self.0.unlock();
    }
}

/// Whether some engine runs. Looks by a shared lock, so that two who look do not see each other.
pub(crate) fn is_held(files: &Files) -> Result<bool, StoreError> {
    let file = Files::create_private(&files.lock()).map_err(StoreError::of_file)?;
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(StoreError::of_file(error)),
    }
}
