//! Discovery and SMS: each under a consent of its own.

use std::sync::Arc;

use sealpost_identity::PhoneNumber;
use sealpost_identity::consent::{Consent, Discovery, SmsFallback};

use super::Client;
use crate::contact::ContactId;
use crate::discovery::DiscoveryAccess;
use crate::error::{Error, ErrorKind};
use crate::leaving::OptOutReport;
use crate::sms::{Route, SmsAccess};

impl Client {
    /// Records the consent to discovery. Durable when it returns; nothing is sent by this.
    ///
    /// # Errors
    /// Trouble with storage; nothing has changed then.
    pub fn consent_to_discovery(&self, consent: Consent<Discovery>) -> Result<DiscoveryAccess, Error> {
        let _ = consent;
        let _ = DiscoveryAccess::new(Arc::clone(&self.0));
        Err(ErrorKind::Internal.into())
    }

    /// Discovery, if it was consented to.
    ///
    /// # Errors
    /// Trouble with storage.
    pub fn discovery(&self) -> Result<Option<DiscoveryAccess>, Error> {
        Ok(None)
    }

    /// Records the consent to SMS. Durable when it returns.
    ///
    /// # Errors
    /// Trouble with storage; nothing has changed then.
    pub fn consent_to_sms(&self, consent: Consent<SmsFallback>) -> Result<SmsAccess, Error> {
        let _ = consent;
        let _ = SmsAccess::new(Arc::clone(&self.0));
        Err(ErrorKind::Internal.into())
    }

    /// SMS, if it was consented to.
    ///
    /// # Errors
    /// Trouble with storage.
    pub fn sms(&self) -> Result<Option<SmsAccess>, Error> {
        Ok(None)
    }

    /// Which way a message to this number goes. Sends nothing, and looks nobody up.
    ///
    /// Whoever was found by the number stays found: that a directory does not list them any more is no reason to fall back
    /// to SMS, or it could bring that about. [`Client::forget_number`] is how a person decides it.
    ///
    /// # Errors
    /// Trouble with storage.
    pub fn route(&self, number: &PhoneNumber) -> Result<Route, Error> {
        let _ = number;
        Ok(Route::None)
    }

    /// Forgets that somebody was found by this number. The contact stays. Does nothing when nobody was.
    ///
    /// # Errors
    /// Trouble with storage.
    pub fn forget_number(&self, number: &PhoneNumber) -> Result<(), Error> {
        let _ = number;
        Err(ErrorKind::Internal.into())
    }

    /// Takes for the contact's the identity that their number leads to by now, after the person has made sure that it is
    /// theirs: makes a new contact, which gets the name and the number. The old one stays, under a name with a number behind.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when the contact has no other identity, or trouble with storage.
    pub fn accept_new_identity(&self, contact: ContactId) -> Result<ContactId, Error> {
        let _ = contact;
        Err(ErrorKind::Internal.into())
    }

    /// What has come of closing what was withdrawn while opted in: entries, shelves and front doors, with the relay's signed
    /// statements.
    ///
    /// # Errors
    /// Trouble with storage.
    pub fn closings(&self) -> Result<OptOutReport, Error> {
        Ok(OptOutReport::default())
    }
}
