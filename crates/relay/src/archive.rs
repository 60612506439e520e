//! A whole server in one file, to be taken to another machine or backend: sealed with a passphrase, signed by its operator.
//!
//! ```text
//! archive   magic[8] ‖ salt[16] ‖ chunk ‖ chunk ‖ …
//! K         derive_key("sealpost v1 archive", argon2id(passphrase, salt, 64 MiB, 3 passes))
//! chunk     length[4] ‖ AES-256-GCM(K, nonce = last[1] ‖ 0[3] ‖ number[8], part, aad = magic ‖ salt)
//! parts     all together: item ‖ item ‖ …          item = length[4] ‖ CBOR
//! items     start, files, records, end             the end signs BLAKE3 of all before it
//! ```
//!
//! That is the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár, 2015): no chunk can be changed, left out, moved or
//! be the last one but the last. A server that runs goes in two archives: the first has files and what is in mailboxes and on
//! shelves, the second names the first and has the files again and what has changed (`store/dump.rs`). What is in the store
//! stays sealed at rest inside, as it is on the disk; an envelope that was acknowledged or has expired is not in it.

mod ahead;
mod digest;
mod item;
mod parts;
mod read;
mod seal;
mod write;

use std::io;

use thiserror::Error;

pub(crate) use item::{File, Start};
pub(crate) use read::{Contents, Reader, verify, verify_with};
pub(crate) use write::Writer;

const MAGIC: &[u8; 8] = b"SPARCH01";
/// Bytes in a chunk, at most.
const CHUNK: usize = 1024 * 1024;

/// Why a file is not an archive to go by.
#[derive(Debug, Error, miette::Diagnostic)]
pub enum ArchiveError {
    /// It cannot be read or written.
    #[error("the archive cannot be read or written")]
    #[diagnostic(help("nothing was changed; give the same command again when the file can be read"))]
    Io(#[source] io::Error),
    /// It is something else.
    #[error("this is no archive of `sealpost-relay export`, or of a later version")]
    #[diagnostic(help("name the file that `export` wrote, and import it with a version that is at least as new"))]
    Foreign,
    /// It does not open.
    #[error("the passphrase is wrong, or the beginning of the archive was altered")]
    #[diagnostic(help("of --passphrase-file the first line counts; there is no way into an archive without it"))]
    Passphrase,
    /// It was altered behind its beginning.
    #[error("the archive was altered or cut off: chunk {chunk} does not hold; nothing was changed")]
    #[diagnostic(help("copy it again from where it was made, and compare with sha256sum"))]
    Altered {
        /// Which chunk, from 1.
        chunk: u64,
    },
    /// What is in it is not what an archive holds.
    #[error("the archive holds something that no export writes; nothing was changed")]
    #[diagnostic(help("import it with a version that is at least as new as the one that wrote it, or export again"))]
    Malformed,
    /// Its operator has not signed it.
    #[error("the archive is not signed by the operator whose key is in it; nothing was changed")]
    #[diagnostic(help("somebody who knows the passphrase made or changed it: export again where the server is"))]
    Signature,
}

#[cfg(test)]
mod tests;
