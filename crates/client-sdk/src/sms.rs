//! Ordinary SMS, where somebody cannot be written to sealed.
//!
//! The app decides, and the app sends: this crate only says whether it may. No relay can trigger it, see it, or bring it
//! about by hiding somebody who was found before.

use std::sync::Arc;

use sealpost_identity::PhoneNumber;
use sealpost_wire::time::Day;

use crate::client::Inner;
use crate::contact::ContactId;
use crate::error::{Error, ErrorKind};

/// Which way a message to a number goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Route {
    /// Sealed, to this contact, who was found by the number.
    Sealed(ContactId),
    /// By SMS: nobody was found by the number, and SMS was consented to.
    Sms,
    /// Not at all.
    None,
}

/// What sends an SMS: the app's own way to its system.
pub trait SmsSender {
    /// Sends `text` to `to`. SMS is not sealed: everyone on the way can read it.
    ///
    /// # Errors
    /// [`SmsRefused`] when the system does not.
    fn send(&self, to: &PhoneNumber, text: &str) -> Result<(), SmsRefused>;
}

/// The system did not send an SMS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SmsRefused;

/// SMS, for a profile that has consented to it. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct SmsAccess {
    inner: Arc<Inner>,
}

impl SmsAccess {
    pub(crate) const fn new(inner: Arc<Inner>) -> Self {
        Self { inner }
    }

    /// Sends by SMS, through the app's sender, to somebody who cannot be written to sealed.
    ///
    /// # Errors
    /// [`ErrorKind::SealedRoute`] when somebody was found by the number: write to the contact. [`ErrorKind::NoConsent`],
    /// [`ErrorKind::SmsRefused`], or trouble with storage.
    pub fn send(&self, to: &PhoneNumber, text: &str, sender: &dyn SmsSender) -> Result<(), Error> {
        let _ = (&self.inner, to, text, sender);
        Err(ErrorKind::Internal.into())
    }

    /// Takes back the consent. Durable when it returns.
    ///
    /// # Errors
    /// Trouble with storage; the consent is still in force then.
    pub fn revoke(self, day: Day) -> Result<(), Error> {
        let _ = day;
        Err(ErrorKind::Internal.into())
    }
}

impl std::fmt::Debug for SmsAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SmsAccess")
    }
}
