//! A script instead of habits: who looks at what and writes when. What the relay sees of it is compared with what a real one
//! sees of real clients that do the same.

use std::time::Duration;

use crate::life::{Setting, enact};
use crate::log::{Seen, Truth};
use crate::world::World;

/// What somebody does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    /// Opens a conversation, and closes the one that was open.
    Look {
        /// Who.
        person: usize,
        /// Which acquaintance.
        tie: usize,
    },
    /// Puts the phone away.
    Away {
        /// Who.
        person: usize,
    },
    /// Finishes a text.
    Say {
        /// Which acquaintance.
        tie: usize,
        /// Which of its ends.
        from: usize,
        /// The class of its size.
        size: u8,
    },
}

/// Some people who know each other and do nothing else.
#[derive(Debug, Clone, Default)]
pub struct Script {
    /// How many.
    pub people: usize,
    /// Who knows whom.
    pub ties: Vec<[usize; 2]>,
    /// What they do, and when.
    pub acts: Vec<(Duration, Act)>,
    /// When the relay stops looking.
    pub end: Duration,
}

impl Script {
    /// What the relay of a system sees, and what is true.
    #[must_use]
    pub fn enact(&self, setting: Setting) -> (Seen, Truth) {
        enact(&World::quiet(self.people, &self.ties, self.end), &self.acts, setting)
    }
}
