//! The profile's directory: who may read it, what lies in it, how it is emptied.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::StoreError;

const HEADER: &str = "profile.json";
const DRAFT: &str = "profile.json.draft";
const DATABASE: &str = "profile.db";
const LOCK: &str = "engine.lock";
const OPENING: &str = "opening.lock";
/// All that this crate ever writes into the directory.
const OURS: [&str; 8] =
    [HEADER, DATABASE, "profile.db-wal", "profile.db-shm", "profile.db-journal", LOCK, OPENING, DRAFT];

/// The files of one profile, in a directory of its own that only its owner may enter.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    directory: PathBuf,
}

impl Files {
    /// Makes the directory, or checks that it is ours or empty.
    pub(super) fn prepare(directory: &Path) -> Result<Self, StoreError> {
        create_private_directory(directory).map_err(StoreError::of_file)?;
        let files = Self { directory: directory.to_owned() };
        if !files.header().exists() && files.has_any_file()? {
            return Err(StoreError::Foreign);
        }
        Ok(files)
    }

    /// The header with the salt.
    pub(super) fn header(&self) -> PathBuf {
        self.directory.join(HEADER)
    }

    /// The database.
    pub(super) fn database(&self) -> PathBuf {
        self.directory.join(DATABASE)
    }

    /// The file whose lock the running engine holds.
    pub(crate) fn lock(&self) -> PathBuf {
        self.directory.join(LOCK)
    }

    /// Waits until no other thread or process is making or opening this profile; none does while the answer lives.
    pub(super) fn opening(&self) -> Result<File, StoreError> {
        let file = Self::create_private(&self.directory.join(OPENING)).map_err(StoreError::of_file)?;
        file.lock().map_err(StoreError::of_file)?;
        Ok(file)
    }

    /// Makes an empty file that only its owner may read; leaves one that is there alone.
    pub(crate) fn create_private(path: &Path) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path)
    }

    /// Whether there is no profile here any more.
    pub(crate) fn are_wiped(&self) -> bool {
        !self.header().exists()
    }

    /// Overwrites and removes all of the profile's files.
    ///
    /// What a flash disk or a copying file system keeps of overwritten blocks is encrypted under a key that needs the
    /// header's salt, or the keystore's entry, and both are gone then.
    pub(crate) fn wipe(&self) -> Result<(), StoreError> {
        OURS.iter().try_for_each(|name| wipe_file(&self.directory.join(name))).map_err(StoreError::of_file)?;
        sync_directory(&self.directory).map_err(StoreError::of_file)
    }

    /// Makes the directory's entries durable.
    pub(super) fn sync(&self) -> io::Result<()> {
        sync_directory(&self.directory)
    }

    fn has_any_file(&self) -> Result<bool, StoreError> {
        // A profile that another process is just making is no foreign one.
        let ours = |name: &str| name == OPENING || name == LOCK || name.starts_with(HEADER);
        let foreign =
            |entry: io::Result<fs::DirEntry>| entry.is_ok_and(|entry| !ours(&entry.file_name().to_string_lossy()));
        Ok(fs::read_dir(&self.directory).map_err(StoreError::of_file)?.any(foreign) && !self.header().exists())
    }
}

fn create_private_directory(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)?;
    #[cfg(unix)]
    restrict(directory)?;
    Ok(())
}

/// A directory that was there before and is empty becomes private; one with files in it is left as it is found.
#[cfg(unix)]
fn restrict(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if fs::read_dir(directory)?.next().is_none() || directory.join(HEADER).exists() {
        fs::set_permissions(directory, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

fn wipe_file(path: &Path) -> io::Result<()> {
    let mut file = match OpenOptions::new().write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut left = file.metadata()?.len();
    file.seek(SeekFrom::Start(0))?;
    let zeros = [0; 4_096];
    while left > 0 {
        let part = usize::try_from(left).unwrap_or(usize::MAX).min(zeros.len());
        file.write_all(zeros.get(..part).unwrap_or_default())?;
        left = left.saturating_sub(part as u64);
    }
    file.sync_all()?;
    fs::remove_file(path)
}

fn sync_directory(directory: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(directory)?.sync_all()?;
    Ok(())
}
