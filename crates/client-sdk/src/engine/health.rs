//! How the engine's work with one's own relay stands, as a whole.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::client::Inner;
use crate::event::Connection;
use crate::store::mailboxes::Group;
use crate::store::relays::RelayId;

/// A part of the engine that has a standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Part {
    /// What keeps one's objects on a relay in order.
    Upkeep(RelayId),
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

impl Part {
    const fn relay(self) -> RelayId {
        match self {
            Self::Upkeep(relay) => relay,
            Self::Collector(group) => group.relay(),
        }
    }
}

/// How all parts stand: as well as the worst of them. A relay that is being moved away from does not count: it may be away for
/// ever.
pub(super) struct Health {
    inner: Arc<Inner>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    parts: HashMap<Part, Standing>,
    home: Option<RelayId>,
    caught_up_since: Option<Instant>,
}

impl Health {
    pub(super) fn new(inner: Arc<Inner>) -> Self {
        Self { inner, state: Mutex::default() }
    }

    pub(super) fn set(&self, part: Part, standing: Standing) {
        self.update(|state| {
            state.parts.insert(part, standing);
        });
    }

    pub(super) fn remove(&self, part: Part) {
        self.update(|state| {
            state.parts.remove(&part);
        });
    }

    /// Where one's new objects are made.
    pub(super) fn set_home(&self, home: RelayId) {
        self.update(|state| state.home = Some(home));
    }

    /// For how long everything there was has been collected, without a break.
    pub(super) fn caught_up_for(&self) -> Option<Duration> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).caught_up_since.map(|since| since.elapsed())
    }

    fn update(&self, change: impl FnOnce(&mut State)) {
        let connection = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            change(&mut state);
            let connection = overall(&state);
            let caught_up = connection == Connection::CaughtUp;
            state.caught_up_since = caught_up.then(|| state.caught_up_since.unwrap_or_else(Instant::now));
            connection
        };
        self.inner.set_connection(connection);
    }
}

fn overall(state: &State) -> Connection {
    let counts = |part: &Part| state.home.is_none_or(|home| part.relay() == home);
    match state.parts.iter().filter(|(part, _)| counts(part)).map(|(_, standing)| standing).min() {
        None | Some(Standing::Offline) => Connection::Offline,
        Some(Standing::Online) => Connection::Online,
        Some(Standing::CaughtUp) => Connection::CaughtUp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(home: i64, parts: &[(i64, Standing)]) -> State {
        let part = |(n, (relay, standing)): (usize, &(i64, Standing))| {
            (Part::Collector(Group::Pairwise(RelayId(*relay), n as i64)), *standing)
        };
        State { parts: parts.iter().enumerate().map(part).collect(), home: Some(RelayId(home)), ..State::default() }
    }

    #[test]
    fn the_whole_stands_as_its_worst_part_does() {
        let standing =
            |parts: &[Standing]| overall(&state(1, &parts.iter().map(|standing| (1, *standing)).collect::<Vec<_>>()));
        assert_eq!(standing(&[]), Connection::Offline);
        assert_eq!(standing(&[Standing::CaughtUp, Standing::Offline]), Connection::Offline);
        assert_eq!(standing(&[Standing::CaughtUp, Standing::Online]), Connection::Online);
        assert_eq!(standing(&[Standing::CaughtUp, Standing::CaughtUp]), Connection::CaughtUp);
    }

    #[test]
    fn a_relay_that_was_left_does_not_count() {
        let parts = [(1, Standing::Offline), (2, Standing::CaughtUp)];
        assert_eq!(overall(&state(2, &parts)), Connection::CaughtUp);
        assert_eq!(overall(&state(1, &parts)), Connection::Offline);
    }
}
