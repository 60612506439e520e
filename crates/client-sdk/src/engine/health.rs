//! How the engine's work with one's own relay stands, as a whole.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::client::Inner;
use crate::event::Connection;
use crate::store::mailboxes::Group;

/// A part of the engine that has a standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Part {
    /// What keeps one's objects on the relay in order.
    Upkeep,
    /// The collector of a group of mailboxes.
    Collector(Group),
}

/// How one part stands; the order is from worse to better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    Offline,
    Online,
    CaughtUp,
}

/// How all parts stand: as well as the worst of them.
pub(super) struct Health {
    inner: Arc<Inner>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    parts: HashMap<Part, Standing>,
    caught_up_since: Option<Instant>,
}

impl Health {
    pub(super) fn new(inner: Arc<Inner>) -> Self {
        Self { inner, state: Mutex::default() }
    }

    pub(super) fn set(&self, part: Part, standing: Standing) {
        self.update(|parts| {
            parts.insert(part, standing);
        });
    }

    pub(super) fn remove(&self, part: Part) {
        self.update(|parts| {
            parts.remove(&part);
        });
    }

    /// For how long everything there was has been collected, without a break.
    pub(super) fn caught_up_for(&self) -> Option<Duration> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).caught_up_since.map(|since| since.elapsed())
    }

    fn update(&self, change: impl FnOnce(&mut HashMap<Part, Standing>)) {
        let connection = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            change(&mut state.parts);
            let connection = overall(&state.parts);
            let caught_up = connection == Connection::CaughtUp;
            state.caught_up_since = caught_up.then(|| state.caught_up_since.unwrap_or_else(Instant::now));
            connection
        };
        self.inner.set_connection(connection);
    }
}

fn overall(parts: &HashMap<Part, Standing>) -> Connection {
    match parts.values().min() {
        None | Some(Standing::Offline) => Connection::Offline,
        Some(Standing::Online) => Connection::Online,
        Some(Standing::CaughtUp) => Connection::CaughtUp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_stands_as_its_worst_part_does() {
        let standing = |parts: &[Standing]| {
            overall(
                &parts
                    .iter()
                    .enumerate()
                    .map(|(n, part)| (Part::Collector(Group::Pairwise(n as i64)), *part))
                    .collect(),
            )
        };
        assert_eq!(standing(&[]), Connection::Offline);
        assert_eq!(standing(&[Standing::CaughtUp, Standing::Offline]), Connection::Offline);
        assert_eq!(standing(&[Standing::CaughtUp, Standing::Online]), Connection::Online);
        assert_eq!(standing(&[Standing::CaughtUp, Standing::CaughtUp]), Connection::CaughtUp);
    }
}
