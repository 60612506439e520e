//! Items, from parts that end anywhere in them.

use super::ArchiveError;
use super::ahead::Ahead;

/// The longest item: a key service's list of what was spent.
const LONGEST: usize = 256 * 1024 * 1024;

/// Parts that are being read.
pub(super) struct Parts {
    ahead: Ahead<Result<Vec<u8>, ArchiveError>>,
    part: Vec<u8>,
    /// How much of the part was taken.
    taken: usize,
    /// An item that lies in several.
    together: Vec<u8>,
}

impl Parts {
    pub(super) const fn new(ahead: Ahead<Result<Vec<u8>, ArchiveError>>) -> Self {
        Self { ahead, part: Vec::new(), taken: 0, together: Vec::new() }
    }

    /// The next item; none at the end.
    pub(super) fn item(&mut self) -> Result<Option<&[u8]>, ArchiveError> {
        let Some(length) = self.take(4)? else { return Ok(None) };
        let length = length.try_into().map_or(usize::MAX, |length| u32::from_be_bytes(length) as usize);
        if length > LONGEST {
            return Err(ArchiveError::Malformed);
        }
        self.take(length)?.ok_or(ArchiveError::Malformed).map(Some)
    }

    /// So many bytes; none at the end.
    fn take(&mut self, length: usize) -> Result<Option<&[u8]>, ArchiveError> {
        let begin = self.taken;
        if self.part.len() - begin >= length && length > 0 {
            self.taken += length;
            return Ok(self.part.get(begin..self.taken));
        }
        self.together.clear();
        while self.together.len() < length {
            let there = self.part.get(self.taken..).unwrap_or_default();
            let now = there.get(..length - self.together.len()).unwrap_or(there);
            self.together.extend_from_slice(now);
            self.taken += now.len();
            if self.together.len() < length && !self.advance()? {
                return if self.together.is_empty() { Ok(None) } else { Err(ArchiveError::Malformed) };
            }
        }
        Ok(Some(&self.together))
    }

    fn advance(&mut self) -> Result<bool, ArchiveError> {
        let Some(part) = self.ahead.next() else { return Ok(false) };
        (self.part, self.taken) = (part?, 0);
        Ok(true)
    }
}
