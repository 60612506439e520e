//! What contacts are told by themselves: nothing, until it is turned on for each of them.

use rusqlite::Transaction;

use super::Client;
use crate::clock;
use crate::contact::{ContactId, ContactState};
use crate::engine;
use crate::error::{Error, ErrorKind};
use crate::message::Position;
use crate::store::receipts::{Telling, set_telling, telling};
use crate::store::{StoreError, contacts, receipts};

impl Client {
    /// Turns on or off that a contact is told which of their messages have arrived and were read. Off for everybody until then,
    /// and again for who is blocked.
    ///
    /// Receipts are sealed messages like all others. They go along with the next message, or after a random time within
    /// [`Options::receipt_within`](crate::Options::receipt_within); still, whatever is sent back by itself makes it easier for a
    /// relay to see who talks to whom. Tell people so where they turn it on.
    ///
    /// # Errors
    /// [`ErrorKind::NotAccepted`], [`ErrorKind::NotFound`], or trouble with storage.
    pub fn set_receipts(&self, contact: ContactId, on: bool) -> Result<(), Error> {
        self.change(|tx| set(tx, contact, on, |telling| telling.receipts = on))
    }

    /// Turns on or off that a contact is told when something is being written to them: see [`Client::typing`]. Off for
    /// everybody until then, and again for who is blocked. What [`Client::set_receipts`] says of relays holds here too, and more.
    ///
    /// # Errors
    /// [`ErrorKind::NotAccepted`], [`ErrorKind::NotFound`], or trouble with storage.
    pub fn set_typing(&self, contact: ContactId, on: bool) -> Result<(), Error> {
        self.change(|tx| set(tx, contact, on, |telling| telling.typing = on))
    }

    /// Says that something is being written to a contact. Call it with every key stroke: a notice is sent where that is turned
    /// on, at most every ten seconds, and never through a front door or behind something that waits. Whether one was made.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], or trouble with storage.
    pub fn typing(&self, contact: ContactId) -> Result<bool, Error> {
        self.change(|tx| engine::notice(tx, contact, clock::now()))
    }

    /// Says that a person has read all of a contact's messages up to this place. The contact is told where receipts are turned
    /// on.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], or trouble with storage.
    pub fn mark_read(&self, contact: ContactId, up_to: Position) -> Result<(), Error> {
        let within = self.0.options.receipt_within;
        self.change(|tx| {
            if receipts::set_read(tx, contact, up_to)? && telling(tx, contact)?.receipts {
                engine::note_news(tx, contact, clock::now(), within, &mut rand::rng())?;
            }
            Ok(())
        })
    }
}

fn set(
    tx: &Transaction<'_>,
    contact: ContactId,
    on: bool,
    change: impl FnOnce(&mut Telling),
) -> Result<(), StoreError> {
    if on && contacts::peer(tx, contact)?.state != ContactState::Accepted {
        return Err(StoreError::Refused(ErrorKind::NotAccepted));
    }
    let mut now = telling(tx, contact)?;
    change(&mut now);
    set_telling(tx, contact, now)
}
