//! How the engine's collecting stands, as a whole.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::client::Inner;
use crate::event::Connection;
use crate::store::mailboxes::Group;

/// How one collector stands; the order is from worse to better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    Offline,
    Online,
    CaughtUp,
}

/// How all collectors stand: as well as the worst of them.
pub(super) struct Health {
    inner: Arc<Inner>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    groups: HashMap<Group, Standing>,
    caught_up_since: Option<Instant>,
}

impl Health {
    pub(super) fn new(inner: Arc<Inner>) -> Self {
        Self { inner, state: Mutex::default() }
    }

    pub(super) fn set(&self, group: Group, standing: Standing) {
        self.update(|groups| {
            groups.insert(group, standing);
        });
    }

    pub(super) fn remove(&self, group: Group) {
        self.update(|groups| {
            groups.remove(&group);
        });
    }

    /// For how long everything there was has been collected, without a break.
    pub(super) fn caught_up_for(&self) -> Option<Duration> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).caught_up_since.map(|since| since.elapsed())
    }

    fn update(&self, change: impl FnOnce(&mut HashMap<Group, Standing>)) {
        let connection = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            change(&mut state.groups);
            let connection = overall(&state.groups);
            let caught_up = connection == Connection::CaughtUp;
            state.caught_up_since = caught_up.then(|| state.caught_up_since.unwrap_or_else(Instant::now));
            connection
        };
        self.inner.set_connection(connection);
    }
}

fn overall(groups: &HashMap<Group, Standing>) -> Connection {
    match groups.values().min() {
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
            overall(&parts.iter().enumerate().map(|(n, part)| (Group::Pairwise(n as i64), *part)).collect())
        };
        assert_eq!(standing(&[]), Connection::Offline);
        assert_eq!(standing(&[Standing::CaughtUp, Standing::Offline]), Connection::Offline);
        assert_eq!(standing(&[Standing::CaughtUp, Standing::Online]), Connection::Online);
        assert_eq!(standing(&[Standing::CaughtUp, Standing::CaughtUp]), Connection::CaughtUp);
    }
}
