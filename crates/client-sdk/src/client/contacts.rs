//! Whom one writes to.

use rusqlite::Transaction;
use sealpost_identity::{CardRef, SafetyNumber};

use super::Client;
use crate::contact::{Contact, ContactId, ContactState, MAX_NAME};
use crate::error::{Error, ErrorKind};
use crate::message::FailureReason;
use crate::store::receipts::{Telling, set_telling};
use crate::store::{StoreError, contacts, mailboxes, outbox, profile};

impl Client {
    /// Adds whoever shows this card, under a name that stays on this device. If they are known already, the contact
    /// gets this card and this name and is accepted.
    ///
    /// Nothing is sent by this: the card is used when there is a message for it.
    ///
    /// ```
    /// # use sealpost_client::{Options, Profile, Unlock};
    /// # use sealpost_identity::consent::{Consent, Prompt};
    /// # let operator = sealpost_wire::operator::OperatorSecret::from_seed(&[1; 32]).public();
    /// # let relay = sealpost_wire::RelayRef { host: "relay.example.org:443".parse()?, operator };
    /// # let opted_in = |directory: &tempfile::TempDir| {
    /// #     let profile = Profile::open(directory.path(), &Unlock::raw_key([7; 32]), Options::default()).unwrap();
    /// #     let Profile::Fresh(device) = profile else { unreachable!() };
    /// #     device.opt_in(Consent::given(Prompt::standard(), sealpost_wire::time::Day(20_000)), relay.clone()).unwrap()
    /// # };
    /// # let (here, there) = (tempfile::tempdir()?, tempfile::tempdir()?);
    /// # let (client, other) = (opted_in(&here), opted_in(&there));
    /// # let link = other.card()?.to_link();
    /// let card = link.parse()?;
    /// let bob = client.add(&card, "Bob")?;
    /// assert_eq!(client.contact(bob)?.name, "Bob");
    /// assert!(!client.contact(bob)?.key_known, "the card carries only the key's hash");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::OwnCard`], [`ErrorKind::BadName`], [`ErrorKind::NameTaken`], or trouble with storage.
    pub fn add(&self, card: &CardRef, name: &str) -> Result<ContactId, Error> {
        check_name(name)?;
        if card.identity == self.identity().hash() {
            return Err(ErrorKind::OwnCard.into());
        }
        self.change(|tx| {
            if let Some(known) = contacts::peer_of_hash(tx, &card.identity)? {
                free_name(tx, name, Some(known.id))?;
                contacts::rename(tx, known.id, name)?;
                contacts::set_card(tx, known.id, card)?;
                contacts::set_state(tx, known.id, ContactState::Accepted)?;
                return Ok(known.id);
            }
            free_name(tx, name, None)?;
            contacts::add(tx, name, ContactState::Accepted, &card.identity, Some(card))
        })
    }

    /// All contacts, by name.
    ///
    /// # Errors
    /// Trouble with storage.
    pub fn contacts(&self) -> Result<Vec<Contact>, Error> {
        self.look(contacts::all)
    }

    /// One contact.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], or trouble with storage.
    pub fn contact(&self, id: ContactId) -> Result<Contact, Error> {
        self.look(|tx| contacts::one_shown(tx, id))
    }

    /// Gives a contact another name.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], [`ErrorKind::BadName`], [`ErrorKind::NameTaken`], or trouble with storage.
    pub fn rename(&self, id: ContactId, name: &str) -> Result<(), Error> {
        check_name(name)?;
        self.change(|tx| {
            free_name(tx, name, Some(id))?;
            contacts::rename(tx, id, name)
        })
    }

    /// Accepts someone who wrote first, or lets someone who was blocked back in.
    ///
    /// From then on they can be written to, and their relay may be contacted. Nothing is sent by this alone.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], or trouble with storage.
    pub fn accept(&self, id: ContactId) -> Result<(), Error> {
        self.change(|tx| contacts::set_state(tx, id, ContactState::Accepted))
    }

    /// Stops hearing from someone: their mailboxes are closed, what they still send through the card is discarded, and
    /// what waits for them is not sent.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], or trouble with storage.
    pub fn block(&self, id: ContactId) -> Result<(), Error> {
        self.change(|tx| {
            contacts::set_state(tx, id, ContactState::Blocked)?;
            set_telling(tx, id, Telling { receipts: false, typing: false })?;
            mailboxes::close_all_of(tx, id)?;
            outbox::give_up(tx, id, FailureReason::Blocked)
        })?;
        Ok(())
    }

    /// The number that both sides compare to know that nobody stands between them.
    ///
    /// # Errors
    /// [`ErrorKind::KeyNotKnownYet`] before anything was exchanged, [`ErrorKind::NotFound`], or trouble with storage.
    pub fn safety_number(&self, id: ContactId) -> Result<SafetyNumber, Error> {
        let peer = self.look(|tx| contacts::peer(tx, id))?;
        let key = peer.identity.ok_or(ErrorKind::KeyNotKnownYet)?;
        Ok(SafetyNumber::of(self.identity(), &key))
    }

    /// Reads from an opted-in profile.
    pub(crate) fn look<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>) -> Result<T, Error> {
        let looked = self.0.store.read(|tx| {
            profile::require_opted_in(tx)?;
            work(tx)
        });
        Ok(looked?)
    }

    /// Runs `work` in a transaction of an opted-in profile, and wakes the engine.
    pub(crate) fn change<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>) -> Result<T, Error> {
        let done = self.0.store.write(|tx| {
            profile::require_opted_in(tx)?;
            work(tx)
        })?;
        self.0.changed.notify_one();
        Ok(done)
    }
}

fn check_name(name: &str) -> Result<(), Error> {
    let bad = name.trim().is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control);
    if bad { Err(ErrorKind::BadName.into()) } else { Ok(()) }
}

fn free_name(tx: &Transaction<'_>, name: &str, except: Option<ContactId>) -> Result<(), StoreError> {
    let taken = contacts::name_is_taken(tx, name, except)?;
    if taken { Err(StoreError::Refused(ErrorKind::NameTaken)) } else { Ok(()) }
}

/// A name that nobody has, as like the wanted one as can be: with a number behind it where it is taken.
pub(crate) fn free_name_like(tx: &Transaction<'_>, wanted: &str) -> Result<String, StoreError> {
    let plain: String = wanted.chars().filter(|character| !character.is_control()).collect();
    let plain = shortened(plain.trim(), MAX_NAME);
    if !plain.is_empty() && !contacts::name_is_taken(tx, plain, None)? {
        return Ok(plain.to_owned());
    }
    let stem = if plain.is_empty() { "contact" } else { shortened(plain, MAX_NAME - LONGEST_SUFFIX) };
    for number in 2..i64::MAX {
        let name = format!("{stem} {number}");
        if !contacts::name_is_taken(tx, &name, None)? {
            return Ok(name);
        }
    }
    Err(StoreError::Row)
}

/// A space and the digits of a 64-bit number.
const LONGEST_SUFFIX: usize = 20;

fn shortened(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or_default().trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_cut_between_characters() {
        assert_eq!(shortened("Zoë", 3), "Zo");
        assert_eq!(shortened("Zoë", 4), "Zoë");
        assert_eq!(shortened("Al Bo", 3), "Al");
    }
}
