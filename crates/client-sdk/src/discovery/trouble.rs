//! What goes wrong in discovery, before anybody decides what it means for whom.

use crate::error::{Error, ErrorKind};
use crate::net::NetError;
use crate::store::StoreError;
use crate::tickets::TicketTrouble;

/// Why a step was not done.
#[derive(Debug)]
pub(crate) enum Trouble {
    Network(NetError),
    Store(StoreError),
    /// What was said is not to be used.
    Kind(ErrorKind),
}

impl Trouble {
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Self::Network(error) => error.kind(),
            Self::Store(error) => error.kind(),
            Self::Kind(kind) => *kind,
        }
    }
}

impl From<NetError> for Trouble {
    fn from(error: NetError) -> Self {
        Self::Network(error)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<TicketTrouble> for Trouble {
    fn from(trouble: TicketTrouble) -> Self {
        match trouble {
            TicketTrouble::Network(error) => Self::Network(error),
            TicketTrouble::Store(error) => Self::Store(error),
            trouble => Self::Kind(trouble.kind()),
        }
    }
}

impl From<ErrorKind> for Trouble {
    fn from(kind: ErrorKind) -> Self {
        Self::Kind(kind)
    }
}

impl From<Trouble> for Error {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Network(error) => error.into(),
            Trouble::Store(error) => error.into(),
            Trouble::Kind(kind) => kind.into(),
        }
    }
}
