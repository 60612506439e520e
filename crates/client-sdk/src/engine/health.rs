//! How the engine's work with one's own relay stands, as a whole.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::client::Inner;
use crate::contact::ContactId;
use crate::event::Connection;
use crate::net::NetError;
use crate::store::mailboxes::Group;
use crate::store::relays::RelayId;

/// A part of the engine that has a standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Part {
    /// What keeps one's objects on a relay in order.
    Upkeep(RelayId),
    /// The collector of a group of mailboxes.
    Collector(Group),
    /// What collects them apart.
    Poller,
    /// What sends to a contact, while the way to the proxy is not there.
    Lane(ContactId),
}

/// How one part stands; the order is from worse to better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    NoProxy,
    Offline,
    Online,
    CaughtUp,
}

impl Part {
    /// The relay that it is about; none is one's own.
    const fn relay(self) -> Option<RelayId> {
        match self {
            Self::Upkeep(relay) => Some(relay),
            Self::Collector(group) => Some(group.relay()),
            Self::Poller | Self::Lane(_) => None,
        }
    }
}

impl Standing {
    /// How a part stands that met an error.
    pub(super) const fn after(error: &NetError) -> Self {
        if matches!(error, NetError::Proxy(_)) { Self::NoProxy } else { Self::Offline }
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
    /// Apart: since when each mailbox has been found empty.
    empty_since: Option<Instant>,
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

    /// Apart: when that mailbox was found empty that has not been asked for longest; `None` while one was not.
    pub(super) fn set_empty_since(&self, since: Option<Instant>) {
        self.lock().empty_since = since;
    }

    /// For how much of the time since a moment everything there was has been collected: without a break up to now, or apart, up
    /// to when each mailbox had been found empty.
    pub(super) fn collected_since(&self, moment: Instant) -> Duration {
        let state = self.lock();
        match state.empty_since {
            Some(since) => since.saturating_duration_since(moment),
            None if state.parts.contains_key(&Part::Poller) => Duration::ZERO,
            None => state.caught_up_since.map_or(Duration::ZERO, |since| since.max(moment).elapsed()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn update(&self, change: impl FnOnce(&mut State)) {
        let connection = {
            let mut state = self.lock();
            change(&mut state);
            let connection = overall(&state);
            let caught_up = worst(&state, |part| !matches!(part, Part::Lane(_))) == Some(Standing::CaughtUp);
            state.caught_up_since = caught_up.then(|| state.caught_up_since.unwrap_or_else(Instant::now));
            connection
        };
        self.inner.set_connection(connection);
    }
}

/// How the worst part stands that counts.
fn worst(state: &State, counts: impl Fn(&Part) -> bool) -> Option<Standing> {
    let is_there = |part: &Part| state.home.is_none_or(|home| part.relay().is_none_or(|relay| relay == home));
    state.parts.iter().filter(|(part, _)| is_there(part) && counts(part)).map(|(_, standing)| *standing).min()
}

fn overall(state: &State) -> Connection {
    match worst(state, |_| true) {
        Some(Standing::NoProxy) => Connection::NoProxy,
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
        assert_eq!(standing(&[Standing::Offline, Standing::NoProxy]), Connection::NoProxy);
        assert_eq!(standing(&[Standing::CaughtUp, Standing::CaughtUp]), Connection::CaughtUp);
    }

    #[test]
    fn a_relay_that_was_left_does_not_count() {
        let parts = [(1, Standing::Offline), (2, Standing::CaughtUp)];
        assert_eq!(overall(&state(2, &parts)), Connection::CaughtUp);
        assert_eq!(overall(&state(1, &parts)), Connection::Offline);
    }
}
