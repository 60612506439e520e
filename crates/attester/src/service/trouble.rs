//! What keeps the attester from its work, told once when it begins and once when it is over.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::attesting::NotAttested;
use crate::epochs::Unusable;
use crate::gateway::GatewayError;
use crate::hashers::NotHashed;
use crate::log::Event;

/// The troubles that were told.
#[derive(Default)]
pub(super) struct Trouble {
    attesting: Mutex<State>,
    gateway: AtomicBool,
}

/// Whether numbers can be attested.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nobody has looked yet.
    #[default]
    Unknown,
    Fine,
    Out(Event),
}

impl Trouble {
    /// What came of attesting, or of looking whether it is possible.
    pub(super) fn note(&self, failed: Option<NotAttested>) {
        let Some(now) = state(failed) else { return };
        let before = std::mem::replace(&mut *self.lock(), now);
        match now {
            _ if before == now => {}
            State::Out(event) => event.log(),
            State::Fine | State::Unknown => Event::Attesting {}.log(),
        }
    }

    /// What came of sending.
    pub(super) fn note_gateway(&self, failed: Option<&GatewayError>) {
        let before = self.gateway.swap(failed.is_some(), Ordering::Relaxed);
        match failed {
            Some(GatewayError::Refused(status)) if !before => Event::GatewayRefuses { status: *status }.log(),
            Some(GatewayError::File(error)) if !before => {
                Event::GatewayFile { errno: error.raw_os_error().unwrap_or_default() }.log();
            }
            Some(_) if !before => Event::GatewayOut {}.log(),
            None if before => Event::GatewayBack {}.log(),
            Some(_) | None => {}
        }
    }

    /// Whether there is none with attesting, as far as is known.
    pub(super) fn is_none(&self) -> bool {
        *self.lock() == State::Fine
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.attesting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an operator is told; `None` of what is up to clients.
fn state(failed: Option<NotAttested>) -> Option<State> {
    let Some(why) = failed else { return Some(State::Fine) };
    let event = match why {
        NotAttested::NoEpoch | NotAttested::Hash(NotHashed::Busy) => return None,
        NotAttested::Hash(NotHashed::OutOfMemory(_)) => Event::OutOfMemory {},
        NotAttested::KeyService(_) | NotAttested::Unusable(Unusable::KeyService(_)) => Event::KeyServiceOut {},
        NotAttested::Proof => Event::WrongProof {},
        NotAttested::Unusable(Unusable::Directory(_)) => Event::DirectoryOut {},
        NotAttested::Unusable(Unusable::NoEpoch) => Event::NoEpoch {},
        NotAttested::Unusable(Unusable::OtherAttester) => Event::OtherAttester {},
        NotAttested::Unusable(Unusable::Descriptor { epoch, .. }) => Event::BadDescriptor { epoch: epoch.0 },
        NotAttested::Unusable(Unusable::Disagreement { epoch }) => Event::Disagreement { epoch: epoch.0 },
    };
    Some(State::Out(event))
}
