//! Discovery and SMS: each under a consent of its own.

use std::sync::Arc;

use rusqlite::Transaction;
use sealpost_identity::PhoneNumber;
use sealpost_identity::consent::{Consent, Discovery, SmsFallback};

use super::Client;
use super::contacts::free_name_like;
use crate::contact::{ContactId, ContactState};
use crate::discovery::DiscoveryAccess;
use crate::error::{Error, ErrorKind};
use crate::leaving::OptOutReport;
use crate::sms::{Route, SmsAccess};
use crate::store::found::FoundRow;
use crate::store::{StoreError, closings, consents, contacts, found, numbers};

impl Client {
    /// Records the consent to discovery. Durable when it returns; nothing is sent by this.
    ///
    /// ```
    /// # use sealpost_client::{Options, Profile, Unlock};
    /// # use sealpost_identity::consent::{Consent, Prompt};
    /// # let operator = sealpost_wire::operator::OperatorSecret::from_seed(&[1; 32]).public();
    /// # let relay = sealpost_wire::RelayRef { host: "relay.example.org:443".parse()?, operator };
    /// # let directory = tempfile::tempdir()?;
    /// # let profile = Profile::open(directory.path(), &Unlock::raw_key([7; 32]), Options::default())?;
    /// # let Profile::Fresh(device) = profile else { unreachable!() };
    /// # let client = device.opt_in(Consent::given(Prompt::standard(), sealpost_wire::time::Day(20_000)), relay)?;
    /// use sealpost_client::Day;
    /// use sealpost_client::consent::Discovery;
    ///
    /// assert!(client.discovery()?.is_none());
    /// let prompt = Prompt::<Discovery>::standard();
    /// // Show `prompt.text()`; when the person agrees:
    /// let discovery = client.consent_to_discovery(Consent::given(prompt, Day(20_000)))?;
    /// assert!(discovery.found()?.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Trouble with storage; nothing has changed then.
    pub fn consent_to_discovery(&self, consent: Consent<Discovery>) -> Result<DiscoveryAccess, Error> {
        self.change(|tx| {
            numbers::ensure_key(tx, &mut rand::rng())?;
            consents::give(tx, &consent)
        })?;
        self.discovery()?.ok_or_else(|| ErrorKind::NoConsent.into())
    }

    /// Discovery, if it was consented to.
    ///
    /// # Errors
    /// Trouble with storage.
    pub fn discovery(&self) -> Result<Option<DiscoveryAccess>, Error> {
        let consented = self.look(|tx| match consents::discovery(tx) {
            Ok(on_record) => Ok(Some(on_record)),
            Err(StoreError::Refused(ErrorKind::NoConsent)) => Ok(None),
            Err(error) => Err(error),
        })?;
        consented.map(|on_record| DiscoveryAccess::new(Arc::clone(&self.0), &on_record)).transpose()
    }

    /// Records the consent to SMS. Durable when it returns.
    ///
    /// # Errors
    /// Trouble with storage; nothing has changed then.
    pub fn consent_to_sms(&self, consent: Consent<SmsFallback>) -> Result<SmsAccess, Error> {
        self.change(|tx| consents::give(tx, &consent))?;
        Ok(SmsAccess::new(self.clone()))
    }

    /// SMS, if it was consented to.
    ///
    /// # Errors
    /// Trouble with storage.
    pub fn sms(&self) -> Result<Option<SmsAccess>, Error> {
        let consented = self.look(consents::on_record::<SmsFallback>)?;
        Ok(consented.map(|_| SmsAccess::new(self.clone())))
    }

    /// Which way a message to this number goes. Sends nothing, and looks nobody up.
    ///
    /// Whoever was found by the number stays found: that a directory does not list them any more is no reason to fall back
    /// to SMS, or it could bring that about. [`Client::forget_number`] is how a person decides it.
    ///
    /// # Errors
    /// Trouble with storage.
    pub fn route(&self, number: &PhoneNumber) -> Result<Route, Error> {
        self.look(|tx| {
            if let Some(found) = found_by(tx, number)? {
                return Ok(Route::Sealed(found.contact));
            }
            let sms = consents::on_record::<SmsFallback>(tx)?.is_some();
            Ok(if sms { Route::Sms } else { Route::None })
        })
    }

    /// Forgets that somebody was found by this number. The contact stays. Does nothing when nobody was.
    ///
    /// # Errors
    /// Trouble with storage.
    pub fn forget_number(&self, number: &PhoneNumber) -> Result<(), Error> {
        self.change(|tx| match found_by(tx, number)? {
            Some(row) => found::forget(tx, row.number),
            None => Ok(()),
        })
    }

    /// Takes for the contact's the identity that their number leads to by now, after the person has made sure that it is
    /// theirs: makes a new contact, which gets the name and the number. The old one stays, under its name with a number
    /// behind.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when the contact's number leads to no other identity, or trouble with storage.
    pub fn accept_new_identity(&self, contact: ContactId) -> Result<ContactId, Error> {
        self.change(|tx| {
            let changed = found::all(tx)?.into_iter().filter(|row| row.contact == contact);
            let (row, card) =
                changed.filter_map(|row| row.other.clone().map(|card| (row, card))).next().ok_or(StoreError::NoRow)?;
            let name = contacts::one_shown(tx, contact)?.name;
            contacts::rename(tx, contact, &free_name_like(tx, &name)?)?;
            let next = match contacts::peer_of_hash(tx, &card.identity)? {
                Some(known) => known.id,
                None => contacts::add(tx, &name, ContactState::Accepted, &card.identity, None)?,
            };
            contacts::rename(tx, next, &name)?;
            contacts::set_state(tx, next, ContactState::Accepted)?;
            contacts::set_found_card(tx, next, &card)?;
            found::add(tx, row.number, next, row.since)?;
            Ok(next)
        })
    }

    /// What has come of closing what was withdrawn while opted in: entries, shelves and front doors, with the relay's signed
    /// statements.
    ///
    /// # Errors
    /// Trouble with storage.
    pub fn closings(&self) -> Result<OptOutReport, Error> {
        let mut closings = self.look(closings::all)?;
        closings.retain(|closing| closing.left_by.is_none());
        Ok(OptOutReport::of(closings))
    }
}

fn found_by(tx: &Transaction<'_>, number: &PhoneNumber) -> Result<Option<FoundRow>, StoreError> {
    match numbers::key(tx)? {
        Some(key) => found::by_number(tx, key.hash(number)),
        None => Ok(None),
    }
}
