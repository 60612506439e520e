//! Sequences: one space for the whole relay, handed out to mailboxes in blocks.
//!
//! ```text
//! 0 … BLOCK … │ used before the last start │ handed out │ reserved │ …      (marks only move to the right)
//! ```
//!
//! Only the right end of what is reserved is stored, before anything left of it is used. So no sequence is given twice,
//! and no mailbox has a count of its own that would outlive its envelopes.

/// Sequences in one block.
const BLOCK: u64 = 1 << 16;
/// Sequences reserved at a time: rarely, since each time costs a sync of its own.
const RESERVATION: u64 = 1 << 32;

/// The mark of a store whose sequences up to `last` are given.
pub(super) const fn beyond(last: u64) -> u64 {
    (last / BLOCK + 1) * BLOCK
}

/// Hands out blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Blocks {
    next: u64,
    reserved: u64,
}

/// The sequences of one mailbox, for now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Block {
    next: u64,
    end: u64,
}

impl Blocks {
    /// Begins behind `stored`, the mark of all that was ever reserved; 0 for a fresh store.
    pub(super) const fn behind(stored: u64) -> Self {
        Self { next: stored, reserved: stored }
    }

    /// The mark that must be durable before the next block is drawn, if the stored one is used up.
    pub(super) fn due(&self) -> Option<u64> {
        (self.next == self.reserved).then(|| self.reserved.saturating_add(RESERVATION))
    }

    /// Takes note that the mark is durable.
    pub(super) const fn reserved(&mut self, mark: u64) {
        self.reserved = mark;
    }

    /// A block that was never given before; `None` while a reservation is due.
    pub(super) fn draw(&mut self) -> Option<Block> {
        let end = self.next.checked_add(BLOCK).filter(|end| *end <= self.reserved)?;
        // Zero stands for "before the first".
        let block = Block { next: self.next.max(1), end };
        self.next = end;
        Some(block)
    }
}

impl Block {
    /// The next sequence; `None` when the block is used up.
    pub(super) fn next(&mut self) -> Option<u64> {
        let next = self.next;
        (next < self.end).then(|| {
            self.next += 1;
            next
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Draws from one block of `blocks`, reserving as a store would; `stored` is what a crash leaves.
    fn draw(blocks: &mut Blocks, stored: &mut u64) -> Block {
        if let Some(mark) = blocks.due() {
            *stored = mark;
            blocks.reserved(mark);
        }
        blocks.draw().unwrap()
    }

    proptest! {
        #[test]
        fn sequences_only_rise_whatever_is_drawn_and_however_often_the_relay_starts(
            uses in prop::collection::vec((any::<bool>(), 0..5_usize), 1..60),
        ) {
            let (mut stored, mut last) = (0, 0);
            let mut blocks = Blocks::behind(stored);
            for (restart, count) in uses {
                if restart {
                    blocks = Blocks::behind(stored);
                }
                let mut block = draw(&mut blocks, &mut stored);
                for sequence in std::iter::from_fn(|| block.next()).take(count) {
                    prop_assert!(sequence > last);
                    last = sequence;
                }
            }
        }
    }

    #[test]
    fn nothing_is_drawn_before_it_is_reserved() {
        let mut blocks = Blocks::behind(0);
        assert_eq!(blocks.draw(), None);
        assert_eq!(blocks.due(), Some(RESERVATION));
        blocks.reserved(RESERVATION);
        assert_eq!(blocks.draw(), Some(Block { next: 1, end: BLOCK }));
    }

    #[test]
    fn a_block_ends() {
        let mut block = Block { next: 3, end: 5 };
        assert_eq!([block.next(), block.next(), block.next()], [Some(3), Some(4), None]);
    }
}
