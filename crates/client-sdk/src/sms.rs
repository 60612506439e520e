//! Ordinary SMS, where somebody cannot be written to sealed.
//!
//! The app decides, and the app sends: this crate only says whether it may. No relay can trigger it, see it, or bring it
//! about by hiding somebody who was found before.

use sealpost_identity::PhoneNumber;
use sealpost_identity::consent::SmsFallback;
use sealpost_wire::time::Day;

use crate::client::Client;
use crate::contact::ContactId;
use crate::error::{Error, ErrorKind};
use crate::store::consents;

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
///
/// Once the consent is revoked, each of its calls fails with [`ErrorKind::NoConsent`].
#[derive(Clone)]
pub struct SmsAccess(Client);

impl SmsAccess {
    pub(crate) const fn new(client: Client) -> Self {
        Self(client)
    }

    /// Sends by SMS, through the app's sender, to somebody who cannot be written to sealed. Nothing of it is kept.
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
    /// use sealpost_client::consent::SmsFallback;
    /// use sealpost_client::{Day, PhoneNumber, Route, SmsRefused, SmsSender};
    ///
    /// struct Phone;
    /// impl SmsSender for Phone {
    ///     fn send(&self, to: &PhoneNumber, text: &str) -> Result<(), SmsRefused> {
    ///         Ok(()) // The system's own call.
    ///     }
    /// }
    ///
    /// let number = PhoneNumber::parse("+49 1512 3456789", None)?;
    /// assert_eq!(client.route(&number)?, Route::None);
    /// let sms = client.consent_to_sms(Consent::given(Prompt::<SmsFallback>::standard(), Day(20_000)))?;
    /// assert_eq!(client.route(&number)?, Route::Sms);
    /// sms.send(&number, "come home", &Phone)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::SealedRoute`] when somebody was found by the number: write to the contact. [`ErrorKind::NoConsent`],
    /// [`ErrorKind::SmsRefused`], or trouble with storage.
    pub fn send(&self, to: &PhoneNumber, text: &str, sender: &dyn SmsSender) -> Result<(), Error> {
        match self.0.route(to)? {
            Route::Sms => sender.send(to, text).map_err(|SmsRefused| ErrorKind::SmsRefused.into()),
            Route::Sealed(_) => Err(ErrorKind::SealedRoute.into()),
            Route::None => Err(ErrorKind::NoConsent.into()),
        }
    }

    /// Takes back the consent. Durable when it returns.
    ///
    /// # Errors
    /// [`ErrorKind::NoConsent`] when it was revoked before, or trouble with storage; the consent is still in force then.
    pub fn revoke(self, day: Day) -> Result<(), Error> {
        self.0.change(|tx| {
            let _revoked = consents::require::<SmsFallback>(tx)?.revoke(day);
            consents::erase::<SmsFallback>(tx)
        })
    }
}

impl std::fmt::Debug for SmsAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SmsAccess")
    }
}
