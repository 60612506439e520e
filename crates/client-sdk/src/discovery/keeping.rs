//! What a number led to becomes a contact.

use rusqlite::Transaction;
use sealpost_blind::directory::Record;
use sealpost_identity::{CardRef, IdentityHash};
use sealpost_wire::time::Day;

use crate::client::contacts::free_name_like;
use crate::contact::{ContactId, ContactState};
use crate::store::contacts::Peer;
use crate::store::numbers::NumberHash;
use crate::store::{StoreError, contacts, found};

/// What came of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// Its owner is this contact.
    Found {
        contact: ContactId,
        /// They were not found by the number before.
        is_new: bool,
    },
    /// It leads to somebody else than this contact, who was found by the number before.
    Changed {
        contact: ContactId,
        /// It did not when that was last looked for.
        is_news: bool,
    },
    /// It is one's own.
    Own,
    /// It names no card, or one that is out of date.
    Bad,
}

/// Whose record it is, and who keeps it.
pub(super) struct Keeper<'a> {
    pub(super) own: &'a IdentityHash,
    pub(super) today: Day,
}

impl Keeper<'_> {
    /// Makes a contact of what was found by a number, under this name. Somebody who was found by the number before is not
    /// replaced.
    pub(super) fn keep(
        &self,
        tx: &Transaction<'_>,
        number: NumberHash,
        name: &str,
        record: &Record,
    ) -> Result<Kept, StoreError> {
        let Ok(card) = CardRef::from_record(&record.card) else { return Ok(Kept::Bad) };
        if record.last_day < self.today {
            return Ok(Kept::Bad);
        }
        if card.identity == *self.own {
            return Ok(Kept::Own);
        }
        let Some(before) = found::by_number(tx, number)? else {
            let contact = contact(tx, &card, name)?;
            found::add(tx, number, contact, self.today)?;
            return Ok(Kept::Found { contact, is_new: true });
        };
        if contacts::peer(tx, before.contact)?.hash == card.identity {
            contacts::set_found_card(tx, before.contact, &card)?;
            found::set_other(tx, number, None)?;
            return Ok(Kept::Found { contact: before.contact, is_new: false });
        }
        let is_news = before.other.is_none_or(|other| other.identity != card.identity);
        found::set_other(tx, number, Some(&card))?;
        Ok(Kept::Changed { contact: before.contact, is_news })
    }
}

/// The contact whose card it is. One who is known already keeps a name that the person gave, and stays blocked if they are.
fn contact(tx: &Transaction<'_>, card: &CardRef, name: &str) -> Result<ContactId, StoreError> {
    let id = match contacts::peer_of_hash(tx, &card.identity)? {
        None => contacts::add(tx, &free_name_like(tx, name)?, ContactState::Accepted, &card.identity, None)?,
        Some(Peer { id, state: ContactState::Unaccepted, .. }) => {
            contacts::rename(tx, id, &free_name_like(tx, name)?)?;
            contacts::set_state(tx, id, ContactState::Accepted)?;
            id
        }
        Some(known) => known.id,
    };
    contacts::set_found_card(tx, id, card)?;
    Ok(id)
}
