//! What opening looks up, from the transaction that will also hold what it changes.

use std::cell::RefCell;

use rusqlite::Transaction;
use sealpost_crypto::{Keys, PrekeyId, PrivatePrekey, Session, Unavailable, UsedPrekey};
use sealpost_identity::{IdentityKey, PersonId};

use crate::store::{StoreError, contacts, shelves};

/// Looks up in one transaction, and remembers why it could not.
pub(super) struct Lookup<'a> {
    tx: &'a Transaction<'a>,
    failure: RefCell<Option<StoreError>>,
}

impl<'a> Lookup<'a> {
    pub(super) fn new(tx: &'a Transaction<'a>) -> Self {
        Self { tx, failure: RefCell::new(None) }
    }

    /// Why the last look-up was not possible.
    pub(super) fn failure(self) -> StoreError {
        self.failure.into_inner().unwrap_or(StoreError::Database(0))
    }

    fn note<T>(&self, found: Result<T, StoreError>) -> Result<T, Unavailable> {
        found.map_err(|error| {
            self.failure.replace(Some(error));
            Unavailable
        })
    }
}

impl Keys for Lookup<'_> {
    fn session(&self, peer: PersonId) -> Result<Option<Session>, Unavailable> {
        self.note(contacts::session(self.tx, peer))
    }

    fn pinned(&self, peer: PersonId) -> Result<Option<IdentityKey>, Unavailable> {
        self.note(contacts::pinned(self.tx, peer))
    }

    fn prekey(&self, id: PrekeyId) -> Result<Option<PrivatePrekey>, Unavailable> {
        self.note(shelves::prekey(self.tx, id))
    }

    fn was_used(&self, used: &UsedPrekey) -> Result<bool, Unavailable> {
        self.note(shelves::was_used(self.tx, used))
    }
}
