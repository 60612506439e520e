//! The seal: bytes in, chunks out, and back.

use std::io::{self, Read, Write};

use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use super::{ArchiveError, CHUNK, MAGIC};

const SALT: usize = 16;
const HEAD: usize = MAGIC.len() + SALT;
const TAG: usize = 16;
const CONTEXT: &str = "sealpost v1 archive";
/// The price of trying a passphrase.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;

/// The key of one archive, and what all its chunks are bound to.
struct Seal {
    key: LessSafeKey,
    head: [u8; HEAD],
}

impl Seal {
    fn new(passphrase: &[u8], salt: [u8; SALT]) -> Option<Self> {
        let params = Params::new(MEMORY_KIB, PASSES, 1, Some(32)).ok()?;
        let mut slow = Zeroizing::new([0; 32]);
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2.hash_password_into(passphrase, &salt, &mut *slow).ok()?;
        let key = Zeroizing::new(blake3::derive_key(CONTEXT, &*slow));
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &*key).ok()?);
        let mut head = [0; HEAD];
        let (magic, rest) = head.split_at_mut(MAGIC.len());
        magic.copy_from_slice(MAGIC);
        rest.copy_from_slice(&salt);
        Some(Self { key, head })
    }

    /// Seals a part in place, and puts the tag behind it.
    fn seal(&self, part: &mut Vec<u8>, number: u64, is_last: bool) -> io::Result<()> {
        let sealed = self.key.seal_in_place_append_tag(nonce(number, is_last), Aad::from(self.head), part);
        sealed.map_err(|_| io::Error::other("a chunk cannot be sealed"))
    }

    /// Opens a chunk in place; none if it is not this one.
    fn open(&self, chunk: &mut Vec<u8>, number: u64, is_last: bool) -> Option<()> {
        let length = self.key.open_in_place(nonce(number, is_last), Aad::from(self.head), chunk).ok()?.len();
        chunk.truncate(length);
        Some(())
    }
}

fn nonce(number: u64, is_last: bool) -> Nonce {
    let mut bytes = [0; NONCE_LEN];
    let (left, right) = bytes.split_at_mut(4);
    left.iter_mut().take(1).for_each(|first| *first = u8::from(is_last));
    right.copy_from_slice(&number.to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
}

/// Seals what is written to it.
pub(super) struct Sealer<W> {
    out: W,
    seal: Seal,
    part: Vec<u8>,
    number: u64,
}

impl<W: Write> Sealer<W> {
    /// Begins an archive.
    pub(super) fn begin(mut out: W, passphrase: &[u8]) -> io::Result<Self> {
        let seal = Seal::new(passphrase, rand::random()).ok_or_else(|| io::Error::other("no key can be derived"))?;
        out.write_all(&seal.head)?;
        Ok(Self { out, seal, part: Vec::with_capacity(CHUNK + TAG), number: 0 })
    }

    pub(super) fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while let Some((now, rest)) = bytes.split_at_checked((CHUNK - self.part.len()).min(bytes.len())) {
            self.part.extend_from_slice(now);
            bytes = rest;
            // The last one is sealed as such, so one that is full waits for what follows.
            if bytes.is_empty() {
                break;
            }
            self.chunk(false)?;
        }
        Ok(())
    }

    fn chunk(&mut self, is_last: bool) -> io::Result<()> {
        self.seal.seal(&mut self.part, self.number, is_last)?;
        let length = u32::try_from(self.part.len()).map_err(io::Error::other)?;
        self.out.write_all(&length.to_be_bytes())?;
        self.out.write_all(&self.part)?;
        self.part.clear();
        self.number += 1;
        Ok(())
    }

    /// Ends it.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.chunk(true)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

/// Opens what it reads, part by part.
pub(super) struct Opener<R> {
    input: R,
    seal: Seal,
    number: u64,
    /// The length of the next chunk; none behind the last, or one that does not open.
    next: Option<usize>,
}

impl<R: Read> Opener<R> {
    pub(super) fn begin(mut input: R, passphrase: &[u8]) -> Result<Self, ArchiveError> {
        let mut head = [0; HEAD];
        input.read_exact(&mut head).map_err(cut(ArchiveError::Foreign))?;
        let salt = head.strip_prefix(MAGIC).and_then(|salt| salt.try_into().ok()).ok_or(ArchiveError::Foreign)?;
        let seal = Seal::new(passphrase, salt).ok_or(ArchiveError::Foreign)?;
        let mut opener = Self { input, seal, number: 0, next: None };
        opener.next = opener.length()?;
        if opener.next.is_none() { Err(ArchiveError::Altered { chunk: 1 }) } else { Ok(opener) }
    }

    /// Reads and opens a chunk of that length.
    fn open(&mut self, length: usize) -> Result<Vec<u8>, ArchiveError> {
        let altered = |chunk| ArchiveError::Altered { chunk };
        let mut part = vec![0; length];
        self.input.read_exact(&mut part).map_err(cut(altered(self.number + 1)))?;
        self.next = self.length()?;
        let opened = self.seal.open(&mut part, self.number, self.next.is_none());
        self.number += 1;
        opened.ok_or(if self.number == 1 { ArchiveError::Passphrase } else { altered(self.number) })?;
        Ok(part)
    }

    /// The length of the next chunk; none at the end of the file.
    fn length(&mut self) -> Result<Option<usize>, ArchiveError> {
        let altered = || ArchiveError::Altered { chunk: self.number + 1 };
        let mut length = [0; 4];
        let mut filled = 0;
        while let Some(rest) = length.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.input.read(rest).map_err(ArchiveError::Io)? {
                0 if filled == 0 => return Ok(None),
                0 => return Err(altered()),
                read => filled += read,
            }
        }
        let length = u32::from_be_bytes(length) as usize;
        if (TAG..=CHUNK + TAG).contains(&length) { Ok(Some(length)) } else { Err(altered()) }
    }
}

impl<R: Read> Iterator for Opener<R> {
    type Item = Result<Vec<u8>, ArchiveError>;

    fn next(&mut self) -> Option<Self::Item> {
        let part = self.next.take().map(|length| self.open(length));
        if matches!(part, Some(Err(_))) {
            self.next = None;
        }
        part
    }
}

/// What a file that ends too early is.
fn cut(otherwise: ArchiveError) -> impl FnOnce(io::Error) -> ArchiveError {
    move |error| if error.kind() == io::ErrorKind::UnexpectedEof { otherwise } else { ArchiveError::Io(error) }
}
